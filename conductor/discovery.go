package conductor

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/google/uuid"

	"ironhook/baremetal"
	"ironhook/internal/limit"
	"ironhook/store"
)

// Discovery is what becomes of a machine that the agent describes and that is not enrolled.
type Discovery string

// The ways of discovery.
const (
	DiscoverOff   Discovery = "off"     // nothing: it does not boot the agent
	DiscoverWait  Discovery = "approve" // it waits for somebody to approve it
	DiscoverEnrol Discovery = "enrol"   // it is enrolled at once, and the inspection rules say as what
)

// Limits of what machines that nobody knows may leave here.
const (
	maxDiscoveries   = 256
	maxDiscoverySize = 256 << 10 // bytes of one, as JSON
	maxEnrolled      = 10_000    // nodes, beyond which none is enrolled unasked
	discoveryTime    = 7 * 24 * time.Hour
)

// Discover takes what the agent has found on a machine that is not enrolled, and keeps it
// until somebody approves the machine. A machine that reports again replaces what it said.
// ErrNotFound is for a machine that is enrolled, and without discovery.
func (c *Conductor) Discover(ctx context.Context, found, data baremetal.Object, from string) (*baremetal.Discovery, error) {
	notFound := baremetal.Errorf(baremetal.ErrNotFound, "Resource could not be found.")
	d := &baremetal.Discovery{UUID: uuid.NewString(), Addresses: Addresses(found), Address: from, Inventory: found, PluginData: data}
	if c.Discovery == DiscoverOff || c.Discovery == "" || len(d.Addresses) == 0 {
		return nil, notFound
	}
	delete(data, "logs")
	if size, err := json.Marshal(d); err != nil || len(size) > maxDiscoverySize {
		return nil, baremetal.Errorf(baremetal.ErrInvalid,
			"The report has %d bytes without its logs; of a machine that is not enrolled at most %d are kept.", len(size), maxDiscoverySize)
	}
	d.MAC = d.Addresses[0]
	if booted, err := baremetal.ParseMAC(baremetal.Object(object(found["boot"])).Text("pxe_interface")); err == nil &&
		slices.Contains(d.Addresses, booted) {
		d.MAC = booted
	}
	err := c.Store.Update(ctx, func(tx *store.Tx) error {
		enrolled, err := tx.Ports().List(store.Query{Filters: []store.Filter{{Column: "address", Match: store.In, Value: d.Addresses}}})
		if err == nil && len(enrolled) > 0 {
			err = notFound
		}
		if err != nil {
			return err
		}
		return keepDiscovery(tx, d)
	})
	if err != nil || c.Discovery != DiscoverEnrol || !c.room(ctx) {
		return d, err
	}
	_, err = c.Approve(ctx, d.UUID, Approval{})
	return d, err
}

// room reports whether machines may still be enrolled unasked. The others wait.
func (c *Conductor) room(ctx context.Context) bool {
	var nodes int64
	err := c.Store.View(ctx, func(tx *store.Tx) (err error) {
		nodes, err = tx.Nodes().Count()
		return err
	})
	return err == nil && nodes < maxEnrolled
}

func object(v any) map[string]any { o, _ := v.(map[string]any); return o }

// keepDiscovery stores the machine, in place of what it said before and of those that were not
// seen for long.
func keepDiscovery(tx *store.Tx, d *baremetal.Discovery) error {
	// Reports are long.
	all, err := tx.Discoveries().List(store.Query{Columns: []string{"uuid", "addresses", "address", "created_at", "updated_at"}})
	if err != nil {
		return err
	}
	var left, gone []*baremetal.Discovery
	own, again := map[string]bool{}, false
	for _, a := range d.Addresses {
		own[a] = true
	}
	for _, other := range all {
		same := slices.ContainsFunc(other.Addresses, func(a string) bool { return own[a] })
		if again = again || same; same || tx.Now().Sub(other.Seen()) >= discoveryTime {
			gone = append(gone, other)
		} else {
			left = append(left, other)
		}
	}
	if len(left) >= maxDiscoveries {
		loser := crowding(left, d.Address)
		if loser == nil {
			return baremetal.Errorf(baremetal.ErrBusy, "%d machines wait to be approved, and no more are kept: approve or forget some.", len(left))
		}
		gone = append(gone, loser)
	}
	for _, other := range gone {
		if err := tx.Discoveries().Delete(other.UUID); err != nil {
			return err
		}
	}
	if err := tx.Discoveries().Insert(d); err != nil || again {
		return err
	}
	return tx.Append(baremetal.Event{MAC: d.MAC, Kind: baremetal.EventNode,
		Detail: "a machine that is not enrolled was described and waits to be approved: ironhook discovery approve " + d.MAC})
}

