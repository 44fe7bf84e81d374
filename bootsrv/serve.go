package bootsrv

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"ironhook/baremetal"
	"ironhook/bootsrv/dhcp"
	"ironhook/bootsrv/dhcp6"
	"ironhook/store"
)

// Servers are the boot servers of one appliance, their sockets open. Its methods
// are safe for concurrent use, but Serve may run only once.
type Servers struct {
	store   *store.Store
	mu      sync.RWMutex // of links
	links   []link
	closers []func() error
	tasks   []func(context.Context) error
	places  []string // where files are served
	relays  relays
}

// Serve runs all servers until ctx ends or one of them fails, and waits for all
// of them. It returns nil when ctx ended it.
func (s *Servers) Serve(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, task := range s.tasks {
		group.Go(func() error { return task(ctx) })
	}
	return group.Wait()
}

// Close closes the sockets. It is for servers that never served, and harmless
// after Serve.
func (s *Servers) Close() error {
	var errs []error
	for _, c := range s.closers {
		if err := c(); !errors.Is(err, net.ErrClosed) && !errors.Is(err, os.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// String tells a person where the servers listen and how DHCP works now on each
// boot interface.
func (s *Servers) String() string {
	places := append([]string(nil), s.places...)
	for _, l := range s.boot() {
		if l.server == nil {
			places = append(places, fmt.Sprintf("no dhcp on %s (%s)", l.iface.Name, l.prefix))
			continue
		}
		places = append(places, fmt.Sprintf("dhcp %s on %s (%s)", l.server.Working(), l.iface.Name, l.prefix))
	}
	return strings.Join(places, ", ")
}

// Network is one boot interface as it is now.
type Network struct {
	Interface string
	Prefix    netip.Prefix
	Mode      Mode       // that DHCP works in: Full, Proxy or Off
	Range     dhcp.Range // of addresses to lease, empty for none
}

// Networks are the boot interfaces as they are now.
func (s *Servers) Networks() (list []Network) {
	for _, l := range s.boot() {
		n := Network{Interface: l.iface.Name, Prefix: l.prefix, Mode: Off}
		if l.server != nil {
			n.Mode, n.Range = l.server.Working(), l.server.Range
		}
		list = append(list, n)
	}
	return list
}

// Portal is the address at which a node reaches this machine: ours on the boot
// interface where one of its ports has its lease, else on the first boot
// interface. Without any boot interface there is none, which is ErrInvalid.
func (s *Servers) Portal(ctx context.Context, n *baremetal.Node) (netip.Addr, error) {
	links := s.boot()
	if len(links) == 0 {
		return netip.Addr{}, baremetal.Errorf(baremetal.ErrInvalid,
			"It is not known at which address %s reaches this machine: the network it boots from is not among the boot interfaces.", n.Label())
	}
	address := links[0].prefix.Addr()
	err := s.store.View(ctx, func(tx *store.Tx) error {
		ports, err := tx.Ports().List(store.Where("node_uuid", n.UUID))
		if err != nil {
			return err
		}
		for _, p := range ports {
			lease, err := tx.Leases().Find(p.Address)
			if err != nil {
				return err
			}
			if l := linkOf(links, lease); l != nil {
				address = l.prefix.Addr()
			}
		}
		return nil
	})
	return address, err
}

// linkOf is the boot interface of a lease, nil when it is none of ours.
func linkOf(links []link, lease *baremetal.Lease) *link {
	for i := range links {
		if lease != nil && links[i].iface.Name == lease.Interface {
			return &links[i]
		}
	}
	return nil
}

// gave returns the card to which DHCPv6 gives the address a on the interface of that name, ""
// for none.
func (s *Servers) gave(a netip.Addr, on string) string {
	for _, l := range s.boot() {
		if l.server6 != nil && l.iface.Name == on && (l.six.Contains(a) || s.relays.contain(a)) {
			return dhcp6.Card(a).String()
		}
	}
	return ""
}

// boot is the boot interfaces as they are now.
func (s *Servers) boot() []link {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.links)
}

// put notes the next life of a boot interface.
func (s *Servers) put(number int, l link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.links[number] = l
}
