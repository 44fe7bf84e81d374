package conductor

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
)

// given makes steps of "interface.step" and, for a deployment, "interface.step:priority".
func given(names ...string) (steps []baremetal.Object) {
	for _, name := range names {
		name, priority, ranked := strings.Cut(name, ":")
		kind, step, _ := strings.Cut(name, ".")
		s := baremetal.Object{"interface": kind, "step": step}
		if ranked {
			s["priority"] = json.Number(priority)
		}
		steps = append(steps, s)
	}
	return steps
}

// ask gives a verb with steps for whichever flow it begins, and waits for the node.
func ask(t *testing.T, c *Conductor, verb string, steps ...baremetal.Object) *baremetal.Node {
	t.Helper()
	r := ProvisionRequest{Target: verb}
	switch verb {
	case "clean":
		r.CleanSteps = steps
	case "service":
		r.ServiceSteps = steps
	case "active":
		r.DeploySteps = steps
	}
	if err := c.Provision(t.Context(), "pc", r); err != nil {
		t.Fatalf("%s: %v", verb, err)
	}
	return settled(t, c)
}

// The end of a flow is in the history in the state in which it came, and in the transaction that moves the node on: an exit
// between the two would leave a machine that runs what has failed.
func TestAFlowEndsAsTheNodeMovesOn(t *testing.T) {
	for _, f := range []struct {
		from  baremetal.ProvisionState
		verb  string
		steps string
		kind  string
		in    baremetal.ProvisionState
	}{
		{baremetal.Available, "active", "deploy.power_off:10", "deployment", baremetal.Deploying},
		{baremetal.Manageable, "clean", "deploy.power_off", "manual_cleaning", baremetal.Cleaning},
		{baremetal.Active, "service", "deploy.power_off", "servicing", baremetal.Servicing},
	} {
		c, m := setup(t, f.from)
		c.Storage["disks"] = &owner{disks: disks{m}}
		n := ask(t, c, f.verb, given(f.steps)...)
		var told []*baremetal.History
		err := c.Store.View(t.Context(), func(tx *store.Tx) (err error) {
			told, err = tx.Histories().List(store.Where("node_uuid", n.UUID))
			return err
		})
		if err != nil || len(told) != 2 {
			t.Fatalf("%s: %d entries of the history, %v", f.verb, len(told), err)
		}
		for i, kind := range []string{"_start", "_end"} {
			if told[i].EventType != f.kind+kind || told[i].State != f.in {
				t.Errorf("%s: entry %d is %s in %s, want %s in %s", f.verb, i, told[i].EventType, told[i].State, f.kind+kind, f.in)
			}
		}
		if !told[1].CreatedAt.Equal(n.ProvisionUpdatedAt) {
			t.Errorf("%s: the flow ended %v before the node moved on", f.verb, n.ProvisionUpdatedAt.Sub(told[1].CreatedAt))
		}
	}
}

// stories of the flows: a verb with steps, then verbs without, "beat" for a heartbeat of
// the node's ramdisk; the states that they lead to and what the machine did.
var stories = []struct {
	from   baremetal.ProvisionState
	verb   string
	steps  string // apart by spaces
	then   string // "verb -> state" apart by ", "
	did    string // apart by ", "
	latest string // a part of last_error
}{
	{baremetal.Active, "service", "deploy.power_off", "-> active", "power off, detach", ""},
	{baremetal.Active, "service", "deploy.power_off deploy.power_on", "-> active", "power off, detach, attach, boot pxe true, power on", ""},
	{baremetal.Active, "service", "management.reboot", "-> active", "attach, boot pxe true, rebooting", ""},
	{baremetal.Active, "service", "deploy.hold deploy.power_off", "-> service hold, unhold -> service wait, beat -> active",
		"power off, detach", ""},
	{baremetal.Active, "service", "deploy.power_off deploy.hold", "-> service hold, abort -> service failed, abort -> active",
		"power off, detach",
		"By request, the service operation was aborted"},
	{baremetal.Active, "service", "deploy.wait deploy.power_off", "-> service wait, beat -> active, beat -> active", "power off, detach", ""},
	{baremetal.Active, "service", "deploy.wait", "-> service wait, abort -> service failed", "",
		`By request, the service operation was aborted during or after the completion of step "deploy.wait"`},
	{baremetal.Active, "service", "deploy.wait", "-> service wait, deleted -> available", "power off, detach, detach, discard", ""},
	{baremetal.Active, "service", "deploy.nonesuch", "-> service failed, rescue -> rescue", "",
		""},
	{baremetal.Active, "service", "deploy.power_off deploy.nonesuch", "-> service failed", "",
		"Cannot service node " + id + ": node does not support this service step: {'interface': 'deploy', 'step': 'nonesuch'}"},
	{baremetal.Manageable, "clean", "deploy.hold deploy.power_on", "-> clean hold, unhold -> clean wait, beat -> manageable", "power on", ""},
	{baremetal.Manageable, "clean", "deploy.hold", "-> clean hold, abort -> clean failed, manage -> manageable", "",
		`By request, the clean operation was aborted during or after the completion of step "deploy.hold"`},
	{baremetal.Manageable, "clean", "bios.nonesuch raid.nonesuch", "-> clean failed", "",
		"Cannot clean node " + id + ": node does not support this clean step: {'interface': 'bios', 'step': 'nonesuch'}; node does not"},
	{baremetal.Available, "active", "deploy.hold:70", "-> deploy hold, unhold -> wait call-back, beat -> active",
		"detach, remake, attach, boot pxe true, power on", ""},
	{baremetal.Available, "active", "deploy.hold:90", "-> deploy hold, abort -> deploy failed, active -> active",
		"detach, detach, remake, attach, boot pxe true, power on", ""},
	{baremetal.Available, "active", "deploy.hold:0", "-> active", "detach, remake, attach, boot pxe true, power on", ""},
	{baremetal.Available, "active", "deploy.reboot:10", "-> active",
		"detach, remake, attach, boot pxe true, power on, attach, boot pxe true, rebooting", ""},
}

