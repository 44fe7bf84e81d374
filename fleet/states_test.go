package fleet

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/store"
	"ironhook/store/storetest"
)

// every lists all provision states of a node.
var every = []baremetal.ProvisionState{
	baremetal.Enroll, baremetal.Verifying, baremetal.Manageable, baremetal.Available, baremetal.Active, baremetal.Deploying,
	baremetal.DeployWait, baremetal.DeployFailed, baremetal.Deleting, baremetal.Cleaning, baremetal.CleanWait, baremetal.CleanFailed,
	baremetal.Failed, baremetal.Inspecting, baremetal.InspectWait, baremetal.InspectFailed, baremetal.Adopting, baremetal.AdoptFailed,
	baremetal.Rescue, baremetal.Rescuing, baremetal.RescueWait, baremetal.RescueFailed, baremetal.Unrescuing, baremetal.UnrescueFailed,
	baremetal.DeployHold, baremetal.CleanHold, baremetal.Servicing, baremetal.ServiceWait, baremetal.ServiceFailed, baremetal.ServiceHold,
}

var newest = Rules{Names: AnyNames, Enrols: true, ChassisRemovable: true, InspectingLocks: true,
	NetworkType: true, TargetRAID: true, Backfill: true, AgentToken: true, RunbookTraits: true}

// TestRulesOverStates checks each rule in every state: where it allows the request, and
// part of Ironic's message elsewhere.
func TestRulesOverStates(t *testing.T) {
	const resting = "enroll|verifying|manageable|available|active|deploy failed|clean failed|error|inspect wait|inspect failed|" +
		"adopt failed|rescue|rescue failed|unrescue failed|service hold|service failed"
	const inspecting = `while it is in state "inspecting".`
	for _, c := range []struct {
		rule   string
		do     func(n *baremetal.Node) error
		allows string // states, apart by "|"
		says   string
		always bool // maintenance lifts the rule
	}{
		{"delete a node", mayDelete, "enroll|manageable|available|adopt failed",
			`perform deletion are: "('manageable', 'enroll', 'adopt failed', 'available')", or set`, true},
		{"change a node", func(n *baremetal.Node) error { return mayUpdate(n, newest, NodePatch{Ident: "pc"}) },
			resting,
			"Node pc can not be updated while a state transition is in progress.", false},
		{"change a node by an old client", func(n *baremetal.Node) error { return mayUpdate(n, Rules{}, NodePatch{Ident: "pc"}) },
			resting + "|inspecting",
			"Node pc can not be updated", false},
		{"take the instance off", func(n *baremetal.Node) error { return mayUpdate(n, newest, NodePatch{Ident: "pc", Unbinds: true}) },
			resting,
			"Node pc can not be updated", true},
		{"change an interface", func(n *baremetal.Node) error {
			return New(nil, willing{}).updateInterfaces(n, []string{"boot_interface"}, false)
		}, "enroll|inspecting|inspect wait|manageable|available",
			"boot_interface updated unless it is in one of allowed (enroll, inspecting, inspect wait, manageable, available) states or", true},
		{"change the resource class", func(n *baremetal.Node) error {
			before := *n
			before.ResourceClass = "old"
			return checkInstance(nil, &before, n, []string{"resource_class"})
		}, "enroll|inspecting|inspect wait|manageable|available", "can not have resource_class updated unless", false},
		{"protect", func(n *baremetal.Node) error {
			n.Protected = true
			return checkFlags(n, []string{"protected"})
		}, "active|rescue", "only be made protected in provision states 'active' or 'rescue', the current", false},
		{"cable a port", func(n *baremetal.Node) error {
			return mayChangePort(Rules{}, n, &baremetal.Port{}, []string{"extra", "pxe_enabled"})
		}, "enroll|inspecting|inspect wait|manageable", "is in a enroll, inspecting, inspect wait, manageable state or in maintenance", true},
		{"change a port", func(n *baremetal.Node) error { return mayChangePort(newest, n, &baremetal.Port{}, []string{"extra"}) },
			without(baremetal.Inspecting), inspecting, false},
		{"change the address of a port", func(n *baremetal.Node) error {
			return mayChangePort(Rules{}, n, &baremetal.Port{}, []string{"address"})
		}, without(baremetal.Active), "Cannot update hardware address for port", true},
		{"rename a portgroup", func(n *baremetal.Node) error {
			return mayChangePortgroup(nil, newest, n, &baremetal.Portgroup{}, false)
		}, without(baremetal.Inspecting), inspecting, false},
	} {
		allowed := strings.Split(c.allows, "|")
		for _, state := range every {
			for _, maintenance := range []bool{false, true} {
				n := &baremetal.Node{UUID: "n", ProvisionState: state, TargetProvisionState: state.Goal(), Maintenance: maintenance}
				err := c.do(n)
				want := slices.Contains(allowed, string(state)) || maintenance && c.always
				if want != (err == nil) {
					t.Errorf("%s in state %q, maintenance %v: %v, want it allowed: %v", c.rule, state, maintenance, err, want)
				}
				if err == nil {
					continue
				}
				said := strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), inspecting)
				if !errors.Is(err, baremetal.ErrConflict) || !said {
					t.Errorf("%s in state %q: %q, want a conflict with %q", c.rule, state, err, c.says)
				}
			}
		}
	}
}

