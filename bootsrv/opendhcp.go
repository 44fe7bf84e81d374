package bootsrv

import (
	"context"
	"errors"
	"net/netip"

	"golang.org/x/sync/errgroup"

	"ironhook/bootsrv/dhcp"
	"ironhook/bootsrv/dhcp6"
	"ironhook/bootsrv/netlink"
	"ironhook/store"
)

// readAddresses reads the addresses to lease, here and behind relays. In mode proxy there
// are none.
func (o *opening) readAddresses(context.Context) (err error) {
	if o.addresses, err = dhcp.ParseRange(o.config.Range); err != nil && o.config.DHCP != dhcp.Off {
		return &Fault{"Range", "", err}
	}
	for _, text := range o.config.Relays {
		r, err := dhcp.ParseRelay(text)
		if err != nil {
			return &Fault{"Relays", text, err}
		}
		if r.Address.Addr().Is6() && !o.config.DHCP6 {
			return &Fault{"Relays", text, errors.New("it is a relay of IPv6, and machines do not boot over IPv6 here")}
		}
		if o.config.DHCP == dhcp.Proxy {
			r.Range = dhcp.Range{}
		}
		o.relays = append(o.relays, r)
	}
	o.journal.Speaks = o.relays.speaks
	o.journal.Gave = func(ctx context.Context, a netip.Addr) string {
		if !o.config.DHCP6 || !a.Is6() {
			return ""
		}
		p, err := o.relays.find(ctx, a)
		if err != nil {
			return ""
		}
		return o.gave(a, p.Interface)
	}
	return nil
}

// openLinks opens what serves every boot interface, each in the mode it needs, and what
// follows the interface from then on.
func (o *opening) openLinks(ctx context.Context) error {
	lives := make([]life, len(o.links))
	for i, l := range o.links {
		lives[i].link = l
	}
	if o.config.DHCP != dhcp.Off && len(o.links) > 0 {
		if err := o.openDHCP(ctx, lives); err != nil {
			return err
		}
	}
	for i := range lives {
		if err := o.openDHCP6(ctx, &lives[i]); err != nil {
			return &Fault{"DHCP6", "", err}
		}
		if o.links[i].server6 = lives[i].server6; lives[i].server6 != nil {
			o.closers = append(o.closers, lives[i].server6.Close)
		}
	}
	for i, l := range lives {
		changes, err := netlink.Listen()
		if err != nil {
			return err
		}
		f := &follower{opening: o, number: i, name: l.iface.Name, changes: changes, bell: make(chan struct{}, 1)}
		o.run(changes.Close, func(ctx context.Context) error { return f.serve(ctx, l) })
	}
	return nil
}

// openDHCP opens the first life of every boot interface.
func (o *opening) openDHCP(ctx context.Context, lives []life) (err error) {
	if err := o.checkRange(o.addresses); err != nil {
		return err
	}
	for i, l := range o.links { // before anything is sent
		if lives[i].sockets, err = dhcp.Open(ctx, l.iface); err != nil {
			return &Fault{"DHCP", "", err}
		}
		o.closers = append(o.closers, lives[i].sockets.Close)
	}
	modes, err := o.modes(ctx, o.addresses)
	if err != nil {
		return err
	}
	for i := range lives {
		lives[i].mode = modes[i]
		lives[i].server = dhcp.New(o.linkConfig(lives[i]))
		o.links[i].server = lives[i].server
		if lives[i].ra = o.responder(ctx, lives[i].link); lives[i].ra != nil {
			o.closers = append(o.closers, lives[i].ra.Close)
		}
	}
	return nil
}

// checkRange makes sure that the range belongs to one of the boot interfaces.
func (o *opening) checkRange(r dhcp.Range) error {
	if r.Empty() && (o.config.DHCP != dhcp.Full || o.relays.lease()) {
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
	o.config.Log.Info("another DHCP server is at work: leasing no addresses, only adding boot files", "server", other, "interface",
		l.iface.Name)
	return dhcp.Proxy, nil
}

func (o *opening) linkConfig(l life) dhcp.Config {
	c := dhcp.Config{
		Interface: l.iface, Address: l.prefix, Mode: l.mode, Unsure: l.unsure,
		HTTP: reach(o.http, l.link), TFTP: reach(o.tftp, l.link), Files: o.files,
		Relays: o.relays, Card: o.relays.card, Root: root, Signed: o.signed(),
		Store: o.config.Store, Times: o.config.Times, Journal: o.journal, Log: o.config.Log,
	}
	if o.addresses.Within(l.prefix) && o.config.DHCP != dhcp.Proxy {
		c.Range, c.Yield = o.addresses, o.config.DHCP == dhcp.Auto
		c.Router, c.DNS = defaultRoute(l.link)
	}
	return c
}

// signed is how machines that need signed programs are told, nil without such programs.
func (o *opening) signed() func(*store.Tx, string) (bool, error) {
	if o.config.Secure == nil {
		return nil
	}
	return signed
}

// openDHCP6 opens what boots machines over IPv6 on an interface, if that is wanted.
func (o *opening) openDHCP6(ctx context.Context, l *life) error {
	if !o.config.DHCP6 || !l.six.IsValid() {
		return nil
	}
	server := dhcp6.New(dhcp6.Config{Interface: l.iface, Address: l.six, HTTP: port6(o.http, l.six), TFTP: port6(o.tftp, l.six),
		Files:  o.files,
		Relays: o.relays.six(), Card: o.relays.card,
		Signed: o.signed(), Store: o.config.Store, Journal: o.journal, Log: o.config.Log})
	if err := server.Open(ctx); err != nil {
		return err
	}
	l.server6 = server
	return nil
}

// port6 is the port of a server that listens at a, where machines reach it at our address of
// IPv6; 0 where they do not.
func port6(a netip.AddrPort, six netip.Prefix) uint16 {
	if a.Addr() == six.Addr() || a.Addr() == netip.IPv6Unspecified() {
		return a.Port()
	}
	return 0
}

// reach is where machines on l find a server that listens at a: on every
// address means ours there. The zero value stays.
func reach(a netip.AddrPort, l link) netip.AddrPort {
	if a.IsValid() && a.Addr().IsUnspecified() {
		return netip.AddrPortFrom(l.prefix.Addr(), a.Port())
	}
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
