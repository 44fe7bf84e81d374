package bootsrv

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"golang.org/x/sys/unix"

	"ironhook/baremetal"
	"ironhook/bootsrv/dhcp"
	"ironhook/bootsrv/http"
	"ironhook/bootsrv/journal"
	"ironhook/bootsrv/ndp"
	"ironhook/bootsrv/tftp"
	"ironhook/ipxe"
	"ironhook/store"
)

// Servers are the boot servers of one appliance, their sockets open.
type Servers struct {
	store   *store.Store
	links   []link // the boot interfaces
	closers []func() error
	tasks   []func(context.Context) error
	listens []string // for a person
}

// link is one boot interface.
type link struct {
	iface  *net.Interface
	prefix netip.Prefix // our address there
	server *dhcp.Server // nil when DHCP is off
}

// opening is what is known while the sockets are being opened.
type opening struct {
	*Servers
	config   Config
	files    map[string][]byte
	journal  *journal.Journal
	httpPort uint16
	tftp     bool
}

// Open opens every socket that c asks for; on an error none is left open. Errors
// are for the operator: they name the option and the remedy. In mode auto with a
// range it looks for another DHCP server first, for three seconds at most.
func Open(ctx context.Context, c Config) (_ *Servers, err error) {
	o := &opening{Servers: &Servers{store: c.Store}, config: c, journal: journal.New(c.Store, c.Log)}
	defer func() {
		if err != nil {
			err = errors.Join(err, o.Close())
		}
	}()
	for _, step := range []func(context.Context) error{
		o.findLinks, o.readFiles, o.openHTTP, o.openTFTP, o.openDHCP, o.openRA,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return o.Servers, nil
}

// findLinks finds the boot interfaces and our address on each.
func (o *opening) findLinks(context.Context) error {
	for _, name := range o.config.Interfaces {
		iface, err := net.InterfaceByName(name)
		if err != nil {
			return fmt.Errorf("--boot-interface %s: this machine has no such interface (it has %s)", name, interfaces())
		}
		prefix, err := ipv4(iface)
		if err != nil {
			return fmt.Errorf("--boot-interface %s: %w", name, err)
		}
		o.links = append(o.links, link{iface: iface, prefix: prefix})
	}
	return nil
}

// ipv4 is the first IPv4 address of an interface that machines can reach.
func ipv4(iface *net.Interface) (netip.Prefix, error) {
	addrs, err := iface.Addrs()
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("read its addresses: %w", err)
	}
	for _, a := range addrs {
		prefix, err := netip.ParsePrefix(a.String())
		if err == nil && prefix.Addr().Is4() {
			return prefix, nil
		}
	}
	return netip.Prefix{}, fmt.Errorf("it has no IPv4 address, and machines could not reach it: give it one, such as with ip address add 192.168.77.1/24 dev %s", iface.Name)
}

func interfaces() string {
	all, err := net.Interfaces()
	if err != nil || len(all) == 0 {
		return "none that can be listed"
	}
	names := make([]string, len(all))
	for i, iface := range all {
		names[i] = iface.Name
	}
	return strings.Join(names, ", ")
}

// required are the binaries without which a boot interface is of no use.
var required = []string{"undionly.kpxe", "snponly.efi"}

func (o *opening) readFiles(context.Context) error {
	o.files = map[string][]byte{}
	for _, name := range ipxe.Files() {
		content, err := ipxe.Read(o.config.Binaries, name)
		if err == nil {
			o.files[name] = content
		}
	}
	if len(o.links) == 0 || o.config.DHCP == dhcp.Off {
		return nil
	}
	for _, name := range required {
		if _, err := ipxe.Read(o.config.Binaries, name); err != nil {
			return err
		}
	}
	return nil
}

func (o *opening) openHTTP(ctx context.Context) error {
	if o.config.HTTP == "" {
		return nil
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", o.config.HTTP)
	if err != nil {
		return explain("--http", o.config.HTTP, err)
	}
	o.closers = append(o.closers, l.Close)
	o.httpPort = l.Addr().(*net.TCPAddr).AddrPort().Port()
	boot := scripts{o.config.Store}
	server := &http.Server{
		Boot: func(ctx context.Context, mac string, from netip.Addr) (ipxe.Script, baremetal.EventKind, string, error) {
			a, err := boot.Script(ctx, Request{MAC: mac, From: from})
			return a.Script, a.Event, a.Detail, err
		},
		Files: o.files, Journal: o.journal, Log: o.config.Log,
	}
	o.tasks = append(o.tasks, func(ctx context.Context) error { return server.Serve(ctx, l) })
	o.listens = append(o.listens, "http://"+l.Addr().String())
	return nil
}

func (o *opening) openTFTP(ctx context.Context) error {
	if o.config.TFTP == "" || len(o.links) == 0 && o.config.TFTP == DefaultTFTP {
		return nil
	}
	conn, err := new(net.ListenConfig).ListenPacket(ctx, "udp", o.config.TFTP)
	if err != nil {
		return explain("--tftp", o.config.TFTP, err)
	}
	o.closers = append(o.closers, conn.Close)
	udp := conn.(*net.UDPConn)
	o.tftp = udp.LocalAddr().(*net.UDPAddr).Port == 69 // firmware looks nowhere else
	server := &tftp.Server{Files: o.files, HTTPPort: o.httpPort, Journal: o.journal, Log: o.config.Log}
	o.tasks = append(o.tasks, func(ctx context.Context) error { return server.Serve(ctx, udp) })
	o.listens = append(o.listens, "tftp://"+udp.LocalAddr().String())
	return nil
}

// openRA opens what ends iPXE's wait for a router. An interface without IPv6 is
// no reason not to start: iPXE from our binaries does not wait.
func (o *opening) openRA(ctx context.Context) error {
	if o.config.DHCP == dhcp.Off {
		return nil
	}
	for _, l := range o.links {
		r, err := ndp.Listen(ctx, l.iface, o.config.Log)
		if err != nil {
			o.config.Log.Warn("no router advertisements: iPXE in ROM will wait 13 seconds for an IPv6 router", "interface", l.iface.Name, "error", err)
			continue
		}
		o.closers = append(o.closers, r.Close)
		o.tasks = append(o.tasks, r.Serve)
	}
	return nil
}

// explain makes an operator's error of a failure to listen.
func explain(option, address string, err error) error {
	switch {
	case errors.Is(err, unix.EADDRINUSE):
		return fmt.Errorf("%s %s: another program listens there; stop it (ss -lntup shows it) or give another address: %w", option, address, err)
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return fmt.Errorf("%s %s: ports below 1024 need root or CAP_NET_BIND_SERVICE: %w", option, address, err)
	case errors.Is(err, unix.EADDRNOTAVAIL):
		return fmt.Errorf("%s %s: no interface of this machine has that address (ip address shows which there are): %w", option, address, err)
	}
	return fmt.Errorf("%s %s: %w", option, address, err)
}
