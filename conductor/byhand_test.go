package conductor

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ironhook/baremetal"
)

// hands is a machine that a person switches: what is known of it is what is recorded.
type hands struct {
	*machine
	patience time.Duration
}

func (h hands) State(_ context.Context, n *baremetal.Node) (baremetal.PowerState, error) {
	return n.PowerState, nil
}

func (h hands) Chore(_ *baremetal.Node, target baremetal.PowerState) (string, time.Duration) {
	return "do " + string(target), h.patience
}

// handedNode is an available node that a person switches, recorded as in the power state.
func handedNode(t *testing.T, patience time.Duration, power baremetal.PowerState) (*Conductor, *machine) {
	t.Helper()
	c, m := setup(t, baremetal.Available)
	c.powers["bmc"] = hands{m, patience}
	c.HardwareTypes[0].Power["bmc"] = c.powers["bmc"]
	edit(t, c, func(n *baremetal.Node) { n.PowerState = power })
	return c, m
}

// TestAPlanWaitsForHands: to be switched off, then on; the volumes of a machine that runs stay
// until somebody says that it is off, and what is recorded of its power is what was confirmed.
func TestAPlanWaitsForHands(t *testing.T) {
	c, m := handedNode(t, time.Hour, baremetal.PowerOn)
	stands := func(n *baremetal.Node, state baremetal.ProvisionState, power baremetal.PowerState, needs, did string) {
		t.Helper()
		if n.ProvisionState != state || n.PowerState != power || n.ByHand() != needs || n.Reservation != "" {
			t.Fatalf("%q, %q, needs %q, error %q, want %q, %q, %q", n.ProvisionState, n.PowerState, n.ByHand(), n.LastError, state, power, needs)
		}
		if done := strings.Join(m.actions(), ", "); done != did {
			t.Fatalf("done %q, want %q", done, did)
		}
	}
	stands(ask(t, c, "active"), baremetal.DeployWait, baremetal.PowerOn, "a hand: do power off", "power off")
	c = New(c.Config) // as after a restart
	if err := c.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Continue(t.Context(), "pc"); err != nil {
		t.Fatal(err)
	}
	stands(settled(t, c), baremetal.DeployWait, baremetal.PowerOn, "a hand: do power off", "power off")
	if err := c.Confirm(t.Context(), "pc"); err != nil {
		t.Fatal(err)
	}
	const asked = "power off, detach, attach, boot pxe true, power on"
	stands(settled(t, c), baremetal.DeployWait, baremetal.PowerOff, "a hand: do power on", asked)
	if err := c.Confirm(t.Context(), "pc"); err != nil {
		t.Fatal(err)
	}
	stands(settled(t, c), baremetal.Active, baremetal.PowerOn, "", asked)
	if err := c.Confirm(t.Context(), "pc"); !errors.Is(err, baremetal.ErrConflict) ||
		err.Error() != "Node pc waits for nobody: there is nothing to confirm." {
		t.Errorf("Confirm of a node that waits for nobody: %v", err)
	}
}

