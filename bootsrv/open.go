package bootsrv

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/netip"

	"ironhook/bootsrv/dhcp"
	"ironhook/bootsrv/http"
	"ironhook/bootsrv/journal"
	"ironhook/bootsrv/ndp"
	"ironhook/bootsrv/tftp"
	"ironhook/ipxe"
)

// opening is what is known while the sockets are being opened.
type opening struct {
	*Servers
	config  Config
	files   map[string][]byte
	journal *journal.Journal
	http    netip.AddrPort // where boot files are; the zero value when nowhere
	tftp    netip.AddrPort // likewise

	addresses dhcp.Range // to lease, on the boot interface whose subnet they are of
}

// Open opens every socket that c asks for; on an error none is left open. A setting that
// stands in the way is a [*Fault]. In mode auto with a range it looks for another DHCP
// server first, for five seconds at most.
func Open(ctx context.Context, c Config) (_ *Servers, err error) {
	o := &opening{Servers: &Servers{store: c.Store}, config: c, journal: journal.New(c.Store, c.Log)}
	defer func() {
		if err != nil {
			err = errors.Join(err, o.Close())
		}
	}()
	for _, step := range []func(context.Context) error{
		o.readAddresses, o.findLinks, o.readFiles, o.openHTTP, o.openTFTP, o.openLinks,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return o.Servers, nil
}

// run adds a server: how it is closed when it never serves, and what serves.
func (o *opening) run(stop func() error, serve func(context.Context) error) {
	o.closers = append(o.closers, stop)
	o.tasks = append(o.tasks, serve)
}

// required are the binaries without which a boot interface is of no use.
var required = []string{"undionly.kpxe", "snponly.efi"}

// readFiles takes what binaries there are into memory: a megabyte and a half.
func (o *opening) readFiles(context.Context) error {
	o.files = map[string][]byte{}
	for _, name := range ipxe.Files() {
		if content, err := ipxe.Read(o.config.Binaries, name); err == nil {
			o.files[name] = content
		} else if !errors.Is(err, fs.ErrNotExist) {
			return &Fault{"Binaries", "", err}
		}
	}
	if err := o.readPiFiles(); err != nil {
		return &Fault{"Binaries", "", err}
	}
	if err := o.readSigned(); err != nil {
		return &Fault{"Secure", "", err}
	}
	if len(o.links) == 0 || o.config.DHCP == dhcp.Off {
		return nil
	}
	for _, name := range required {
		if _, err := ipxe.Read(o.config.Binaries, name); err != nil {
			return &Fault{"Binaries", "", err}
		}
	}
	return nil
}

// readSigned takes the signed programs into memory, if there are any.
func (o *opening) readSigned() error {
	if o.config.Secure == nil {
		return nil
	}
	files, err := ipxe.Signed(o.config.Secure)
	maps.Copy(o.files, files)
	return err
}

func (o *opening) openHTTP(ctx context.Context) error {
	if o.config.HTTP == "" {
		return nil
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", o.config.HTTP)
	if err != nil {
		return &Fault{"HTTP", o.config.HTTP, err}
	}
	o.http = l.Addr().(*net.TCPAddr).AddrPort()
	boot := scripts{store: o.config.Store, find: o.relays.find, gave: o.gave, shims: ipxe.HasKernelShim(o.files),
		offers: &offers{o.config.Unknown, o.config.Agent}}
	server := &http.Server{Boot: boot.answer, Files: o.files, Agent: o.config.Agent.Files, Journal: o.journal, Times: o.config.Times,
		Log: o.config.Log}
	o.run(l.Close, func(ctx context.Context) error { return server.Serve(ctx, l) })
	o.places = append(o.places, "http://"+l.Addr().String())
	return nil
}

func (o *opening) openTFTP(ctx context.Context) error {
	if o.config.TFTP == "" || len(o.links) == 0 && o.config.TFTP == DefaultTFTP {
		return nil
	}
	conn, err := new(net.ListenConfig).ListenPacket(ctx, "udp", o.config.TFTP)
	if err != nil {
		return &Fault{"TFTP", o.config.TFTP, err}
	}
	udp := conn.(*net.UDPConn)
	o.tftp = udp.LocalAddr().(*net.UDPAddr).AddrPort()
	server := &tftp.Server{Files: o.files, HTTP: o.http, Journal: o.journal, Times: o.config.Times, Log: o.config.Log}
	o.run(udp.Close, func(ctx context.Context) error { return server.Serve(ctx, udp) })
	o.places = append(o.places, "tftp://"+udp.LocalAddr().String())
	return nil
}

// responder opens what ends iPXE's wait for a router, nil for nothing. An interface
// without IPv6 is no reason not to serve: iPXE from our binaries does not wait.
func (o *opening) responder(ctx context.Context, l link) *ndp.Responder {
	var six netip.Prefix
	if o.config.DHCP6 {
		six = l.six
	}
	r, err := ndp.Listen(ctx, l.iface, six, o.config.Log)
	if err != nil {
		o.config.Log.Warn("no router advertisements: iPXE in ROM will wait 13 seconds for an IPv6 router", "interface", l.iface.Name, "error",
			err)
		return nil
	}
	return r
}

// maxPiFiles is the limit of the firmware of Raspberry Pis, in bytes together.
const maxPiFiles = 64 << 20

// readPiFiles takes the folder of Raspberry Pis into memory, if there is one.
func (o *opening) readPiFiles() error {
	size := 0
	err := fs.WalkDir(o.config.Binaries, ipxe.PiFolder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := fs.ReadFile(o.config.Binaries, path)
		if size += len(content); err == nil && size > maxPiFiles {
			err = fmt.Errorf("folder %s has more than %d bytes", ipxe.PiFolder, maxPiFiles)
		}
		o.files[path] = content
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
