package conductor

import (
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/store"
)

// onDisk makes a node of one that boots from a volume whose system is on a disk, and that the agent can rescue.
func onDisk(t *testing.T, state baremetal.ProvisionState) (*Conductor, *machine) {
	t.Helper()
	c, m := setup(t, state)
	c.Agent = true
	edit(t, c, func(n *baremetal.Node) {
		n.Interfaces["rescue"] = "agent"
		n.InstanceInfo = baremetal.Object{"image_source": "debian"}
		n.DriverInternalInfo = baremetal.Object{boot.OnDisk: true}
	})
	err := c.Store.Update(t.Context(), func(tx *store.Tx) error { return tx.Targets().Delete(id) })
	if err != nil {
		t.Fatal(err)
	}
	return c, m
}

// rescued is a node that waits for the agent that it is rescued with.
func rescued(t *testing.T) (*Conductor, *machine) {
	t.Helper()
	c, m := onDisk(t, baremetal.Active)
	if err := c.Provision(t.Context(), "pc", ProvisionRequest{Target: "rescue", RescuePassword: "hush"}); err != nil {
		t.Fatal(err)
	}
	n := settled(t, c)
	hash := n.InstanceInfo.Text(rescueHash)
	if n.ProvisionState != baremetal.RescueWait || !n.InAgent() || bcrypt.CompareHashAndPassword([]byte(hash), []byte("hush")) != nil {
		t.Fatalf("node = %q, in the agent %v, hash %q, error %q, want rescue wait and the hash of the password", n.ProvisionState, n.InAgent(),
			hash, n.LastError)
	}
	return c, m
}

// TestRescueEnds: whatever ends it, the machine leaves the agent and nothing is kept of the password.
func TestRescueEnds(t *testing.T) {
	for verb, want := range map[string]struct {
		state baremetal.ProvisionState
		power baremetal.PowerState
	}{
		"abort":   {baremetal.RescueFailed, baremetal.PowerOff},
		"deleted": {baremetal.Available, baremetal.PowerOff},
	} {
		c, _ := rescued(t)
		n := ask(t, c, verb)
		if n.ProvisionState != want.state || n.PowerState != want.power || n.InAgent() || n.InstanceInfo.Text(rescueHash) != "" {
			t.Errorf("%s: %q, %q, in the agent %v, instance_info %v, error %q", verb, n.ProvisionState, n.PowerState, n.InAgent(), n.InstanceInfo,
				n.LastError)
		}
	}
}

// TestUnrescue boots the machine's own system, from every state in which it may be asked for.
func TestUnrescue(t *testing.T) {
	for _, from := range []baremetal.ProvisionState{baremetal.Rescue, baremetal.RescueFailed, baremetal.UnrescueFailed} {
		c, m := onDisk(t, from)
		m.state = baremetal.PowerOn
		edit(t, c, func(n *baremetal.Node) { n.DriverInternalInfo[baremetal.AgentBoots] = true })
		n := ask(t, c, "unrescue")
		done := strings.Join(m.actions(), ", ")
		if n.ProvisionState != baremetal.Active || n.InAgent() || n.PowerState != baremetal.PowerOn || !strings.HasPrefix(done, "power off") ||
			!strings.HasSuffix(done, "power on") {
			t.Errorf("from %s: %q, in the agent %v, %q, done %q, error %q", from, n.ProvisionState, n.InAgent(), n.PowerState, done, n.LastError)
		}
	}
}

// TestRescueIsRefused where there is no agent, where it could not reach the machine's system, and with a
// password that cannot be kept.
func TestRescueIsRefused(t *testing.T) {
	for _, test := range []struct {
		volume, agent  bool
		password, says string
	}{
		{true, true, "hush", "boots from a volume, which a rescue system on the machine has no access to"},
		{false, false, "hush", "There is no agent that node"},
		{false, true, strings.Repeat("x", 73), "may have 72 bytes"},
	} {
		c, m := onDisk(t, baremetal.Active)
		if test.volume {
			c, m = setup(t, baremetal.Active)
			edit(t, c, func(n *baremetal.Node) { n.Interfaces["rescue"] = "agent" })
		}
		c.Agent = test.agent
		err := c.Provision(t.Context(), "pc", ProvisionRequest{Target: "rescue", RescuePassword: test.password})
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("rescue = %v, want %q", err, test.says)
		}
		if n := settled(t, c); n.ProvisionState != baremetal.Active || len(m.actions()) > 0 {
			t.Errorf("refused, yet the node is %s, and was done %q", n.ProvisionState, m.actions())
		}
	}
}

// TestServicingByTheAgent ends with the machine on: its instance runs again.
func TestServicingByTheAgent(t *testing.T) {
	c, _ := onDisk(t, baremetal.Active)
	n, err := c.node(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	servicing.begin(n, []baremetal.Object{{"interface": "deploy", "step": "list_firmware"}}, false)
	edit(t, c, func(old *baremetal.Node) { old.DriverInternalInfo = n.DriverInternalInfo })
	if n, err = c.node(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	steps, err := c.planOf(servicing, n)
	var names []string
	for _, s := range steps {
		names = append(names, s.Name)
	}
	if got := strings.Join(names, " "); err != nil || got != "boot_agent list_firmware tear_down_agent boot_instance" {
		t.Errorf("the plan is %q, %v", got, err)
	}
}
