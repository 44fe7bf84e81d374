package fleet

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
	"ironhook/store/storetest"
)

// willing is a conductor that allows everything.
type willing struct{ refuses error }

func (willing) Serves(*baremetal.Node) bool { return true }
func (willing) Equip(*baremetal.Node) error { return nil }
func (w willing) MayChangeTarget(*store.Tx, *baremetal.VolumeTarget, *baremetal.VolumeTarget) error {
	return w.refuses
}

// id is the UUID of all records of setup.
const id = "00000000-0000-4000-8000-000000000001"

// setup makes a fleet with a node and one record of each kind that belongs to it.
func setup(t *testing.T, change func(n *baremetal.Node)) *Fleet {
	t.Helper()
	s := storetest.Open(t)
	n := &baremetal.Node{UUID: id, Name: "pc", Driver: "fake-hardware", ProvisionState: baremetal.Deploying, PowerState: baremetal.PowerOff,
		Interfaces: baremetal.Interfaces{"console": "fake", "raid": "fake"}}
	change(n)
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		return errors.Join(
			tx.Nodes().Insert(n),
			tx.Ports().Insert(&baremetal.Port{UUID: id, NodeUUID: id, Address: "52:54:00:00:00:01"}),
			tx.Connectors().Insert(&baremetal.VolumeConnector{UUID: id, NodeUUID: id, Type: "iqn", ConnectorID: "i"}),
			tx.Targets().Insert(&baremetal.VolumeTarget{UUID: id, NodeUUID: id, VolumeType: "iscsi", VolumeID: "v"}),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	return New(s, willing{})
}

func patch[T any](change func(row *T), changed ...string) Patch[T] {
	return Patch[T]{Apply: func(row *T) ([]string, error) { change(row); return changed, nil }}
}

// edits are the changes that wait for the node's lock, each with the event that it appends,
// "" for none.
var edits = map[string]struct {
	do    func(ctx context.Context, f *Fleet) error
	event string
	state baremetal.ProvisionState
}{
	"maintenance on": {func(ctx context.Context, f *Fleet) error { return f.SetMaintenance(ctx, id, true, "broken") },
		"maintenance on", baremetal.Active},
	"maintenance off": {func(ctx context.Context, f *Fleet) error { return f.SetMaintenance(ctx, id, false, "") },
		"maintenance off", baremetal.Active},
	"console": {func(ctx context.Context, f *Fleet) error { return f.SetConsole(ctx, id, true) }, "console enabled", baremetal.Active},
	"RAID": {func(ctx context.Context, f *Fleet) error {
		return f.SetTargetRAID(ctx, id, newest, nil, func(baremetal.Object) error { return nil })
	}, "", baremetal.Active},
	"traits": {func(ctx context.Context, f *Fleet) error { return f.SetTraits(ctx, id, []string{"CUSTOM_A"}) },
		"traits changed", baremetal.Active},
	"one trait": {func(ctx context.Context, f *Fleet) error { return f.AddTrait(ctx, id, "CUSTOM_A") }, "traits changed", baremetal.Active},
	"port changed": {func(ctx context.Context, f *Fleet) error {
		_, err := f.UpdatePort(ctx, id, newest, patch(func(*baremetal.Port) {}, "extra"))
		return err
	}, "port changed: extra", baremetal.Active},
	"port deleted": {func(ctx context.Context, f *Fleet) error { return f.DeletePort(ctx, id) }, "port deleted", baremetal.Active},
	"connector changed": {func(ctx context.Context, f *Fleet) error {
		_, err := f.Connectors().Update(ctx, id, patch(func(*baremetal.VolumeConnector) {}, "type"))
		return err
	}, "volume connector " + id + " changed: type", baremetal.Active},
	"target changed": {func(ctx context.Context, f *Fleet) error {
		_, err := f.Targets().Update(ctx, id, patch(func(*baremetal.VolumeTarget) {}, "boot_index", "extra"))
		return err
	}, "volume target " + id + " changed: boot_index, extra", baremetal.Active},
	"target deleted": {func(ctx context.Context, f *Fleet) error { return f.Targets().Delete(ctx, id) },
		"volume target " + id + " deleted", baremetal.Active},
	"node changed": {func(ctx context.Context, f *Fleet) error {
		_, err := f.UpdateNode(ctx, &baremetal.Node{UUID: id}, newest, NodePatch{Apply: patch(func(*baremetal.Node) {}, "extra").Apply})
		return err
	}, "changed: extra", baremetal.Active},
	"node deleted": {func(ctx context.Context, f *Fleet) error { return f.DeleteNode(ctx, id) }, "deleted pc", baremetal.Available},
	"looked up": {func(ctx context.Context, f *Fleet) error { _, _, err := f.LookUp(ctx, newest, id, nil); return err },
		"a ramdisk has looked the node up", baremetal.Deploying},
}

// TestEditsWaitForTheLock: on a reserved node each is refused after two seconds and changes
// nothing; on a free one it is done, with its event.
func TestEditsWaitForTheLock(t *testing.T) {
	for name, c := range edits {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := setup(t, func(n *baremetal.Node) { n.Reservation, n.ProvisionState = "peer", c.state })
				err := c.do(t.Context(), f)
				if !errors.Is(err, baremetal.ErrLocked) || !strings.Contains(err.Error(), "is locked by host peer, please retry") {
					t.Errorf("on a reserved node: %v, want %v", err, baremetal.ErrLocked)
				}
				if got := events(t, f); len(got) > 0 {
					t.Errorf("on a reserved node: events %q, want none", got)
				}
				setFree(t, f)
				if err := c.do(t.Context(), f); err != nil {
					t.Fatal(err)
				}
				if got := strings.Join(events(t, f), "; "); got != c.event {
					t.Errorf("events %q, want %q", got, c.event)
				}
			})
		})
	}
}