// without lists all states except these.
func without(these ...baremetal.ProvisionState) string {
	return states(slices.DeleteFunc(slices.Clone(every), states(these).has)).join("|")
}

// TestVolumesOfARunningMachine: a change needs the machine off, or one that cannot be on:
// its power is not known, it has no instance, and nothing is attached. A deletion also
// passes in the states in which no machine can run from its volumes.
func TestVolumesOfARunningMachine(t *testing.T) {
	s := storetest.Open(t)
	for _, attached := range []bool{false, true} {
		err := s.Update(t.Context(), func(tx *store.Tx) error {
			if attached {
				return errors.Join(
					tx.Nodes().Insert(&baremetal.Node{UUID: "n", Driver: "d", ProvisionState: baremetal.Available}),
					tx.Targets().Insert(&baremetal.VolumeTarget{UUID: "t", NodeUUID: "n", VolumeType: "iscsi", VolumeID: "v"}),
					tx.Grants().Insert(&baremetal.Grant{IQN: "iqn.t", Target: "t", Node: "n", Volume: "v", Initiator: "i", User: "u", Secret: "s"}))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, state := range []baremetal.ProvisionState{baremetal.Enroll, baremetal.Available, baremetal.Active, baremetal.DeployFailed} {
			for _, power := range []baremetal.PowerState{"", baremetal.PowerOn, baremetal.PowerError, baremetal.PowerOff} {
				err := s.View(t.Context(), func(tx *store.Tx) error {
					return mustRest(tx, &baremetal.Node{UUID: "n", PowerState: power, ProvisionState: state}, "volume target update")
				})
				fresh := power == "" && (state == baremetal.Enroll || state == baremetal.Available) && !attached
				if (err == nil) != (power == baremetal.PowerOff || fresh) {
					t.Errorf("%s, power %q, attached %v: %v", state, power, attached, err)
				}
				if err != nil && !errors.Is(err, baremetal.ErrInvalid) {
					t.Errorf("power %q: %v, want %v", power, err, baremetal.ErrInvalid)
				}
			}
		}
	}
	if got := unused.String(); got != "manageable, enroll, adopt failed" {
		t.Errorf("deletable under power in %s", got)
	}
}

func TestNames(t *testing.T) {
	long := strings.Repeat("a", 256)
	for _, c := range []struct {
		rule NameRule
		name string
		want error
	}{
		{NoNames, "pc", baremetal.ErrTooNew}, {HostNames, "pc-7.example.org", nil}, {HostNames, "pc_7", baremetal.ErrInvalid},
		{HostNames, "PC", baremetal.ErrInvalid}, {AnyNames, "PC_7~x", nil}, {AnyNames, "", baremetal.ErrInvalid},
		{AnyNames, "a b", baremetal.ErrInvalid},
		{AnyNames, long, baremetal.ErrInvalid}, {AnyNames, long[1:], nil},
		{AnyNames, "00000000-0000-4000-8000-000000000001", baremetal.ErrInvalid},
		{AnyNames, "detail", baremetal.ErrInvalid}, {AnyNames, "management", baremetal.ErrInvalid}, {HostNames, "states", baremetal.ErrInvalid},
	} {
		if err := (Rules{Names: c.rule}).checkName(c.name, "no: %s"); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("name %q by rule %d: %v, want %v", c.name, c.rule, err, c.want)
		}
	}
}

func TestFlags(t *testing.T) {
	for _, c := range []struct {
		node    baremetal.Node
		changed string
		want    error
	}{
		{baremetal.Node{ProtectedReason: "x"}, "protected_reason", baremetal.ErrInvalid},
		{baremetal.Node{Protected: true, ProtectedReason: "x"}, "protected_reason", nil},
		{baremetal.Node{RetiredReason: "x"}, "retired_reason", baremetal.ErrInvalid},
		{baremetal.Node{Retired: true, ProvisionState: baremetal.Available}, "retired", baremetal.ErrConflict},
		{baremetal.Node{Retired: true, ProvisionState: baremetal.Active}, "retired", nil},
		{baremetal.Node{RetiredReason: "x"}, "retired", nil},
		{baremetal.Node{ProtectedReason: "x"}, "protected", nil},
		{baremetal.Node{MaintenanceReason: "x", Fault: "x"}, "maintenance", nil},
	} {
		n := c.node
		if err := checkFlags(&n, []string{c.changed}); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s of %+v: %v, want %v", c.changed, c.node, err, c.want)
		} else if err == nil && !strings.HasSuffix(c.changed, "reason") && n.ProtectedReason+n.RetiredReason+n.MaintenanceReason+n.Fault != "" {
			t.Errorf("%s is off and its reason stays: %+v", c.changed, n)
		}
	}
}

func TestHeartbeats(t *testing.T) {
	right, wrong := "right", "wrong"
	version := baremetal.Object{"agent_version": "9"}
	for _, c := range []struct {
		known baremetal.Object // driver_internal_info
		beat  Heartbeat
		says  string // "" is accepted
	}{
		{baremetal.Object{agentSecret: right}, Heartbeat{CallbackURL: "u", Token: &right, Facts: version}, ""},
		{baremetal.Object{agentSecret: right, "agent_url": "u"},
			Heartbeat{CallbackURL: "u", Token: &right, Facts: baremetal.Object{"agent_status": "end"}}, ""},
		{baremetal.Object{agentSecret: right, "agent_url": "other"}, Heartbeat{CallbackURL: "u", Token: &right, Facts: version},
			"Detected change"},
		{baremetal.Object{agentSecret: right}, Heartbeat{Facts: version}, "token is required"},
		{baremetal.Object{agentSecret: right}, Heartbeat{Token: &right, Facts: baremetal.Object{"agent_status": "x"}}, "status is invalid"},
		{baremetal.Object{agentSecret: right}, Heartbeat{Token: &right}, "did not transmit a version"},
		{baremetal.Object{agentSecret: right}, Heartbeat{Token: &wrong, Facts: version}, "Invalid or missing agent token"},
		{nil, Heartbeat{Token: new(string), Facts: version}, "Invalid or missing agent token"},
	} {
		err := mayBeat(&baremetal.Node{DriverInternalInfo: c.known}, c.beat)
		if (err == nil) != (c.says == "") || err != nil && (!errors.Is(err, baremetal.ErrInvalid) || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%+v on %v: %v, want %q", c.beat, c.known, err, c.says)
		}
	}
}
