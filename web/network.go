package web

import (
	"net/http"
	"net/netip"
	"slices"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
)

// Network is one boot interface, as the boot servers see it now.
type Network struct {
	Interface string
	Prefix    netip.Prefix
	Mode      string // of DHCP: full, proxy, or off
	Why       string // it works so, and what to do where that is not wanted; for a person
	Rival     bool   // another DHCP server keeps ours from leasing addresses

	First, Last netip.Addr // of the range to lease from; the zero value for none
}

// networkPage is where machines get their addresses from, and what was heard meanwhile.
type networkPage struct {
	page
	Networks  []Network
	Leases    []leaseRow
	Maps      []rangeMap // of the ranges to lease from
	News      []line     // what changed, the latest first
	Strangers []stranger
}

// leaseRow is an address that a machine has.
type leaseRow struct {
	Address        netip.Addr
	MAC, Interface string
	Node, UUID     string // "" for a machine that is not enrolled
	Foreign        bool   // given by another server
	Expires        time.Time
	Over           bool
}

// newsOfNetworks is how many changes the page lists.
const newsOfNetworks = 20

func (w *Web) networkPage(rw http.ResponseWriter, r *http.Request) {
	d := &networkPage{}
	err := w.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		if d, err = w.readNetwork(tx); err != nil {
			return err
		}
		d.page, err = w.live(tx, "Network", "")
		d.Stream += "&network=1"
		return err
	})
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	w.render(rw, http.StatusOK, "network", d)
}

// networkView keeps a browser's page of the network up to date.
type networkView struct{ web *Web }

func (v networkView) update(tx *store.Tx, _ []*baremetal.Event, _ bool) ([]fragment, error) {
	d, err := v.web.readNetwork(tx)
	if err != nil {
		return nil, err
	}
	return []fragment{{id: "network", template: "network-details", data: d}, strangersFragment(d.Strangers)}, nil
}

func (w *Web) readNetwork(tx *store.Tx) (*networkPage, error) {
	d := &networkPage{}
	if w.Networks != nil {
		d.Networks = w.Networks()
	}
	var err error
	if d.Leases, err = readLeases(tx); err != nil {
		return nil, err
	}
	d.Maps = rangeMaps(d.Networks, d.Leases)
	news, err := tx.Events(store.EventQuery{Kinds: []baremetal.EventKind{baremetal.EventNetwork}, Limit: newsOfNetworks, Last: true})
	if err != nil {
		return nil, err
	}
	for _, e := range slices.Backward(news) {
		d.News = append(d.News, newLine(e))
	}
	d.Strangers, err = readStrangers(tx)
	return d, err
}

// readLeases lists the addresses of machines in their order.
func readLeases(tx *store.Tx) (rows []leaseRow, err error) {
	leases, err := tx.Leases().List(store.Query{})
	if err != nil {
		return nil, err
	}
	ports, err := tx.Ports().List(store.Query{})
	if err != nil {
		return nil, err
	}
	nodes, err := tx.Nodes().List(store.Query{})
	if err != nil {
		return nil, err
	}
	names, owner := map[string]string{}, map[string]string{}
	for _, n := range nodes {
		names[n.UUID] = n.Label()
	}
	for _, p := range ports {
		owner[p.Address] = p.NodeUUID
	}
	for _, l := range leases {
		rows = append(rows, leaseRow{l.Address, l.MAC, l.Interface, names[owner[l.MAC]], owner[l.MAC], l.Observed, l.Expires,
			l.Expires.Before(tx.Now())})
	}
	slices.SortFunc(rows, func(a, b leaseRow) int { return a.Address.Compare(b.Address) })
	return rows, nil
}

// rival reports whether another DHCP server is in the way on any boot interface.
func (w *Web) rival() bool {
	return w.Networks != nil && slices.ContainsFunc(w.Networks(), func(n Network) bool { return n.Rival })
}
