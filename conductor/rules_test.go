package conductor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/store"
)

// TestEveryVerbOutsideTheTableIsRefused: a transition that is not in the state table is
// Ironic's 400, changes nothing and reaches no machine.
func TestEveryVerbOutsideTheTableIsRefused(t *testing.T) {
	c, m := setup(t, baremetal.Enroll)
	states := []baremetal.ProvisionState{
		baremetal.Enroll, baremetal.Verifying, baremetal.Manageable, baremetal.Available, baremetal.Active, baremetal.Deploying,
		baremetal.DeployWait, baremetal.DeployFailed, baremetal.Deleting, baremetal.Cleaning, baremetal.CleanWait, baremetal.CleanFailed,
		baremetal.Failed, baremetal.Inspecting, baremetal.InspectWait, baremetal.InspectFailed, baremetal.Adopting, baremetal.AdoptFailed,
		baremetal.Rescue, baremetal.Rescuing, baremetal.RescueWait, baremetal.RescueFailed, baremetal.Unrescuing, baremetal.UnrescueFailed,
		baremetal.DeployHold, baremetal.CleanHold, baremetal.Servicing, baremetal.ServiceWait, baremetal.ServiceFailed, baremetal.ServiceHold,
	}
	for _, state := range states {
		edit(t, c, func(n *baremetal.Node) { n.ProvisionState = state })
		before := settled(t, c)
		for _, verb := range append(slices.Sorted(maps.Keys(verbs)), "bogus") {
			if _, legal := state.Next(verbs[verb]); legal {
				continue
			}
			err := c.Provision(t.Context(), "pc", ProvisionRequest{Target: verb, CleanSteps: []baremetal.Object{}})
			want := fmt.Sprintf("The requested action %q can not be performed on node %q while it is in state %q.", verb, id, state)
			if !errors.Is(err, baremetal.ErrInvalid) || err.Error() != want {
				t.Errorf("%s in %q = %v, want %s", verb, state, err, want)
			}
		}
		if after := settled(t, c); !reflect.DeepEqual(after, before) {
			t.Errorf("verbs refused in %q changed the node: %+v, was %+v", state, after, before)
		}
	}
	if len(m.actions()) > 0 {
		t.Errorf("refused, yet done %q", m.actions())
	}
}

// TestRulesOfTheNode: a node in maintenance cannot be deployed; a protected one cannot be
// rebuilt or undeployed.
func TestRulesOfTheNode(t *testing.T) {
	for _, test := range []struct {
		what, verb string
		state      baremetal.ProvisionState
		set        func(*baremetal.Node)
		kind       error
	}{
		{"maintenance", "active", baremetal.Available, func(n *baremetal.Node) { n.Maintenance = true }, baremetal.ErrInvalid},
		{"maintenance", "rebuild", baremetal.Active, func(n *baremetal.Node) { n.Maintenance = true }, baremetal.ErrInvalid},
		{"maintenance", "deleted", baremetal.Active, func(n *baremetal.Node) { n.Maintenance = true }, nil},
		{"maintenance", "manage", baremetal.Available, func(n *baremetal.Node) { n.Maintenance = true }, nil},
		{"protection", "rebuild", baremetal.Active, func(n *baremetal.Node) { n.Protected = true }, baremetal.ErrForbidden},
		{"protection", "deleted", baremetal.Active, func(n *baremetal.Node) { n.Protected = true }, baremetal.ErrForbidden},
		{"protection", "rescue", baremetal.Active, func(n *baremetal.Node) { n.Protected = true }, nil},
	} {
		c, m := setup(t, test.state)
		edit(t, c, test.set)
		err := c.Provision(t.Context(), "pc", ProvisionRequest{Target: test.verb})
		if !errors.Is(err, test.kind) || test.kind == nil && err != nil {
			t.Errorf("%s of a node in %s: %v, want %v", test.verb, test.what, err, test.kind)
		}
		if n := settled(t, c); err != nil && (n.ProvisionState != test.state || len(m.actions()) > 0) {
			t.Errorf("%s of a node in %s was refused, yet it is %q and was done %q", test.verb, test.what, n.ProvisionState, m.actions())
		}
	}
}