func TestFlows(t *testing.T) {
	for _, s := range stories {
		t.Run(s.verb+" "+s.steps, func(t *testing.T) {
			c, m := setup(t, s.from)
			c.Storage["disks"] = &owner{disks: disks{m}}
			if s.from == baremetal.Active {
				m.state = baremetal.PowerOn
			}
			edit(t, c, func(n *baremetal.Node) { n.Interfaces["inspect"], n.Interfaces["rescue"] = "fake", "fake" })
			n := ask(t, c, s.verb, given(strings.Fields(s.steps)...)...)
			for i, leg := range strings.Split(s.then, ", ") {
				verb, want, _ := strings.Cut(leg, "-> ")
				switch verb = strings.TrimSpace(verb); {
				case verb == "beat":
					if err := c.Continue(t.Context(), "pc"); err != nil {
						t.Fatal(err)
					}
					n = settled(t, c)
				case i > 0:
					n = ask(t, c, verb)
				}
				if string(n.ProvisionState) != want || n.ProvisionState.Goal() == "" && n.TargetProvisionState != "" {
					t.Fatalf("%q led to %q on its way to %q, error %q, want %s", verb, n.ProvisionState, n.TargetProvisionState, n.LastError, want)
				}
			}
			did := strings.ReplaceAll(strings.Join(m.actions(), ", "), "import, ", "")
			if did != s.did {
				t.Errorf("done %q, want %q", did, s.did)
			}
			if !strings.Contains(n.LastError, s.latest) {
				t.Errorf("last_error %q, want %q", n.LastError, s.latest)
			}
			if !n.ProvisionState.Pauses() && (n.CleanStep != nil || n.DeployStep != nil || n.ServiceStep != nil) {
				t.Errorf("at the end the node shows the steps %v, %v, %v", n.CleanStep, n.DeployStep, n.ServiceStep)
			}
		})
	}
}

// TestAStepThatFails puts the node into maintenance: nothing but the conductor knows how
// far it came.
func TestAStepThatFails(t *testing.T) {
	for verb, from := range map[string]baremetal.ProvisionState{"clean": baremetal.Manageable, "service": baremetal.Active} {
		c, m := setup(t, from)
		m.state = baremetal.PowerOn
		m.fail["power off"] = errors.New("no answer")
		n := ask(t, c, verb, baremetal.Object{"interface": "deploy", "step": "power_off", "args": map[string]any{"password": "sekret"}})
		want := "Node " + id + " failed step {'interface': 'deploy', 'step': 'power_off', 'args': {'password': '******'}}: no answer"
		if n.LastError != want || n.MaintenanceReason != want || !n.Maintenance || n.Fault != verb+" failure" {
			t.Errorf("%s: last_error %q, reason %q, maintenance %v, fault %q; want %q", verb, n.LastError, n.MaintenanceReason, n.Maintenance,
				n.Fault, want)
		}
		if goal := map[string]baremetal.ProvisionState{"clean": baremetal.Manageable,
			"service": baremetal.Active}[verb]; n.TargetProvisionState != goal {
			t.Errorf("%s: on its way to %q, want %q", verb, n.TargetProvisionState, goal)
		}
		err := c.Provision(t.Context(), "pc", ProvisionRequest{Target: "abort"})
		if verb == "service" && (err == nil || !strings.Contains(err.Error(), "Can not abort service on node")) {
			t.Errorf("abort in maintenance = %v, want a refusal", err)
		}
	}
}

