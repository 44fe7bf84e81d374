package bootsrv

import (
	"context"
	"net/netip"

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
		return &Fault{"Range", "", err}
	}
	if err := o.checkRange(addresses); err != nil {
		return err
	}
	sockets, err := o.openSockets(ctx)
	if err != nil {
		return err
	}
	modes, err := o.modes(ctx, addresses)
	if err != nil {
		return err
	}
	for i := range o.links {
		server := dhcp.New(o.linkConfig(o.links[i], modes[i], addresses))
		o.links[i].server = server
		o.tasks = append(o.tasks, func(ctx context.Context) error { return server.Serve(ctx, sockets[i]) })
	}
	return nil
}

// openSockets opens the sockets before anything is sent.
func (o *opening) openSockets(ctx context.Context) ([]*dhcp.Sockets, error) {
	var all []*dhcp.Sockets
	for _, l := range o.links {
		s, err := dhcp.Open(ctx, l.iface)
		if err != nil {
			return nil, &Fault{"DHCP", "", err}
		}
		o.closers = append(o.closers, s.Close)
		all = append(all, s)
	}
	return all, nil
}

// checkRange makes sure that the range belongs to one of the boot interfaces.
func (o *opening) checkRange(r dhcp.Range) error {
	if r.Empty() && o.config.DHCP != dhcp.Full {
		return nil
	}
	var subnets []Subnet
	for _, l := range o.links {
		if r.Within(l.prefix) {
			return nil
		}
		subnets = append(subnets, Subnet{l.prefix.Masked(), l.iface.Name})
	}
	return &Fault{"Range", r.String(), &RangeError{r, subnets}}
}

// modes decides for each interface. Only one whose subnet has the range can be the full
// server, and in mode auto only where no other server answers.
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
			group.Go(func() (err error) {
				modes[i], err = o.probe(ctx, l)
				return err
			})
		}
	}
	return modes, group.Wait()
}

func (o *opening) probe(ctx context.Context, l link) (dhcp.Mode, error) {
	other, err := dhcp.Probe(ctx, l.iface)
	if err != nil {
		return "", &Fault{"DHCP", string(o.config.DHCP), err}
	}
	if !other.IsValid() {
		return dhcp.Full, nil
	}
	o.config.Log.Info("another DHCP server is at work: leasing no addresses, only adding boot files", "server", other, "interface", l.iface.Name)
	return dhcp.Proxy, nil
}

func (o *opening) linkConfig(l link, mode dhcp.Mode, r dhcp.Range) dhcp.Config {
	c := dhcp.Config{
		Interface: l.iface, Address: l.prefix, Mode: mode, Yield: o.config.DHCP == dhcp.Auto,
		HTTP: reach(o.http, l), TFTP: reach(o.tftp, l), Files: o.files,
		Store: o.config.Store, Journal: o.journal, Log: o.config.Log,
	}
	if mode == dhcp.Full {
		c.Range = r
		c.Router, c.DNS = defaultRoute(l)
	}
	return c
}

// reach is where machines on l find a server that listens at a: on every
// address means ours there. The zero value stays.
func reach(a netip.AddrPort, l link) netip.AddrPort {
	if a.IsValid() && a.Addr().IsUnspecified() {
		return netip.AddrPortFrom(l.prefix.Addr(), a.Port())
	}
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
