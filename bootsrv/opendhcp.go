package bootsrv

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"ironhook/bootsrv/dhcp"
)

// openDHCP opens a server on every boot interface, each in the mode it needs.
func (o *opening) openDHCP(ctx context.Context) error {
	if o.config.DHCP == dhcp.Off || len(o.links) == 0 {
		return nil
	}
	addresses, err := dhcp.ParseRange(o.config.Range)
	if err != nil {
		return fmt.Errorf("--dhcp-range: %w", err)
	}
	if err := o.checkRange(addresses); err != nil {
		return err
	}
	modes, err := o.modes(ctx, addresses)
	if err != nil {
		return err
	}
	for i := range o.links {
		if err := o.openLink(ctx, &o.links[i], modes[i], addresses); err != nil {
			return err
		}
	}
	return nil
}

// checkRange makes sure that the range belongs to one of the boot interfaces.
func (o *opening) checkRange(r dhcp.Range) error {
	if r.Empty() && o.config.DHCP != dhcp.Full {
		return nil
	}
	subnets := ""
	for _, l := range o.links {
		if r.Within(l.prefix) {
			return nil
		}
		subnets += fmt.Sprintf(", %s on %s", l.prefix.Masked(), l.iface.Name)
	}
	if r.Empty() {
		return fmt.Errorf("--dhcp full needs --dhcp-range A-B, the addresses to give to machines (out of %s)", subnets[2:])
	}
	return fmt.Errorf("--dhcp-range %s lies in no subnet of a boot interface (%s)", r, subnets[2:])
}

// modes decides for each interface. Only one whose subnet has the range can be
// the full server; where nobody said so, no other server may be there.
func (o *opening) modes(ctx context.Context, r dhcp.Range) ([]dhcp.Mode, error) {
	modes := make([]dhcp.Mode, len(o.links))
	group, ctx := errgroup.WithContext(ctx)
	for i, l := range o.links {
		modes[i] = dhcp.Proxy
		switch {
		case !r.Within(l.prefix) || o.config.DHCP == dhcp.Proxy:
		case o.config.DHCP == dhcp.Full:
			modes[i] = dhcp.Full
		default:
			group.Go(func() error {
				other, err := dhcp.Probe(ctx, l.iface)
				if err == nil && !other.IsValid() {
					modes[i] = dhcp.Full
				}
				if other.IsValid() {
					o.config.Log.Info("another DHCP server is at work: leasing no addresses, only adding boot files", "server", other, "interface", l.iface.Name)
				}
				return err
			})
		}
	}
	return modes, group.Wait()
}

func (o *opening) openLink(ctx context.Context, l *link, mode dhcp.Mode, r dhcp.Range) error {
	sockets, err := dhcp.Open(ctx, l.iface)
	if err != nil {
		return err
	}
	o.closers = append(o.closers, sockets.Close)
	c := dhcp.Config{
		Interface: l.iface, Address: l.prefix, Mode: mode, Yield: o.config.DHCP == dhcp.Auto,
		Router: o.config.Router, DNS: o.config.DNS,
		HTTPPort: o.httpPort, TFTP: o.tftp, Files: o.files,
		Store: o.config.Store, Journal: o.journal, Log: o.config.Log,
	}
	if mode == dhcp.Full {
		c.Range = r
	}
	l.server = dhcp.New(c)
	server := l.server
	o.tasks = append(o.tasks, func(ctx context.Context) error { return server.Serve(ctx, sockets) })
	detail := ""
	if mode == dhcp.Full {
		detail = ", " + r.String()
	}
	o.listens = append(o.listens, fmt.Sprintf("dhcp %s on %s (%s%s)", mode, l.iface.Name, l.prefix, detail))
	return nil
}