// TestStepsOfInterfaces: what a fake interface does, and what it must be given.
func TestStepsOfInterfaces(t *testing.T) {
	n := &baremetal.Node{Interfaces: baremetal.Interfaces{"firmware": "fake", "bios": "no-bios"}}
	settings := map[string]any{"settings": []any{}}
	for _, test := range []struct {
		f    flow
		step baremetal.Object
		says string
	}{
		{cleaning, baremetal.Object{"interface": "firmware", "step": "update", "args": settings}, ""},
		{servicing, baremetal.Object{"interface": "firmware", "step": "update", "args": settings}, ""},
		{cleaning, baremetal.Object{"interface": "firmware", "step": "update"},
			"clean step {'interface': 'firmware', 'step': 'update', 'abortable': False, " +
				"'priority': 0} is missing these required arguments: settings (List of Firmware components, each item needs to contain"},
		{cleaning, baremetal.Object{"interface": "bios", "step": "factory_reset"}, "node does not support this clean step"},
		{servicing, baremetal.Object{"interface": "bios", "step": "factory_reset"}, "node does not support this service step"},
		{cleaning, baremetal.Object{"interface": "deploy", "step": "wait", "args": map[string]any{"seconds": 0.0}},
			"the step wait takes seconds above 0"},
		{cleaning, baremetal.Object{"interface": "deploy", "step": "hold", "execute_on_child_nodes": true}, "cannot be executed on child nodes"},
	} {
		_, err := (&Conductor{}).given(test.f, n, []baremetal.Object{test.step})
		if (err == nil) != (test.says == "") || err != nil &&
			(!errors.Is(err, baremetal.ErrInvalid) || !strings.Contains(err.Error(), test.says)) {
			t.Errorf("%v: %v, want %q", test.step, err, test.says)
		}
	}
}

