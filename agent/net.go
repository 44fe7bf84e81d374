package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"
	"unsafe"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
	"golang.org/x/sys/unix"
)

// carrierTime is how long a cable is waited for; links of fibre take some seconds.
const carrierTime = 10 * time.Second

// connect brings all cards up and gets an address on the one that the machine has booted
// from, else on the first that a DHCP server answers on. It returns that address.
func (a *agent) connect(ctx context.Context) (netip.Addr, error) {
	names := a.cards()
	if len(names) == 0 {
		return netip.Addr{}, errors.New("the machine has no network card that its kernel has a driver for")
	}
	if err := setFlags("lo", unix.IFF_UP); err != nil {
		return netip.Addr{}, err
	}
	for _, name := range names {
		a.note(setFlags(name, unix.IFF_UP))
	}
	failures := []error{}
	for _, name := range names {
		if !a.carrier(ctx, name) {
			failures = append(failures, fmt.Errorf("%s has no carrier", name))
			continue
		}
		addr, err := a.lease(ctx, name)
		if err == nil {
			a.say("%s has address %s", name, addr)
			return addr, nil
		}
		failures = append(failures, fmt.Errorf("DHCP on %s: %w", name, err))
	}
	return netip.Addr{}, errors.Join(failures...)
}

// cards names the network cards, that which the machine has booted from first.
func (a *agent) cards() (names []string) {
	for _, i := range a.machine.Interfaces() {
		if i.MAC == a.BootedBy {
			names = slices.Insert(names, 0, i.Name)
		} else {
			names = append(names, i.Name)
		}
	}
	return names
}

func (a *agent) carrier(ctx context.Context, name string) bool {
	end := time.Now().Add(carrierTime)
	for ctx.Err() == nil && time.Now().Before(end) {
		if b, _ := os.ReadFile("/sys/class/net/" + name + "/carrier"); strings.TrimSpace(string(b)) == "1" {
			return true
		}
		time.Sleep(50 * time.Millisecond)
	}
	return false
}

// lease gets an address by DHCP, and sets it with its route. The lease is renewed at half of
// its time.
func (a *agent) lease(ctx context.Context, name string) (netip.Addr, error) {
	client, err := nclient4.New(name, nclient4.WithTimeout(3*time.Second), nclient4.WithRetry(4))
	if err != nil {
		return netip.Addr{}, err
	}
	defer client.Close() //nolint:errcheck // the lease is what counts
	l, err := client.Request(ctx)
	if err != nil {
		return netip.Addr{}, err
	}
	if err := configure(name, l.ACK); err != nil {
		return netip.Addr{}, err
	}
	addr, _ := netip.AddrFromSlice(l.ACK.YourIPAddr.To4())
	go a.renew(ctx, name, l)
	return addr, nil
}

// renew keeps the lease as long as the system runs.
func (a *agent) renew(ctx context.Context, name string, l *nclient4.Lease) {
	for {
		half := max(l.ACK.IPAddressLeaseTime(time.Hour)/2, 10*time.Second)
		select {
		case <-time.After(half):
		case <-ctx.Done():
			return
		}
		client, err := nclient4.New(name, nclient4.WithTimeout(3*time.Second), nclient4.WithRetry(4))
		if err == nil {
			var renewed *nclient4.Lease
			if renewed, err = client.Renew(ctx, l); err == nil {
				l = renewed
			}
			client.Close() //nolint:errcheck // made anew
		}
		if err != nil {
			a.say("renew the address of %s: %v", name, err)
		}
	}
}

// configure sets an interface's address, mask and default route.
func configure(name string, ack *dhcpv4.DHCPv4) error {
	mask := ack.SubnetMask()
	if mask == nil {
		mask = ack.YourIPAddr.DefaultMask()
	}
	for _, set := range []struct {
		request uint
		value   net.IP
	}{{unix.SIOCSIFADDR, ack.YourIPAddr}, {unix.SIOCSIFNETMASK, net.IP(mask)}} {
		err := ifreq(name, func(fd int, r *unix.Ifreq) error {
			if err := r.SetInet4Addr(set.value.To4()); err != nil {
				return err
			}
			return unix.IoctlIfreq(fd, set.request, r)
		})
		if err != nil {
			return fmt.Errorf("set the address of %s: %w", name, err)
		}
	}
	if routers := ack.Router(); len(routers) > 0 {
		if err := defaultRoute(routers[0]); err != nil && !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("route by %s: %w", routers[0], err)
		}
	}
	return nil
}

func setFlags(name string, flags uint16) error {
	return ifreq(name, func(fd int, r *unix.Ifreq) error {
		if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, r); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		r.SetUint16(r.Uint16() | flags)
		return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, r)
	})
}

func ifreq(name string, do func(fd int, r *unix.Ifreq) error) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd) //nolint:errcheck // nothing was written
	r, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	return do(fd, r)
}

// rtentry is the kernel's struct rtentry on 64-bit machines (linux/route.h).
type rtentry struct {
	_                     uint64
	dst, gateway, genmask unix.RawSockaddrInet4
	flags                 uint16
	_                     [6 + 8 + 8 + 8 + 8 + 8 + 8]byte
}

// defaultRoute sets the way to everywhere else.
func defaultRoute(router net.IP) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd) //nolint:errcheck // nothing was written
	r := rtentry{flags: unix.RTF_UP | unix.RTF_GATEWAY}
	r.dst.Family, r.gateway.Family, r.genmask.Family = unix.AF_INET, unix.AF_INET, unix.AF_INET
	copy(r.gateway.Addr[:], router.To4())
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCADDRT, uintptr(unsafe.Pointer(&r))); errno != 0 {
		return errno
	}
	return nil
}