// crowding is the machine that gives way to one that reports from an address when no more are kept: the
// one seen longest ago of those of the address that has most of the places, so that no address can take
// them all. nil is for none: the address that reports has as many itself.
func crowding(waiting []*baremetal.Discovery, from string) (loser *baremetal.Discovery) {
	held, most := map[netip.Addr]int{}, sourceOf(from)
	for _, d := range waiting {
		of := sourceOf(d.Address)
		if held[of]++; held[of] > held[most] {
			most = of
		}
	}
	if held[most] <= held[sourceOf(from)]+1 {
		return nil
	}
	for _, d := range waiting {
		if sourceOf(d.Address) == most && (loser == nil || d.Seen().Before(loser.Seen())) {
			loser = d
		}
	}
	return loser
}

// sourceOf is the address that a report counts for.
func sourceOf(address string) netip.Addr {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return netip.Addr{}
	}
	return limit.Source(a)
}

// Approval is what an operator adds to what was found; everything may be left out.
type Approval struct {
	Name       string
	Driver     string // manual-management where nothing else is said
	DriverInfo baremetal.Object
	Storage    string // the storage interface
}

// Approve enrols a machine that waits: its node with ports, volume connectors, properties and
// inventory, after the inspection rules. Then it is made available. ident is the UUID of the
// discovery or the address of its card. It returns the node's UUID when that is stored.
func (c *Conductor) Approve(ctx context.Context, ident string, a Approval) (node string, err error) {
	n := &baremetal.Node{UUID: uuid.NewString(), Name: a.Name, Driver: a.Driver, DriverInfo: a.DriverInfo, ProvisionState: baremetal.Enroll,
		DisablePowerOff: new(bool)}
	if n.Name != "" && !baremetal.IsName(n.Name) {
		return "", baremetal.Errorf(baremetal.ErrInvalid, "%.64q is no name for a node.", n.Name)
	}
	if n.Driver == "" {
		n.Driver = baremetal.Manual
	}
	n.Interfaces = baremetal.Interfaces{"inspect": baremetal.InspectAgent}
	if a.Storage != "" {
		n.Interfaces["storage"] = a.Storage
	}
	if err := c.Equip(n); err != nil {
		return "", err
	}
	err = c.Store.Update(ctx, func(tx *store.Tx) error {
		d, err := tx.Discoveries().Get(ident)
		if err != nil {
			return err
		}
		for _, key := range baremetal.DriverKeys[n.Driver] {
			if address := d.Inventory.Text("bmc_address"); key.Required && key.Name == n.Driver+"_address" && n.DriverInfo.Text(key.Name) == "" &&
				address != "" {
				n.DriverInfo = with(n.DriverInfo, key.Name, address)
			}
		}
		if err := tx.Nodes().Insert(n); err != nil {
			return err
		}
		if err := tx.Discoveries().Delete(d.UUID); err != nil {
			return err
		}
		if err := tx.Append(baremetal.Event{Node: n.UUID, MAC: d.MAC, Kind: baremetal.EventNode,
			Detail: "enrolled, as the agent has described it"}); err != nil {
			return err
		}
		if d.PluginData == nil {
			d.PluginData = baremetal.Object{}
		}
		d.PluginData["auto_discovered"] = true
		return c.learn(tx, n.UUID, d.Inventory, d.PluginData)
	})
	if err != nil {
		return "", err
	}
	return n.UUID, c.makeAvailable(ctx, n.UUID)
}

// makeAvailable takes a new node to available, if its BMC answers.
func (c *Conductor) makeAvailable(ctx context.Context, node string) error {
	uuid, err := c.accept(ctx, node, func(tx *store.Tx, n *baremetal.Node) error {
		next, ok := n.ProvisionState.Next(baremetal.VerbManage)
		if !ok {
			return fmt.Errorf("a new node is %s", n.ProvisionState)
		}
		return tx.Append(enterState(n, next, tx.Now()))
	})
	if err != nil {
		return err
	}
	c.run(ctx, uuid, func(ctx context.Context) error {
		if err := c.carryOut(ctx, uuid, baremetal.Verifying); err != nil {
			return err
		}
		provided := false
		err := c.change(ctx, uuid, func(n *baremetal.Node, now time.Time) []baremetal.Event {
			next, ok := n.ProvisionState.Next(baremetal.VerbProvide)
			if provided = ok && n.ProvisionState == baremetal.Manageable; !provided {
				return nil
			}
			return []baremetal.Event{enterState(n, next, now)}
		})
		if err != nil || !provided {
			return err
		}
		return c.carryOut(ctx, uuid, baremetal.Cleaning)
	})
	return nil
}

// Forget drops a machine that waits.
func (c *Conductor) Forget(ctx context.Context, ident string) error {
	return c.Store.Update(ctx, func(tx *store.Tx) error {
		d, err := tx.Discoveries().Get(ident)
		if err != nil {
			return err
		}
		return tx.Discoveries().Delete(d.UUID)
	})
}