// TestAMachineThatBootsIsOn: its boot script says so in place of a person, once it comes after
// the request. One that waits for its ramdisk has nothing to confirm.
func TestAMachineThatBootsIsOn(t *testing.T) {
	c, _ := handedNode(t, time.Hour, "")
	script := baremetal.Event{Node: id, Kind: baremetal.EventScript, Detail: "boots"}
	if err := c.Store.Append(t.Context(), script); err != nil {
		t.Fatal(err)
	}
	if n := ask(t, c, "active"); n.ProvisionState != baremetal.DeployWait || n.ByHand() != "a hand: do power on" {
		t.Fatalf("a machine of which nothing is known: %q, needs %q: it need not be off first", n.ProvisionState, n.ByHand())
	}
	for i, want := range []baremetal.ProvisionState{baremetal.DeployWait, baremetal.Active} {
		if i == 1 {
			if err := c.Store.Append(t.Context(), script); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Continue(t.Context(), "pc"); err != nil {
			t.Fatal(err)
		}
		if n := settled(t, c); n.ProvisionState != want || want == baremetal.Active && n.PowerState != baremetal.PowerOn {
			t.Fatalf("%q, %q, want %q", n.ProvisionState, n.PowerState, want)
		}
	}
	c, _ = waitingNode(t, Waiting{For: "its ramdisk"})
	if err := c.Confirm(t.Context(), "pc"); !errors.Is(err, baremetal.ErrConflict) {
		t.Errorf("Confirm of a node that waits for its ramdisk: %v", err)
	}
}

// TestHandsThatDoNotCome: last_error says what nobody has done, and its volumes are taken back.
func TestHandsThatDoNotCome(t *testing.T) {
	for name, test := range map[string]struct {
		wait time.Duration
		end  func(*Conductor) error
		says string
	}{
		"late": {time.Hour, func(*Conductor) error { return nil }, "waited 1h0m0s for a hand: do power on"},
		"aborted": {time.Minute, func(c *Conductor) error {
			return c.Provision(context.Background(), "pc", ProvisionRequest{Target: "abort"})
		}, `By request, the deploy operation was aborted during or after the completion of step "deploy.boot_instance", which waited for a ` +
			`hand: do power on`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, m := handedNode(t, time.Hour, baremetal.PowerOff)
				ask(t, c, "active")
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error)
				go func() { ended <- c.Run(ctx) }()
				time.Sleep(test.wait - time.Second)
				if n := settled(t, c); n.ProvisionState != baremetal.DeployWait {
					t.Fatalf("after %v: %q, error %q", test.wait, n.ProvisionState, n.LastError)
				}
				if err := test.end(c); err != nil {
					t.Fatal(err)
				}
				time.Sleep(3 * wakeInterval)
				cancel()
				if err := <-ended; err != nil {
					t.Fatal(err)
				}
				n := settled(t, c)
				if n.ProvisionState != baremetal.DeployFailed || n.LastError != test.says || n.ByHand() != "" || n.PowerState != baremetal.PowerOff {
					t.Errorf("%q, %q, needs %q, error %q, want %q", n.ProvisionState, n.PowerState, n.ByHand(), n.LastError, test.says)
				}
				if did := m.actions(); !slices.Contains(did, "detach") || did[len(did)-1] != "detach" {
					t.Errorf("done %q: the volumes are taken back last", did)
				}
			})
		})
	}
}

// TestHandsThatAreNotWaitedFor: without patience what is asked for counts as done, as in Ironic.
func TestHandsThatAreNotWaitedFor(t *testing.T) {
	c, _ := handedNode(t, 0, baremetal.PowerOn)
	if n := ask(t, c, "active"); n.ProvisionState != baremetal.Active || n.PowerState != baremetal.PowerOn {
		t.Errorf("%q, %q, error %q", n.ProvisionState, n.PowerState, n.LastError)
	}
}

// TestStepsOfAClientWaitForHands, each in its turn: a reboot, too, of a machine that is on.
func TestStepsOfAClientWaitForHands(t *testing.T) {
	c, _ := handedNode(t, time.Hour, baremetal.PowerOn)
	edit(t, c, func(n *baremetal.Node) { n.ProvisionState = baremetal.Active })
	steps := []baremetal.Object{{"interface": "deploy", "step": "reboot"}, {"interface": "deploy", "step": "power_on"},
		{"interface": "deploy", "step": "power_off"}}
	if err := c.Provision(t.Context(), "pc", ProvisionRequest{Target: "service", ServiceSteps: steps}); err != nil {
		t.Fatal(err)
	}
	for _, needs := range []string{"a hand: do rebooting", "a hand: do power off"} {
		if n := settled(t, c); n.ProvisionState != baremetal.ServiceWait || n.ByHand() != needs {
			t.Fatalf("%q, needs %q, error %q, want %q", n.ProvisionState, n.ByHand(), n.LastError, needs)
		}
		if err := c.Confirm(t.Context(), "pc"); err != nil {
			t.Fatal(err)
		}
	}
	if n := settled(t, c); n.ProvisionState != baremetal.Active || n.PowerState != baremetal.PowerOff {
		t.Errorf("%q, %q, error %q", n.ProvisionState, n.PowerState, n.LastError)
	}
}