// moves lists the state changes of the node in the log.
func moves(t *testing.T, c *Conductor) (list []string) {
	t.Helper()
	err := c.Store.View(t.Context(), func(tx *store.Tx) error {
		events, err := tx.Events(store.EventQuery{Node: id, Kinds: []baremetal.EventKind{baremetal.EventProvision}})
		for _, e := range events {
			list = append(list, e.Detail)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestEventsTellEveryMove: each change of the state is in the log, also a failure.
func TestEventsTellEveryMove(t *testing.T) {
	for _, test := range []struct {
		verb string
		from baremetal.ProvisionState
		fail string
		want []string
	}{
		{"provide", baremetal.Manageable, "", []string{"manageable -> cleaning", "cleaning -> available"}},
		{"active", baremetal.Available, "", []string{"available -> deploying", "deploying -> active"}},
		{"active", baremetal.Available, "power on", []string{"available -> deploying", "deploying -> deploy failed"}},
		{"deleted", baremetal.Active, "", []string{"active -> deleting", "deleting -> cleaning", "cleaning -> available"}},
		{"manage", baremetal.Enroll, "state", []string{"enroll -> verifying", "verifying -> enroll"}},
	} {
		c, m := setup(t, test.from)
		m.fail[test.fail] = errors.New("no answer")
		if err := c.Provision(t.Context(), "pc", ProvisionRequest{Target: test.verb}); err != nil {
			t.Fatal(err)
		}
		settled(t, c)
		if got := moves(t, c); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s (%q fails): the log has %q, want %q", test.verb, test.fail, got, test.want)
		}
	}
}

// TestAMachineThatCannotBeSwitchedOffKeepsItsVolumes: it may still write, so no other
// machine may have them.
func TestAMachineThatCannotBeSwitchedOffKeepsItsVolumes(t *testing.T) {
	for _, act := range []func(c *Conductor) error{
		func(c *Conductor) error { return c.Provision(t.Context(), "pc", ProvisionRequest{Target: "deleted"}) },
		func(c *Conductor) error { return c.SetPower(t.Context(), "pc", baremetal.PowerOff, 0) },
		func(c *Conductor) error { return c.SetPower(t.Context(), "pc", baremetal.SoftPowerOff, 0) },
		func(c *Conductor) error { return c.SetPower(t.Context(), "pc", baremetal.Reboot, 0) },
	} {
		c, m := setup(t, baremetal.Active)
		m.state = baremetal.PowerOn
		for _, target := range []baremetal.PowerState{baremetal.PowerOff, baremetal.SoftPowerOff, baremetal.Reboot} {
			m.fail[string(target)] = errors.New("no answer")
		}
		if err := act(c); err != nil {
			t.Fatal(err)
		}
		n := settled(t, c)
		if slices.Contains(m.actions(), "detach") || n.LastError == "" {
			t.Errorf("done %q, last_error %q; want no detach, and the reason", m.actions(), n.LastError)
		}
		err := c.Store.View(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Targets().Get(id)
			return err
		})
		if err != nil {
			t.Errorf("its volume target: %v", err)
		}
	}
}

// TestASwitchForgetsTheRamdisk: the secret of a ramdisk ends with the ramdisk.
func TestASwitchForgetsTheRamdisk(t *testing.T) {
	c, _ := setup(t, baremetal.Active)
	edit(t, c, func(n *baremetal.Node) {
		n.DriverInternalInfo = baremetal.Object{
			"agent_url": "http://192.0.2.1:9999", "agent_secret_token": "hunter2", "agent_verify_ca": "pem", "kept": "yes",
		}
	})
	if err := c.SetPower(t.Context(), "pc", baremetal.PowerOn, 0); err != nil {
		t.Fatal(err)
	}
	info := settled(t, c).DriverInternalInfo
	for _, key := range []string{"agent_url", "agent_secret_token", "agent_verify_ca"} {
		if info[key] != nil {
			t.Errorf("%s is %v after the machine was switched", key, info[key])
		}
	}
	if info["kept"] != "yes" {
		t.Errorf("driver_internal_info = %v, want the rest kept", info)
	}
}

// TestTearDownLeavesNoSecretOfTheLastUser: the next user cannot read what was deployed
// before.
func TestTearDownLeavesNoSecretOfTheLastUser(t *testing.T) {
	c, _ := setup(t, baremetal.Active)
	edit(t, c, func(n *baremetal.Node) {
		n.InstanceInfo = baremetal.Object{"configdrive": "H4sI", "image_source": "golden"}
		n.InstanceUUID = "00000000-0000-4000-8000-000000000007"
	})
	if err := c.Provision(t.Context(), "pc", ProvisionRequest{Target: "deleted"}); err != nil {
		t.Fatal(err)
	}
	if n := settled(t, c); len(n.InstanceInfo) > 0 || n.InstanceUUID != "" {
		t.Errorf("instance_info %v, instance_uuid %q are left", n.InstanceInfo, n.InstanceUUID)
	}
}

// TestUndoneInReverse: the failed step and those before it are undone, the last one first,
// even if an undo fails; all errors are reported.
func TestUndoneInReverse(t *testing.T) {
	c, m := setup(t, baremetal.Deploying)
	step := func(name string) Step {
		return Step{
			Name: name,
			Do:   func(context.Context, *baremetal.Node) error { return m.note("do " + name) },
			Undo: func(context.Context, *baremetal.Node) error { return m.note("undo " + name) },
		}
	}
	m.fail["do c"], m.fail["undo b"] = errors.New("no c"), errors.New("no way back")
	bare := step("x")
	bare.Undo = nil
	_, err := c.follow(t.Context(), id, deploying, []Step{step("a"), bare, step("b"), step("c"), step("d")}, 0)
	if err == nil || !strings.Contains(err.Error(), "c: no c") || !strings.Contains(err.Error(), "undo b: no way back") {
		t.Errorf("follow = %v, want both failures", err)
	}
	if want := []string{"do a", "do x", "do b", "do c", "undo c", "undo b", "undo a"}; !reflect.DeepEqual(m.actions(), want) {
		t.Errorf("done %q, want %q", m.actions(), want)
	}
}

// TestAMachineThatCameOnLateIsUndone: its BMC reported a failure, and it is on. A failed
// deployment leaves it off and without its volumes.
func TestAMachineThatCameOnLateIsUndone(t *testing.T) {
	c, m := setup(t, baremetal.Available)
	m.fail["power on"], m.fails = errors.New("no answer"), func() { m.state = baremetal.PowerOn }
	if err := c.Provision(t.Context(), "pc", ProvisionRequest{Target: "active"}); err != nil {
		t.Fatal(err)
	}
	n := settled(t, c)
	done := m.actions()
	off := slices.Index(done, "power off")
	if off < 0 || !slices.Contains(done[off:], "detach") || n.PowerState != baremetal.PowerOff || n.ProvisionState != baremetal.DeployFailed {
		t.Errorf("done %q, node %q and %q; want it off, then detached", done, n.ProvisionState, n.PowerState)
	}
}

// TestWhatCannotBeDoneIsRefused before anything is touched, all of it at once; validate
// says the same of what it can know.
func TestWhatCannotBeDoneIsRefused(t *testing.T) {
	step := baremetal.Object{"interface": "raid", "step": "apply", "args": map[string]any{"password": "hush"}, "priority": 1}
	const noStep = "node does not support this deploy step: {'interface': 'raid', 'step': 'apply'"
	for _, c := range []struct {
		what     string
		set      func(*baremetal.Node)
		request  ProvisionRequest
		want     []string
		validate bool // says it, too
	}{
		{"steps", func(*baremetal.Node) {}, ProvisionRequest{Target: "active", DeploySteps: []baremetal.Object{step}}, []string{noStep}, false},
		{"a template", func(n *baremetal.Node) {
			n.Traits, n.InstanceInfo = []string{"CUSTOM_RAID"}, baremetal.Object{"traits": []any{"CUSTOM_RAID"}}
		}, ProvisionRequest{Target: "active"}, []string{"names deploy template " + id}, true},
		{"a trait that the node has not", func(n *baremetal.Node) { n.InstanceInfo = baremetal.Object{"traits": []any{"CUSTOM_GPU"}} },
			ProvisionRequest{Target: "active"}, []string{"is missing traits CUSTOM_GPU."}, true},
		{"everything", func(n *baremetal.Node) {
			n.InstanceInfo = baremetal.Object{"traits": []any{"CUSTOM_GPU"}}
			n.DriverInfo = baremetal.Object{"broken": "yes"}
			n.Properties = nil
		}, ProvisionRequest{Target: "rebuild", DeploySteps: []baremetal.Object{step}},
			[]string{noStep, "is missing traits", "broken", "the capability 'iscsi_boot' is not set"}, false},
	} {
		state := baremetal.Available
		if c.request.Target == "rebuild" {
			state = baremetal.Active
		}
		conductor, m := setup(t, state)
		err := conductor.Store.Update(t.Context(), func(tx *store.Tx) error {
			return tx.DeployTemplates().Insert(&baremetal.DeployTemplate{UUID: id, Name: "CUSTOM_RAID", Steps: []baremetal.Object{step}})
		})
		if err != nil {
			t.Fatal(err)
		}
		edit(t, conductor, c.set)
		before := settled(t, conductor)
		err = conductor.Provision(t.Context(), "pc", c.request)
		for _, want := range c.want {
			if !errors.Is(err, baremetal.ErrInvalid) || strings.Count(err.Error(), want) != 1 || strings.Contains(err.Error(), "hush") {
				t.Errorf("%s: %v, want %q once", c.what, err, want)
			}
		}
		if after := settled(t, conductor); !reflect.DeepEqual(after, before) || len(m.actions()) > 0 {
			t.Errorf("%s was refused, yet the node is %+v, was %+v, and was done %q", c.what, after, before, m.actions())
		}
		if reports, err := conductor.Validate(t.Context(), "pc"); err != nil || c.validate && reports[1].OK || c.validate &&
			!strings.Contains(reports[1].Reason, c.want[0]) {
			t.Errorf("%s: validate = %+v, %v, want %q for the deploy interface", c.what, reports, err, c.want)
		}
	}
}

// TestVerbsThatNeedARamdisk are refused where no interface does them: nothing would run on
// the machine.
func TestVerbsThatNeedARamdisk(t *testing.T) {
	for verb, state := range map[string]baremetal.ProvisionState{"inspect": baremetal.Manageable, "rescue": baremetal.Active} {
		c, m := setup(t, state)
		edit(t, c, func(n *baremetal.Node) { n.Interfaces[verb] = "no-" + verb })
		err := c.Provision(t.Context(), "pc", ProvisionRequest{Target: verb, RescuePassword: "hush"})
		if !errors.Is(err, baremetal.ErrUnsupported) || !strings.Contains(err.Error(), "does not support "+verb) {
			t.Errorf("%s = %v, want that the driver does not support it", verb, err)
		}
		if n := settled(t, c); n.ProvisionState != state || len(m.actions()) > 0 {
			t.Errorf("%s was refused, yet the node is %s, and was done %q", verb, n.ProvisionState, m.actions())
		}
	}
}