// TestStepsOnChildren: on those of the node, or on some of them, each with its own lock.
func TestStepsOnChildren(t *testing.T) {
	c, m := setup(t, baremetal.Active)
	err := c.Store.Update(t.Context(), func(tx *store.Tx) error {
		for i, name := range []string{"a", "b"} {
			child := &baremetal.Node{UUID: strings.Repeat(name, 8) + id[8:], Name: name, ParentNode: id, Driver: "test",
				Interfaces: baremetal.Interfaces{"power": "bmc", "management": "bmc", "storage": "disks"}, Extra: baremetal.Object{"n": i}}
			if err := tx.Nodes().Insert(child); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	step := given("deploy.power_on")[0]
	step["execute_on_child_nodes"] = true
	ask(t, c, "service", step)
	m.state = baremetal.PowerOff
	step["limit_child_node_execution"] = []any{"b"}
	n := ask(t, c, "service", step)
	on := func(n *baremetal.Node) bool { return n.PowerState == baremetal.PowerOn }
	err = c.Store.View(t.Context(), func(tx *store.Tx) error {
		all, err := tx.Nodes().List(store.Where("parent_node", id))
		if len(all) != 2 || !on(all[0]) || !on(all[1]) || all[1].Reservation != "" {
			t.Errorf("children after: %+v", all)
		}
		return err
	})
	if err != nil || n.ProvisionState != baremetal.Active || on(n) {
		t.Errorf("node %q and %q, %v", n.ProvisionState, n.PowerState, err)
	}
	if done := strings.Count(strings.Join(m.actions(), " "), "power on"); done != 2 {
		t.Errorf("switched on %d times, want 2: one child was on, one was asked alone", done)
	}
}

// TestAPauseOfSeconds goes on by itself, at the latest after half a minute.
func TestAPauseOfSeconds(t *testing.T) {
	for seconds, want := range map[float64]time.Duration{2: 2 * time.Second, 3600: longestPause} {
		synctest.Test(t, func(t *testing.T) {
			step := Step{}
			if wrong := pause(&step, baremetal.Object{"args": map[string]any{"seconds": seconds}}); wrong != "" || step.Ends != "" {
				t.Fatalf("a pause of %v s: %q, ends in %q", seconds, wrong, step.Ends)
			}
			start := time.Now()
			if err := step.Do(t.Context(), nil); err != nil || time.Since(start) != want {
				t.Errorf("a pause of %v s took %v, %v, want %v", seconds, time.Since(start), err, want)
			}
		})
	}
}

// TestWaitsEnd after half an hour, but not for a node in maintenance.
func TestWaitsEnd(t *testing.T) {
	for state, want := range map[baremetal.ProvisionState]baremetal.ProvisionState{
		baremetal.DeployWait: baremetal.DeployFailed, baremetal.CleanWait: baremetal.CleanFailed, baremetal.ServiceWait: baremetal.ServiceFailed,
		baremetal.ServiceHold: baremetal.ServiceHold, baremetal.InspectWait: baremetal.InspectFailed,
	} {
		for _, age := range []time.Duration{0, longestWait + time.Minute} {
			for _, maintenance := range []bool{false, true} {
				c, _ := setup(t, state)
				edit(t, c, func(n *baremetal.Node) { n.ProvisionUpdatedAt, n.Maintenance = time.Now().Add(-age), maintenance })
				if err := (&waker{c, map[string]time.Time{}}).round(t.Context()); err != nil {
					t.Fatal(err)
				}
				ends := age > 0 && !maintenance
				n := settled(t, c)
				if got := map[bool]baremetal.ProvisionState{true: want, false: state}[ends]; n.ProvisionState != got {
					t.Errorf("%q for %v, maintenance %v: %q, want %q", state, age, maintenance, n.ProvisionState, got)
				}
			}
		}
	}
}

// TestAMachineThatStaysOn is rebooted and never switched off.
func TestAMachineThatStaysOn(t *testing.T) {
	yes := true
	for _, test := range []struct {
		from baremetal.ProvisionState
		do   func(c *Conductor) error
		says string // "" is accepted
		did  []string
	}{
		{baremetal.Active, func(c *Conductor) error { return c.SetPower(t.Context(), "pc", baremetal.PowerOff, 0) },
			"Failed to set node power state to power off.", nil},
		{baremetal.Active, func(c *Conductor) error { return c.SetPower(t.Context(), "pc", baremetal.SoftPowerOff, 0) },
			"Failed to set node power state to soft power off.", nil},
		{baremetal.Active, func(c *Conductor) error { return c.SetPower(t.Context(), "pc", baremetal.Reboot, 0) },
			"", []string{"attach", "boot pxe true", "rebooting"}},
		{baremetal.Available, func(c *Conductor) error { return c.Provision(t.Context(), "pc", ProvisionRequest{Target: "active"}) },
			"", []string{"attach", "boot pxe true", "rebooting"}},
		{baremetal.Active, func(c *Conductor) error { return c.Provision(t.Context(), "pc", ProvisionRequest{Target: "deleted"}) },
			"has disable_power_off set", nil},
		{baremetal.Active, func(c *Conductor) error { return c.Provision(t.Context(), "pc", ProvisionRequest{Target: "rebuild"}) },
			"has disable_power_off set", nil},
	} {
		c, m := setup(t, test.from)
		m.state = baremetal.PowerOn
		edit(t, c, func(n *baremetal.Node) { n.DisablePowerOff, n.PowerState = &yes, baremetal.PowerOn })
		err := test.do(c)
		n := settled(t, c)
		if (err == nil) != (test.says == "") || err != nil &&
			(!errors.Is(err, baremetal.ErrConflict) || !strings.Contains(err.Error(), test.says)) {
			t.Errorf("from %q: %v, want %q", test.from, err, test.says)
		}
		if got := m.actions(); !reflect.DeepEqual(got, test.did) || n.LastError != "" {
			t.Errorf("from %q: done %q, error %q, want %q", test.from, got, n.LastError, test.did)
		}
	}
	c, m := setup(t, baremetal.Active)
	m.state = baremetal.PowerOn
	edit(t, c, func(n *baremetal.Node) { n.DisablePowerOff = &yes })
	if n := ask(t, c, "service", given("deploy.power_off")...); n.ProvisionState != baremetal.ServiceFailed ||
		slices.Contains(m.actions(), "power off") {
		t.Errorf("a step power_off: %q, done %q", n.ProvisionState, m.actions())
	}
}

// TestAnAbortedInspectionEndsOff: its ramdisk does not run on, to report to nobody.
func TestAnAbortedInspectionEndsOff(t *testing.T) {
	c, m := setup(t, baremetal.InspectWait)
	m.state = baremetal.PowerOn
	edit(t, c, func(n *baremetal.Node) { n.PowerState = baremetal.PowerOn })
	if err := c.Provision(t.Context(), "pc", ProvisionRequest{Target: "abort"}); err != nil {
		t.Fatal(err)
	}
	n := settled(t, c)
	if n.ProvisionState != baremetal.InspectFailed || n.PowerState != baremetal.PowerOff || m.state != baremetal.PowerOff {
		t.Errorf("state %q, power %q of the machine %q, want inspect failed and off", n.ProvisionState, n.PowerState, m.state)
	}
}
