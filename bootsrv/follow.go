package bootsrv

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"ironhook/baremetal"
	"ironhook/bootsrv/dhcp"
	"ironhook/bootsrv/dhcp6"
	"ironhook/bootsrv/ndp"
	"ironhook/bootsrv/netlink"
)

// life is the servers of a boot interface between two changes of it: sockets are bound to
// the index of the interface, and answers contain our address there.
type life struct {
	link
	sockets *dhcp.Sockets  // nil when DHCP is off
	ra      *ndp.Responder // nil when DHCP or IPv6 is off
	unsure  bool           // the mode is not determined yet
	mode    dhcp.Mode
}

// follower serves one boot interface through all changes: it may be deleted and created
// again, renamed, taken down, and given another address.
type follower struct {
	*opening
	number  int // in links
	name    string
	changes *netlink.Changes
	bell    chan struct{} // signalled when an interface has changed
}

// retry is the time until another attempt to open the servers, if nothing changes.
const retry = 5 * time.Second

func (f *follower) serve(ctx context.Context, first life) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return f.changes.Follow(ctx, f.ring) })
	group.Go(func() error {
		for l := first; ; {
			why, err := f.live(ctx, l)
			if err != nil || ctx.Err() != nil {
				return err
			}
			f.record(ctx, fmt.Sprintf("boot interface %s %s: no machine boots from it until it is back", f.name, why))
			if l, err = f.reopen(ctx); err != nil {
				return nil // ctx ended
			}
			f.record(ctx, fmt.Sprintf("boot interface %s is back with %s", f.name, l.prefix))
		}
	})
	return group.Wait()
}

func (f *follower) ring() {
	select {
	case f.bell <- struct{}{}:
	default: // already signalled
	}
}

// live serves until the interface changes, and returns what has changed.
func (f *follower) live(ctx context.Context, l life) (why string, err error) {
	group, ctx := errgroup.WithContext(ctx)
	whole, end := context.WithCancel(ctx)
	if l.sockets != nil {
		group.Go(func() error { return l.server.Serve(whole, l.sockets) })
	}
	if l.server6 != nil {
		group.Go(func() error { return l.server6.Serve(whole) })
	}
	if l.ra != nil {
		group.Go(func() error { return l.ra.Serve(whole) })
	}
	f.put(f.number, l.link)
	group.Go(func() error {
		defer end()
		for running := true; ; {
			now, err := netlink.Read(f.name)
			if why = l.differs(now, err, f.addresses); why != "" {
				return nil
			}
			if f.config.DHCP6 && l.server6 == nil && slices.ContainsFunc(now.Six, dhcp6.Usable) {
				why = "has an IPv6 address now"
				return nil
			}
			if now.Running() && !running && l.server != nil {
				l.server.Look() // the cable may now lead to another network
			}
			running = now.Running()
			select {
			case <-ctx.Done():
				return nil
			case <-f.bell:
			}
		}
	})
	err = group.Wait()
	end()
	return why, err
}

// reopen waits until the interface is usable again, and opens the servers. Its only error
// is that of ctx.
func (f *follower) reopen(ctx context.Context) (life, error) {
	said := ""
	for {
		l, err := f.begin(ctx)
		if err == nil {
			return l, nil
		}
		if text := err.Error(); text != said && ctx.Err() == nil {
			said = text
			f.config.Log.Info("waiting for a boot interface", "interface", f.name, "because", err)
		}
		select {
		case <-ctx.Done():
			return life{}, ctx.Err()
		case <-f.bell:
		case <-time.After(retry):
		}
	}
}

// begin opens the servers of the interface.
func (f *follower) begin(ctx context.Context) (life, error) {
	found, err := findLink(f.name, f.addresses)
	if err != nil {
		return life{}, err
	}
	l := life{link: found}
	if err := f.openDHCP6(ctx, &l); err != nil {
		return life{}, err
	}
	if f.config.DHCP == dhcp.Off {
		return l, nil
	}
	if l.sockets, err = dhcp.Open(ctx, l.iface); err != nil {
		if l.server6 != nil {
			err = errors.Join(err, l.server6.Close())
		}
		return life{}, err
	}
	l.mode, l.unsure = f.next(l.link)
	l.server, l.ra = dhcp.New(f.linkConfig(l)), f.responder(ctx, l.link)
	return l, nil
}

// next is the mode in which the servers begin. In automatic mode they lease no address
// before they have probed for another server.
func (f *follower) next(l link) (mode dhcp.Mode, unsure bool) {
	fits := f.addresses.Within(l.prefix)
	if !fits && f.config.DHCP == dhcp.Full {
		f.config.Log.Error("leasing no addresses: the range is not in the subnet that the interface has now",
			"interface", l.iface.Name, "range", f.addresses, "address", l.prefix)
	}
	if fits && f.config.DHCP == dhcp.Full {
		return dhcp.Full, false
	}
	return dhcp.Proxy, fits && f.config.DHCP == dhcp.Auto
}

// record writes a change of the interface to the log and the events.
func (f *follower) record(ctx context.Context, detail string) {
	f.config.Log.Warn(detail)
	err := f.store.Append(ctx, baremetal.Event{Kind: baremetal.EventNetwork, Detail: detail})
	if err != nil && ctx.Err() == nil {
		f.config.Log.Error("event not written", "detail", detail, "error", err)
	}
}
