package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"ironhook/e2e/lab"
)

// machine is a simulated machine: a network device and what firmware, iPXE and the
// operating system do with it, one after the other.
type machine struct {
	name    string
	mac     string
	device  string
	segment *lab.Segment

	address netip.Addr
	steps   [len(stepNames)]time.Duration // since power-on, when each was done
	done    [len(stepNames)]atomic.Bool   // the same, for the observer
	login   time.Duration                 // from connect to logged in
	err     error
}

// step is a part of a boot.
type step int

const (
	stepAddress step = iota // the firmware has an address and a boot file
	stepLoader              // iPXE is loaded
	stepScript              // iPXE has its script
	stepLogin               // the volume is attached
	stepRead                // the shared part is read
	stepWritten             // the machine's own part is written and flushed
	stepUsed                // the work after the boot is done
)

var stepNames = [...]string{"address", "loader", "script", "log-in", "read", "written", "used"}

func newMachine(i int, s *lab.Segment) *machine {
	return &machine{
		name: fmt.Sprintf("pc-%04d", i+1), device: fmt.Sprintf("pc%d", i), segment: s,
		mac: fmt.Sprintf("52:54:00:a0:%02x:%02x", i>>8, i&255),
	}
}

// boot goes the whole way; the error says which step failed.
func (m *machine) boot(ctx context.Context, s Storm) {
	begun := time.Now()
	b := &booting{machine: m, storm: s}
	for i, do := range [...]func(context.Context) error{b.firmware, b.loader, b.script, b.attach, b.read, b.write, b.use} {
		if err := do(ctx); err != nil {
			m.err = fmt.Errorf("%s: %s after %v: %w", m.name, stepNames[i], time.Since(begun).Round(time.Millisecond), err)
			break
		}
		m.steps[i] = time.Since(begun)
		m.done[i].Store(true)
	}
	if b.session != nil {
		b.session.Close()
	}
}

// dial connects from the machine's device.
func (m *machine) dial(ctx context.Context, network, address string) (conn net.Conn, err error) {
	d := net.Dialer{Control: m.bind, Timeout: 30 * time.Second}
	if network == "tcp" {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(m.address, 0))
	}
	err = m.segment.Do(func() error {
		conn, err = d.DialContext(ctx, network, address)
		return err
	})
	return conn, err
}

// listen opens a UDP socket at the machine's device.
func (m *machine) listen(ctx context.Context) (conn net.PacketConn, err error) {
	err = m.segment.Do(func() error {
		conn, err = (&net.ListenConfig{Control: m.bind}).ListenPacket(ctx, "udp4", netip.AddrPortFrom(m.address, 0).String())
		return err
	})
	return conn, err
}

func (m *machine) bind(_, _ string, c syscall.RawConn) (err error) {
	if e := c.Control(func(fd uintptr) { err = unix.BindToDevice(int(fd), m.device) }); e != nil {
		return e
	}
	return err
}

// configure gives the device its address, and with that a route to the network: 10.0.0.0/8,
// because to change the mask would remove the device's neighbour entries.
func (m *machine) configure() error {
	return m.segment.Do(func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		ifreq, err := unix.NewIfreq(m.device)
		if err != nil {
			return err
		}
		if err := ifreq.SetInet4Addr(m.address.AsSlice()); err != nil {
			return err
		}
		if err := unix.IoctlIfreq(fd, unix.SIOCSIFADDR, ifreq); err != nil {
			return fmt.Errorf("configure %s: %w", m.device, err)
		}
		return nil
	})
}