// TestEditGoesOnWhenTheNodeIsFree: an edit that waits continues when the node is released.
func TestEditGoesOnWhenTheNodeIsFree(t *testing.T) {
	f := setup(t, func(n *baremetal.Node) { n.Reservation = "peer" })
	tried := make(chan struct{})
	ctx := store.WithTrace(t.Context(), func(bool) {
		if tried != nil {
			close(tried)
			tried = nil
		}
	})
	done := make(chan error)
	first := tried
	go func() { done <- f.SetMaintenance(ctx, id, true, "") }()
	<-first
	setFree(t, f)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func setFree(t *testing.T, f *Fleet) {
	t.Helper()
	err := f.store.Update(t.Context(), func(tx *store.Tx) error {
		n, err := tx.Nodes().Get(id)
		if err != nil {
			return err
		}
		n.Reservation = ""
		return tx.Nodes().Update(n)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func events(t *testing.T, f *Fleet) (details []string) {
	t.Helper()
	err := f.store.View(t.Context(), func(tx *store.Tx) error {
		all, err := tx.Events(store.EventQuery{})
		for _, e := range all {
			if e.Node != id || e.Kind != baremetal.EventNode {
				t.Errorf("event %+v, want one of the node", e)
			}
			details = append(details, e.Detail)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return details
}

// TestRefusedChangesLeaveNothing: each refusal has its kind and message, and writes no row
// and no event.
func TestRefusedChangesLeaveNothing(t *testing.T) {
	const other = "00000000-0000-4000-8000-000000000002"
	f := setup(t, func(n *baremetal.Node) { n.ProvisionState, n.ChassisUUID = baremetal.Active, other })
	err := f.store.Update(t.Context(), func(tx *store.Tx) error {
		return errors.Join(
			tx.Chassis().Insert(&baremetal.Chassis{UUID: other}),
			tx.Portgroups().Insert(&baremetal.Portgroup{UUID: other, NodeUUID: id, Name: "bond"}),
			tx.Ports().Insert(&baremetal.Port{UUID: other, NodeUUID: id, Address: "52:54:00:00:00:02", PortgroupUUID: other,
				Extra: baremetal.Object{"fixed_ip": "10.0.0.7"}}),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	kept := New(f.store, willing{baremetal.Errorf(baremetal.ErrConflict, "a deployment has made it")})
	ctx := t.Context()
	mac := "52:54:00:00:00:03"
	managed := baremetal.Object{"local_link_connection": map[string]any{"network_type": "managed"}}
	step := baremetal.Object{"step": "s", "interface": "raid"}
	for _, c := range []struct {
		err  error
		kind error
		says string
	}{
		{f.CreateNode(ctx, newest, &baremetal.Node{Name: "x", ChassisUUID: id}, nil),
			baremetal.ErrInvalid, "Chassis " + id + " could not be found."},
		{f.CreateNode(ctx, newest, &baremetal.Node{UUID: id}, nil), baremetal.ErrConflict, "already exists"},
		{f.CreateNode(ctx, newest, &baremetal.Node{Owner: "me"}, nil), baremetal.ErrInvalid, "project scoped admin"},
		{f.CreateNode(ctx, newest, &baremetal.Node{}, baremetal.Object{"maintenance": nil}),
			baremetal.ErrInvalid, "Field `maintenance' cannot be None"},
		{f.CreateNode(ctx, newest, &baremetal.Node{}, baremetal.Object{"name": "states"}), baremetal.ErrInvalid, "reserved"},
		{f.DeleteChassis(ctx, other), baremetal.ErrInvalid, "because chassis " + other + " contains nodes."},
		{f.DeletePortgroup(ctx, "bond"), baremetal.ErrInvalid, "because portgroup " + other + " contains ports."},
		{f.CreatePortgroup(ctx, &baremetal.Portgroup{NodeUUID: other}), baremetal.ErrInvalid, "Node " + other + " could not be found."},
		{f.CreatePortgroup(ctx, &baremetal.Portgroup{NodeUUID: id, Name: "a b"}), baremetal.ErrInvalid, "invalid name 'a b'"},
		{f.CreatePort(ctx, newest, &baremetal.Port{NodeUUID: "pc", Address: mac}, nil), baremetal.ErrInvalid, "Node pc could not be found."},
		{f.CreatePort(ctx, newest, &baremetal.Port{NodeUUID: id, Address: "52:54:00:00:00:01"}, nil), baremetal.ErrConflict, "already exists"},
		{f.CreatePort(ctx, newest, &baremetal.Port{NodeUUID: id, Address: mac, Extra: baremetal.Object{"fixed_ip": " 10.0.0.7"}},
			baremetal.Object{"extra": nil}),
			baremetal.ErrConflict, "The fixed_ip 10.0.0.7 in extra is that of port " + other + ", too."},
		{f.CreatePort(ctx, newest, &baremetal.Port{NodeUUID: id, Address: mac, IsSmartNIC: true}, nil),
			baremetal.ErrInvalid, "Smart NIC port must have"},
		{f.CreatePort(ctx, newest, &baremetal.Port{NodeUUID: id, Address: mac, PXEEnabled: true, PortgroupUUID: other}, nil),
			baremetal.ErrConflict, "standalone"},
		{f.CreatePort(ctx, Rules{}, &baremetal.Port{NodeUUID: id, Address: mac}, managed),
			baremetal.ErrTooNew, "Request not acceptable."},
		{f.CreatePort(ctx, newest, &baremetal.Port{NodeUUID: id, Address: mac}, baremetal.Object{"physical_network": ""}),
			baremetal.ErrInvalid, "non-empty value"},
		{f.Targets().Create(ctx, &baremetal.VolumeTarget{NodeUUID: other}), baremetal.ErrInvalid, "node_uuid. Value: '" + other + "'. "},
		{f.Targets().Create(ctx, &baremetal.VolumeTarget{NodeUUID: id}), baremetal.ErrConflict, "boot index '0'"},
		{kept.Targets().Create(ctx, &baremetal.VolumeTarget{NodeUUID: id, BootIndex: 1}), baremetal.ErrConflict, "a deployment has made it"},
		{kept.Targets().Delete(ctx, id), baremetal.ErrConflict, "a deployment has made it"},
		{f.CreateAllocation(ctx, newest, &baremetal.Allocation{}), baremetal.ErrInvalid, "resource_class field is mandatory"},
		{f.CreateAllocation(ctx, Rules{}, &baremetal.Allocation{NodeUUID: id}), baremetal.ErrInvalid, "Cannot set node"},
		{f.CreateAllocation(ctx, newest, &baremetal.Allocation{ResourceClass: "x", CandidateNodes: []string{"a", "pc", "b"}}),
			baremetal.ErrInvalid, "found: a, b"},
		{f.DeleteAllocationOf(ctx, id, "pc"), baremetal.ErrNotFound, "Allocation for node pc was not found"},
		{f.RemoveTrait(ctx, id, "CUSTOM_A"), baremetal.ErrNotFound, "doesn't have a trait 'CUSTOM_A'"},
		{f.SetTargetRAID(ctx, id, Rules{}, nil, nil), baremetal.ErrTooNew, "Request not acceptable."},
		{f.CreateTemplate(ctx, &baremetal.DeployTemplate{Name: "CUSTOM_A", Steps: []baremetal.Object{step, step}}),
			baremetal.ErrInvalid, "Duplicates: interface: raid, step: s."},
		{f.CreateRunbook(ctx, &baremetal.Runbook{Name: "CUSTOM_A", Steps: []baremetal.Object{step, step}}),
			baremetal.ErrInvalid, "Duplicates: interface: raid, step: s."},
		{f.CreateRunbook(ctx, &baremetal.Runbook{Name: "CUSTOM_A", Owner: "me"}), baremetal.ErrInvalid, "other than your own project"},
		{f.AddRunbookTrait(ctx, "CUSTOM_A", "CUSTOM_B"), baremetal.ErrNotFound, "Runbook CUSTOM_A could not be found."},
		{f.CreateInspectionRule(ctx, &baremetal.InspectionRule{Phase: "late"}), baremetal.ErrInvalid,
			"Invalid phase: late. Valid phases are: main"},
		{f.CreateNode(ctx, newest, &baremetal.Node{ParentNode: "nobody"}, nil), baremetal.ErrInvalid,
			"Unable to apply the requested parent_node 'nobody'. Requested value was invalid."},
	} {
		if !errors.Is(c.err, c.kind) || !strings.Contains(c.err.Error(), c.says) {
			t.Errorf("%v, want %v with %q", c.err, c.kind, c.says)
		}
	}
	if got := events(t, f); len(got) > 0 {
		t.Errorf("events %q, want none", got)
	}
}

// TestAgentTokenIsGivenOnce: the token is returned once, and dropped at power-off, or when the machine starts anew before
// its ramdisk has reported.
func TestAgentTokenIsGivenOnce(t *testing.T) {
	f := setup(t, func(*baremetal.Node) {})
	look := func() string {
		_, token, err := f.LookUp(t.Context(), newest, "", []string{"52:54:00:00:00:01"})
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	first := look()
	if second := look(); len(first) < 20 || second != baremetal.Mask {
		t.Errorf("tokens %q and %q, want a long one and the mask", first, second)
	}
	err := f.edit(t.Context(), id, func(tx *store.Tx, n *baremetal.Node) error { ForgetAgent(n); return tx.Nodes().Update(n) })
	if err != nil {
		t.Fatal(err)
	}
	if third := look(); third == baremetal.Mask || third == first {
		t.Errorf("token after the machine was off = %q, want a new one", third)
	}
	startsAnew := func() error {
		return f.store.Append(t.Context(), baremetal.Event{Node: id, Kind: baremetal.EventScript, At: time.Now()})
	}
	if err := startsAnew(); err != nil {
		t.Fatal(err)
	}
	fourth := look()
	if len(fourth) < 20 || fourth == first {
		t.Errorf("token after the machine has started anew = %q, want a new one", fourth)
	}
	beat := Heartbeat{CallbackURL: "https://192.0.2.1:9999", Token: &fourth, Facts: baremetal.Object{"agent_version": "1"}}
	n, _, err := f.LookUp(t.Context(), newest, id, nil)
	if err := errors.Join(err, f.Beat(t.Context(), n, beat), startsAnew()); err != nil {
		t.Fatal(err)
	}
	if fifth := look(); fifth != baremetal.Mask {
		t.Errorf("another token, %q, while a ramdisk has reported", fifth)
	}
	if _, token, err := f.LookUp(t.Context(), Rules{}, id, nil); token != "" || err != nil {
		t.Errorf("an old ramdisk gets %q, %v, want no token", token, err)
	}
}

// TestADeletedNodeLeavesItsVolume: the volume of a deleted node stays if the node was
// deployed; otherwise it is deleted too.
func TestADeletedNodeLeavesItsVolume(t *testing.T) {
	for state, stays := range map[baremetal.ProvisionState]bool{
		baremetal.Active: true, baremetal.DeployFailed: true, baremetal.Available: false,
	} {
		f := setup(t, func(n *baremetal.Node) { n.ProvisionState, n.Maintenance = state, true })
		err := f.store.Update(t.Context(), func(tx *store.Tx) error {
			return errors.Join(
				tx.Volumes().Insert(&baremetal.Volume{UUID: "own", NodeUUID: id}),
				tx.Volumes().Insert(&baremetal.Volume{UUID: "overlay", NodeUUID: id}),
				tx.Targets().Insert(&baremetal.VolumeTarget{UUID: "t", NodeUUID: id, VolumeType: "iscsi", BootIndex: 9, VolumeID: "own"}))
		})
		if err != nil {
			t.Fatal(err)
		}
		err = f.store.Update(t.Context(), func(tx *store.Tx) error {
			n, err := tx.Nodes().Get(id)
			if err != nil {
				return err
			}
			if err := keepVolumes(tx, n); err != nil {
				return err
			}
			own, err := tx.Volumes().Get("own")
			if err != nil {
				return err
			}
			overlay, err := tx.Volumes().Get("overlay")
			if (own.NodeUUID == "") != stays || overlay.NodeUUID != id {
				t.Errorf("%s: node_uuid of the own volume = %q, of the overlay %q, want the first to stay: %v",
					state, own.NodeUUID, overlay.NodeUUID, stays)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// Options of a volume target that cannot be read are refused where they are written, with
// what to set instead. Those that are stored already stand in the way of nothing else.
func TestTargetOptionsAreRead(t *testing.T) {
	f := setup(t, func(*baremetal.Node) {})
	odd := baremetal.Object{"reset_on_boot": "perhaps"}
	set := patch(func(v *baremetal.VolumeTarget) { v.Properties = odd }, "properties")
	_, changed := f.Targets().Update(t.Context(), id, set)
	for what, err := range map[string]error{
		"create": f.Targets().Create(t.Context(),
			&baremetal.VolumeTarget{UUID: "t", NodeUUID: id, VolumeType: "iscsi", BootIndex: 1, Properties: odd}),
		"change": changed,
	} {
		if !errors.Is(err, baremetal.ErrInvalid) || !strings.Contains(err.Error(), `reset_on_boot is "perhaps": set it to true or false.`) {
			t.Errorf("%s = %v, want a refusal that names the remedy", what, err)
		}
	}
	err := f.store.Update(t.Context(), func(tx *store.Tx) error {
		stored, err := tx.Targets().Get(id)
		if err != nil {
			return err
		}
		stored.Properties = odd
		return tx.Targets().Update(stored)
	})
	if err == nil {
		_, err = f.Targets().Update(t.Context(), id, patch(func(v *baremetal.VolumeTarget) { v.Extra = baremetal.Object{"a": 1} }, "extra"))
	}
	if err != nil {
		t.Errorf("a change of another field = %v", err)
	}
}

// TestPhysicalNetworkOfAPortgroup: its ports are all of one.
func TestPhysicalNetworkOfAPortgroup(t *testing.T) {
	s := storetest.Open(t)
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		return errors.Join(
			tx.Nodes().Insert(&baremetal.Node{UUID: id, Driver: "d", ProvisionState: baremetal.Enroll}),
			tx.Portgroups().Insert(&baremetal.Portgroup{UUID: id, NodeUUID: id, Mode: "802.3ad", StandalonePorts: true}),
			tx.Ports().Insert(&baremetal.Port{UUID: id, NodeUUID: id, Address: "52:54:00:00:00:01", PortgroupUUID: id, PhysicalNetwork: "one"}))
	})
	if err != nil {
		t.Fatal(err)
	}
	bound, three := "c", "three"
	err = s.Update(t.Context(), func(tx *store.Tx) error {
		return tx.Portgroups().Insert(&baremetal.Portgroup{UUID: bound, NodeUUID: id, Mode: "802.3ad", StandalonePorts: true,
			PhysicalNetwork: &three})
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		port    baremetal.Port
		given   baremetal.Object
		refused string
	}{
		{baremetal.Port{UUID: "b", PortgroupUUID: bound, PhysicalNetwork: three}, baremetal.Object{"portgroup_uuid": bound}, ""},
		{baremetal.Port{UUID: "b", PortgroupUUID: bound, PhysicalNetwork: "one"}, baremetal.Object{"portgroup_uuid": bound},
			"in physical network three"},
		{baremetal.Port{UUID: "b", PortgroupUUID: id, PhysicalNetwork: "one"}, baremetal.Object{"portgroup_uuid": id, "physical_network": "one"},
			""},
		{baremetal.Port{UUID: "b", PortgroupUUID: id, PhysicalNetwork: "two"}, baremetal.Object{"portgroup_uuid": id, "physical_network": "two"},
			"physical network two"},
		{baremetal.Port{UUID: "b", PortgroupUUID: id}, baremetal.Object{"portgroup_uuid": id}, "physical network None"},
		{baremetal.Port{UUID: "b", PhysicalNetwork: "two"}, baremetal.Object{"physical_network": "two"}, ""},
		{baremetal.Port{UUID: id, PortgroupUUID: id, PhysicalNetwork: "two"}, baremetal.Object{"physical_network": "two"}, ""}, // its only port
		// as it was before
		{baremetal.Port{UUID: "b", PortgroupUUID: id, PhysicalNetwork: "two"}, baremetal.Object{"extra": nil}, ""},
	} {
		c.port.NodeUUID = id
		err := s.View(t.Context(), func(tx *store.Tx) error { return checkPort(tx, newest, &c.port, c.given) })
		if c.refused == "" && err != nil || c.refused != "" &&
			(!errors.Is(err, baremetal.ErrConflict) || !strings.Contains(err.Error(), c.refused)) {
			t.Errorf("port %+v, given %v: %v, want %q", c.port, c.given, err, c.refused)
		}
	}
}
