package conductor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"testing"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/fleet"
	"ironhook/store"
	"ironhook/store/storetest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// machine is a BMC and a storage backend that record their calls in one list, so that a
// test can check the order.
type machine struct {
	mu    sync.Mutex
	state baremetal.PowerState
	done  []string
	fail  map[string]error // by action
	gate  chan struct{}    // when not nil, Set waits for it

	fails  func() // when not nil, called by a Set that fails
	device string // its boot device, persistent
}

func (m *machine) note(action string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done = append(m.done, action)
	return m.fail[action]
}

func (m *machine) actions() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.done...)
}

func (m *machine) Validate(n *baremetal.Node) error {
	if n.DriverInfo.Text("broken") != "" {
		return baremetal.Errorf(baremetal.ErrInvalid, "broken")
	}
	return nil
}

func (m *machine) State(context.Context, *baremetal.Node) (baremetal.PowerState, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state, m.fail["state"]
}

func (m *machine) Set(ctx context.Context, _ *baremetal.Node, target baremetal.PowerState) error {
	if m.gate != nil {
		select {
		case <-m.gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err := m.note(string(target))
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case err == nil:
		m.state = powerResult[target]
	case m.fails != nil:
		m.fails()
	}
	return err
}

func (m *machine) BootDevices() []string { return []string{"pxe", "disk"} }

func (m *machine) BootDevice(context.Context, *baremetal.Node) (string, bool, error) {
	return m.device, true, nil
}

func (m *machine) SetBootDevice(_ context.Context, _ *baremetal.Node, device string, persistent bool) error {
	return m.note(fmt.Sprintf("boot %s %v", device, persistent))
}

func (m *machine) InjectNMI(context.Context, *baremetal.Node) error { return m.note("nmi") }
func (m *machine) Keys() []baremetal.Key                            { return nil }

type disks struct{ *machine }

func (d disks) Validate(*store.Tx, *baremetal.Node) error     { return nil }
func (d disks) Attach(context.Context, *baremetal.Node) error { return d.note("attach") }
func (d disks) Detach(context.Context, *baremetal.Node) error { return d.note("detach") }
func (d disks) Ephemeral(_ context.Context, n *baremetal.Node) (bool, error) {
	return n.Extra.Text("ephemeral") != "", nil
}
func (d disks) Plan(tx *store.Tx, n *baremetal.Node) (boot.Plan, error) {
	targets, err := tx.Targets().List(store.Where("node_uuid", n.UUID))
	return boot.Decide(boot.Facts{Node: n, Targets: targets}), err
}

// owner is a storage interface that owns its volumes.
type owner struct {
	disks
	begins error
}

func (o *owner) Begin(_ *store.Tx, _ *baremetal.Node, verb baremetal.ProvisionEvent) error {
	return o.begins
}
func (o *owner) MayChange(_ *store.Tx, n *baremetal.Node, before, after *baremetal.VolumeTarget) error {
	return o.note(fmt.Sprintf("change of %s: %v %v", n.Name, before != nil, after != nil))
}
func (o *owner) Import(context.Context, *baremetal.Node) error { return o.note("import") }
func (o *owner) Remake(context.Context, *baremetal.Node) error { return o.note("remake") }
func (o *owner) Discard(context.Context, *baremetal.Node)      { _ = o.note("discard") }

// TestBootVolumesAreRemade: a deployment replaces the boot volume while the machine is off,
// and never after the storage interface has refused.
func TestBootVolumesAreRemade(t *testing.T) {
	for _, from := range []baremetal.ProvisionState{baremetal.Active, baremetal.DeployFailed, baremetal.Failed} {
		c, m := setup(t, from)
		m.state = baremetal.PowerOn
		o := &owner{disks: disks{m}, begins: baremetal.Errorf(baremetal.ErrInvalid, "no image")}
		c.Storage["disks"] = o
		err := c.Provision(t.Context(), "pc", ProvisionRequest{Target: "rebuild"})
		if !errors.Is(err, baremetal.ErrInvalid) || !strings.HasSuffix(err.Error(), "no image") || len(m.actions()) > 0 {
			t.Errorf("refused rebuild = %v, done %q, want the reason and nothing done", err, m.actions())
		}
		o.begins = nil
		if err := c.Provision(t.Context(), "pc", ProvisionRequest{Target: "rebuild"}); err != nil {
			t.Fatal(err)
		}
		n := settled(t, c)
		if want := []string{"import", "power off", "detach", "remake", "attach", "boot pxe true",
			"power on"}; n.ProvisionState != baremetal.Active || !reflect.DeepEqual(m.actions(), want) {
			t.Errorf("rebuild from %q led to %q, done %q, want %q", from, n.ProvisionState, m.actions(), want)
		}
	}
}

// TestConfigDriveByURL: what is at the URL of a config drive is fetched before anything is done
// to the machine, and kept.
func TestConfigDriveByURL(t *testing.T) {
	const drive = "H4sIAAAAAAACA0vMU/AM9gcAl//k/AYAAAA=" // gzipped, in base64
	for name, test := range map[string]struct {
		body string
		err  error
		want string // last_error, "" for none
	}{
		"a drive":   {body: drive},
		"a page":    {body: "<html>", want: "fetch_config_drive: what is at the URL of the configdrive is no base64"},
		"no answer": {err: errors.New("it does not answer"), want: "fetch_config_drive: it does not answer"},
	} {
		c, m := setup(t, baremetal.Active)
		m.state = baremetal.PowerOn
		c.Storage["disks"] = &owner{disks: disks{m}}
		c.Fetch = func(_ context.Context, url string, limit int64) ([]byte, error) {
			if url != "http://host/hush" || limit < 64<<20 {
				t.Errorf("%s: asked for %s, %d bytes", name, url, limit)
			}
			return []byte(test.body), test.err
		}
		if err := c.Provision(t.Context(), "pc", ProvisionRequest{Target: "rebuild", ConfigDrive: "http://host/hush"}); err != nil {
			t.Fatal(err)
		}
		n := settled(t, c)
		if test.want == "" {
			if n.ProvisionState != baremetal.Active || n.InstanceInfo.Text("configdrive") != drive {
				t.Errorf("%s: %s, %s, configdrive %q", name, n.ProvisionState, n.LastError, n.InstanceInfo.Text("configdrive"))
			}
			continue
		}
		if n.ProvisionState != baremetal.DeployFailed || !strings.Contains(n.LastError, test.want) || strings.Contains(n.LastError, "hush") ||
			len(m.actions()) > 0 {
			t.Errorf("%s: %s, %q, done %q", name, n.ProvisionState, n.LastError, m.actions())
		}
	}
}

// TestTargetsAreChangedByLeaveOfTheirStorage: the storage interfaces of both nodes are
// asked when a target moves.
func TestTargetsAreChangedByLeaveOfTheirStorage(t *testing.T) {
	c, m := setup(t, baremetal.Active)
	c.Storage["disks"] = &owner{disks: disks{m}}
	here := &baremetal.VolumeTarget{NodeUUID: id}
	err := c.Store.Update(t.Context(), func(tx *store.Tx) error {
		other := &baremetal.Node{UUID: "00000000-0000-4000-8000-000000000002", Name: "two", Interfaces: baremetal.Interfaces{"storage": "disks"}}
		if err := tx.Nodes().Insert(other); err != nil {
			return err
		}
		return errors.Join(c.MayChangeTarget(tx, nil, here), c.MayChangeTarget(tx, here, here), c.MayChangeTarget(tx, here, nil),
			c.MayChangeTarget(tx, here, &baremetal.VolumeTarget{NodeUUID: other.UUID}))
	})
	want := []string{"change of pc: false true", "change of pc: true true", "change of pc: true false", "change of pc: true false",
		"change of two: false true"}
	if got := m.actions(); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("asked %q, %v, want %q", got, err, want)
	}
}

const id = "00000000-0000-4000-8000-000000000001"

// setup makes a conductor with one node in the given state that boots from a
// volume.
func setup(t *testing.T, state baremetal.ProvisionState) (*Conductor, *machine) {
	t.Helper()
	s := storetest.Open(t)
	m := &machine{state: baremetal.PowerOff, fail: map[string]error{}}
	c := New(Config{
		Store: s, Host: "here", Log: slog.New(slog.DiscardHandler),
		HardwareTypes: []HardwareType{{Name: "test", Power: map[string]Power{"bmc": m}}},
		Storage:       map[string]Storage{"disks": disks{m}},
	})
	t.Cleanup(func() {
		now, cancel := context.WithCancel(context.Background())
		cancel()
		c.Close(now)
	})
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		return errors.Join(
			tx.Nodes().Insert(&baremetal.Node{
				UUID: id, Name: "pc", Driver: "test", ProvisionState: state,
				Interfaces: baremetal.Interfaces{"power": "bmc", "management": "bmc", "storage": "disks", "deploy": "direct", "boot": "ipxe",
					"inspect": "fake", "rescue": "fake"},
				Properties: baremetal.Object{"capabilities": "iscsi_boot:True"},
			}),
			tx.Ports().Insert(&baremetal.Port{UUID: id, NodeUUID: id, Address: "52:54:00:00:00:01"}),
			tx.Targets().Insert(&baremetal.VolumeTarget{UUID: id, NodeUUID: id, VolumeType: "iscsi", VolumeID: "v"}),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, m
}

// settled waits until the node is not reserved and returns it.
func settled(t *testing.T, c *Conductor) *baremetal.Node {
	t.Helper()
	for {
		changed := c.Store.Changed()
		n, err := c.node(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if n.Reservation == "" {
			return n
		}
		<-changed
	}
}

func edit(t *testing.T, c *Conductor, f func(n *baremetal.Node)) {
	t.Helper()
	err := fleet.Edit(t.Context(), c.Store, "pc", func(tx *store.Tx, n *baremetal.Node) error { f(n); return tx.Nodes().Update(n) })
	if err != nil {
		t.Fatal(err)
	}
}

func TestPowerAttachesBeforeAndDetachesAfter(t *testing.T) {
	tests := []struct {
		from, target, want baremetal.PowerState
		done               []string
	}{
		{baremetal.PowerOff, baremetal.PowerOn, baremetal.PowerOn, []string{"attach", "boot pxe true", "power on"}},
		{baremetal.PowerOff, baremetal.Reboot, baremetal.PowerOn, []string{"attach", "boot pxe true", "rebooting"}},
		{baremetal.PowerOn, baremetal.Reboot, baremetal.PowerOn, []string{"attach", "boot pxe true", "rebooting"}},
		{baremetal.PowerOn, baremetal.PowerOn, baremetal.PowerOn, nil},
		{baremetal.PowerOn, baremetal.PowerOff, baremetal.PowerOff, []string{"power off", "detach"}},
		{baremetal.PowerOn, baremetal.SoftPowerOff, baremetal.PowerOff, []string{"soft power off", "detach"}},
		// The volumes of a machine that switched itself off are still attached.
		{baremetal.PowerOff, baremetal.PowerOff, baremetal.PowerOff, []string{"detach"}},
		{baremetal.PowerOff, baremetal.SoftPowerOff, baremetal.PowerOff, []string{"detach"}},
	}
	for _, test := range tests {
		t.Run(string(test.from+" to "+test.target), func(t *testing.T) {
			c, m := setup(t, baremetal.Active)
			m.state = test.from
			if err := c.SetPower(t.Context(), "pc", test.target, 0); err != nil {
				t.Fatal(err)
			}
			n := settled(t, c)
			if n.PowerState != test.want || n.TargetPowerState != "" || n.LastError != "" {
				t.Errorf("node = %q -> %q, error %q, want %q", n.PowerState, n.TargetPowerState, n.LastError, test.want)
			}
			if got := m.actions(); !reflect.DeepEqual(got, test.done) {
				t.Errorf("done %q, want %q", got, test.done)
			}
		})
	}
}

// A reboot of a node with an ephemeral volume switches it off in between.
func TestARebootRenewsVolumes(t *testing.T) {
	for target, off := range map[baremetal.PowerState]string{baremetal.Reboot: "power off", baremetal.SoftReboot: "soft power off"} {
		c, m := setup(t, baremetal.Active)
		m.state = baremetal.PowerOn
		err := c.Store.Update(t.Context(), func(tx *store.Tx) error {
			n, err := tx.Nodes().Get(id)
			if err != nil {
				return err
			}
			n.Extra = baremetal.Object{"ephemeral": "yes"}
			return tx.Nodes().Update(n)
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.SetPower(t.Context(), id, target, 0); err != nil {
			t.Fatal(err)
		}
		settled(t, c)
		want := []string{off, "detach", "attach", "boot pxe true", "power on"}
		if got := m.actions(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s of a node whose volumes are ephemeral does %q, want %q", target, got, want)
		}
	}
}

func TestAFailedPowerOnTakesTheVolumesBack(t *testing.T) {
	c, m := setup(t, baremetal.Active)
	m.fail["power on"] = errors.New("no answer")
	if err := c.SetPower(t.Context(), "pc", baremetal.PowerOn, 0); err != nil {
		t.Fatal(err)
	}
	n := settled(t, c)
	if want := "Failed to change power state to 'power on' by 'power on': no answer"; n.LastError != want {
		t.Errorf("last_error = %q, want %q", n.LastError, want)
	}
	if want := []string{"attach", "boot pxe true", "power on", "detach"}; !reflect.DeepEqual(m.actions(), want) {
		t.Errorf("done %q, want %q", m.actions(), want)
	}
}

func TestPowerIsRefused(t *testing.T) {
	tests := []struct {
		state  baremetal.ProvisionState
		change func(n *baremetal.Node)
		target baremetal.PowerState
		kind   error
		text   string
	}{
		{baremetal.Active, nil, "bogus", baremetal.ErrInvalid,
			`The requested action "bogus" can not be performed on node "pc" while it is in state "None".`},
		{baremetal.Cleaning, nil, baremetal.PowerOn, baremetal.ErrInvalid,
			`The requested action "power on" can not be performed on node "pc" while it is in state "cleaning".`},
		{baremetal.Active, func(n *baremetal.Node) { n.DriverInfo = baremetal.Object{"broken": "yes"} }, baremetal.PowerOn, baremetal.ErrInvalid,
			"broken"},
		{baremetal.Active, func(n *baremetal.Node) { n.Reservation = "there" }, baremetal.PowerOn, baremetal.ErrLocked, "Node " + id +
			" is locked by host there, please retry after the current operation is completed."},
	}
	for _, test := range tests {
		c, m := setup(t, test.state)
		if test.change != nil {
			edit(t, c, test.change)
		}
		err := c.SetPower(t.Context(), "pc", test.target, 0)
		if !errors.Is(err, test.kind) || err.Error() != test.text {
			t.Errorf("SetPower(%q) in %q = %v, want %q", test.target, test.state, err, test.text)
		}
		if len(m.actions()) > 0 {
			t.Errorf("refused, yet done %q", m.actions())
		}
	}
}

func TestProvisionStories(t *testing.T) {
	tests := []struct {
		verb     string
		from, to baremetal.ProvisionState
		done     []string
	}{
		{"manage", baremetal.Enroll, baremetal.Manageable, nil},
		{"manage", baremetal.Available, baremetal.Manageable, nil},
		{"provide", baremetal.Manageable, baremetal.Available, nil},
		{"active", baremetal.Available, baremetal.Active, []string{"detach", "attach", "boot pxe true", "power on"}},
		{"rebuild", baremetal.Active, baremetal.Active, []string{"detach", "attach", "boot pxe true", "power on"}},
		{"deleted", baremetal.Active, baremetal.Available, []string{"detach", "detach"}},
		{"inspect", baremetal.Manageable, baremetal.Manageable, nil},
		{"clean", baremetal.Manageable, baremetal.Manageable, nil},
		{"adopt", baremetal.Manageable, baremetal.Active, nil},
	}
	for _, test := range tests {
		t.Run(test.verb+" from "+string(test.from), func(t *testing.T) {
			c, m := setup(t, test.from)
			if err := c.Provision(t.Context(), "pc", ProvisionRequest{Target: test.verb, CleanSteps: []baremetal.Object{}}); err != nil {
				t.Fatal(err)
			}
			n := settled(t, c)
			if n.ProvisionState != test.to || n.TargetProvisionState != "" || n.LastError != "" {
				t.Errorf("node = %q -> %q, error %q, want %q", n.ProvisionState, n.TargetProvisionState, n.LastError, test.to)
			}
			if got := m.actions(); !reflect.DeepEqual(got, test.done) {
				t.Errorf("done %q, want %q", got, test.done)
			}
		})
	}
}

func TestAFailedManualCleaningDoesNotHauntTheAutomatedOne(t *testing.T) {
	c, _ := setup(t, baremetal.Manageable)
	for _, step := range []struct {
		verb string
		want baremetal.ProvisionState
	}{{"clean", baremetal.CleanFailed}, {"manage", baremetal.Manageable}, {"provide", baremetal.Available}} {
		steps := []baremetal.Object{{"interface": "deploy", "step": "erase_devices"}}
		if err := c.Provision(t.Context(), "pc", ProvisionRequest{Target: step.verb, CleanSteps: steps}); err != nil {
			t.Fatal(err)
		}
		if n := settled(t, c); n.ProvisionState != step.want {
			t.Fatalf("after %s: node = %q, error %q, want %q", step.verb, n.ProvisionState, n.LastError, step.want)
		}
	}
}

// TestAutomatedCleaning boots the agent where the node's record says so, and where there is one; else nothing is done.
func TestAutomatedCleaning(t *testing.T) {
	for _, test := range []struct {
		cleans, agent bool
		want          baremetal.ProvisionState
		done          string
	}{
		{true, true, baremetal.CleanWait, "detach, boot pxe false, power on"},
		{true, false, baremetal.Available, ""},
		{false, true, baremetal.Available, ""},
	} {
		c, m := setup(t, baremetal.Manageable)
		c.Agent = test.agent
		edit(t, c, func(n *baremetal.Node) { n.AutomatedClean = &test.cleans })
		n := ask(t, c, "provide")
		if done := strings.Join(m.actions(), ", "); n.ProvisionState != test.want || done != test.done {
			t.Errorf("cleans %v, agent %v: %q, done %q, error %q, want %q and %q", test.cleans, test.agent, n.ProvisionState, done, n.LastError,
				test.want, test.done)
		}
	}
}

func TestAFailedDeployIsUndoneInReverse(t *testing.T) {
	c, m := setup(t, baremetal.Available)
	m.fail["power on"] = errors.New("no answer")
	if err := c.Provision(t.Context(), "pc", ProvisionRequest{Target: "active"}); err != nil {
		t.Fatal(err)
	}
	n := settled(t, c)
	if n.ProvisionState != baremetal.DeployFailed || !strings.Contains(n.LastError, "boot_instance: no answer") {
		t.Errorf("node = %q, error %q, want deploy failed and the step that failed", n.ProvisionState, n.LastError)
	}
	if got := m.actions(); got[len(got)-1] != "detach" {
		t.Errorf("done %q, want the volumes detached in the end", got)
	}
}

func TestDeployIsRefusedBeforeAnythingHappens(t *testing.T) {
	tests := []struct {
		change func(tx *store.Tx, n *baremetal.Node) error
		text   string
	}{
		{func(tx *store.Tx, n *baremetal.Node) error { n.Maintenance = true; return nil }, "maintenance mode"},
		{func(tx *store.Tx, n *baremetal.Node) error { return tx.Ports().Delete(id) }, "does not have any port"},
		{func(tx *store.Tx, n *baremetal.Node) error { return tx.Targets().Delete(id) },
			"no volume target with boot_index 0. Add one with: openstack baremetal volume target create --node " + id},
		{func(tx *store.Tx, n *baremetal.Node) error {
			n.DriverInfo = baremetal.Object{"broken": "yes"}
			return nil
		}, "broken"},
	}
	for _, test := range tests {
		c, m := setup(t, baremetal.Available)
		err := fleet.Edit(t.Context(), c.Store, "pc", func(tx *store.Tx, n *baremetal.Node) error {
			return errors.Join(test.change(tx, n), tx.Nodes().Update(n))
		})
		if err != nil {
			t.Fatal(err)
		}
		err = c.Provision(t.Context(), "pc", ProvisionRequest{Target: "active"})
		if !errors.Is(err, baremetal.ErrInvalid) || !strings.Contains(err.Error(), test.text) {
			t.Errorf("deploy = %v, want ErrInvalid with %q", err, test.text)
		}
		if n := settled(t, c); n.ProvisionState != baremetal.Available || len(m.actions()) > 0 {
			t.Errorf("refused, yet node is %q and done %q", n.ProvisionState, m.actions())
		}
	}
}

// Validate reports the same reason for boot and deploy as the verb.
func TestValidateAndDeployGiveOneReason(t *testing.T) {
	for name, change := range map[string]func(tx *store.Tx, n *baremetal.Node) error{
		"no volume": func(tx *store.Tx, _ *baremetal.Node) error { return tx.Targets().Delete(id) },
		"noop":      func(_ *store.Tx, n *baremetal.Node) error { n.Interfaces["storage"] = "noop"; return nil },
		"image elsewhere": func(_ *store.Tx, n *baremetal.Node) error {
			n.InstanceInfo = baremetal.Object{"image_source": "http://x/i"}
			return nil
		},
		"no capability": func(_ *store.Tx, n *baremetal.Node) error { n.Properties = nil; return nil },
		"capability denied": func(_ *store.Tx, n *baremetal.Node) error {
			n.Properties["capabilities"] = "iscsi_boot:False"
			return nil
		},
	} {
		c, m := setup(t, baremetal.Available)
		c.Storage["noop"] = disks{m}
		err := fleet.Edit(t.Context(), c.Store, "pc", func(tx *store.Tx, n *baremetal.Node) error {
			return errors.Join(change(tx, n), tx.Nodes().Update(n))
		})
		if err != nil {
			t.Fatal(err)
		}
		reports, err := c.Validate(t.Context(), "pc")
		if err != nil {
			t.Fatal(err)
		}
		refused := c.Provision(t.Context(), "pc", ProvisionRequest{Target: "active"})
		for _, r := range reports {
			if r.Kind != "boot" && r.Kind != "deploy" {
				continue
			}
			if r.OK || refused == nil || !strings.HasSuffix(refused.Error(), r.Reason) || strings.Contains(r.Reason, "deploy_kernel") {
				t.Errorf("%s: validate says %q of %s, deploy says %v", name, r.Reason, r.Kind, refused)
			}
		}
		if n := settled(t, c); n.ProvisionState != baremetal.Available {
			t.Errorf("%s: node = %q, want it untouched", name, n.ProvisionState)
		}
	}
}

func TestTearDownForgetsTheInstance(t *testing.T) {
	c, _ := setup(t, baremetal.Active)
	edit(t, c, func(n *baremetal.Node) {
		n.InstanceInfo, n.InstanceUUID = baremetal.Object{"a": "b"}, id
		n.DriverInternalInfo = baremetal.Object{"boot_from_volume": id}
	})
	if err := c.Provision(t.Context(), "pc", ProvisionRequest{Target: "deleted"}); err != nil {
		t.Fatal(err)
	}
	n := settled(t, c)
	if n.InstanceInfo != nil || n.InstanceUUID != "" || n.DriverInternalInfo["boot_from_volume"] != nil {
		t.Errorf("node keeps %v %q %v", n.InstanceInfo, n.InstanceUUID, n.DriverInternalInfo)
	}
	err := c.Store.View(t.Context(), func(tx *store.Tx) error { _, err := tx.Targets().Get(id); return err })
	if !errors.Is(err, baremetal.ErrNotFound) {
		t.Errorf("target after tear down: %v, want ErrNotFound", err)
	}
}

func TestOneNodeDoesOneThingAtATime(t *testing.T) {
	c, m := setup(t, baremetal.Active)
	m.gate = make(chan struct{})
	if err := c.SetPower(t.Context(), "pc", baremetal.PowerOn, 0); err != nil {
		t.Fatal(err)
	}
	if err := c.Provision(t.Context(), "pc", ProvisionRequest{Target: "deleted"}); !errors.Is(err, baremetal.ErrLocked) {
		t.Errorf("Provision during a power action = %v, want ErrLocked", err)
	}
	close(m.gate)
	if n := settled(t, c); n.PowerState != baremetal.PowerOn {
		t.Errorf("power = %q, want power on", n.PowerState)
	}
}

func TestRecoverReleasesAndFailsWhatWasInterrupted(t *testing.T) {
	tests := []struct{ from, to baremetal.ProvisionState }{
		{baremetal.Deploying, baremetal.DeployFailed}, {baremetal.Verifying, baremetal.Enroll},
		{baremetal.Cleaning, baremetal.CleanFailed}, {baremetal.Deleting, baremetal.Failed},
		{baremetal.Active, baremetal.Active},
	}
	for _, test := range tests {
		c, _ := setup(t, test.from)
		edit(t, c, func(n *baremetal.Node) { n.Reservation, n.TargetPowerState = "here", baremetal.PowerOn })
		if err := c.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		n, err := c.node(t.Context(), id)
		if err != nil || n.Reservation != "" || n.ProvisionState != test.to || n.TargetPowerState != "" || n.LastError == "" {
			t.Errorf("recovered from %q: %q, reservation %q, error %q (%v), want %q", test.from, n.ProvisionState, n.Reservation, n.LastError, err,
				test.to)
		}
	}
}

func TestCloseLeavesAnInterruptedNodeForRecover(t *testing.T) {
	c, m := setup(t, baremetal.Available)
	m.gate = make(chan struct{}) // never opened
	if err := c.Provision(t.Context(), "pc", ProvisionRequest{Target: "active"}); err != nil {
		t.Fatal(err)
	}
	now, cancel := context.WithCancel(t.Context())
	cancel()
	c.Close(now)
	n, err := c.node(t.Context(), id)
	if err != nil || n.Reservation != "here" || n.ProvisionState != baremetal.Deploying {
		t.Errorf("after Close: %q, reservation %q (%v), want deploying and held", n.ProvisionState, n.Reservation, err)
	}
}

func TestBootDevice(t *testing.T) {
	c, m := setup(t, baremetal.Active)
	if err := c.SetBootDevice(t.Context(), "pc", "floppy", false); !errors.Is(err, baremetal.ErrInvalid) {
		t.Errorf("SetBootDevice(floppy) = %v, want ErrInvalid", err)
	}
	if err := c.SetBootDevice(t.Context(), "pc", "disk", true); err != nil {
		t.Fatal(err)
	}
	if want := []string{"boot disk true"}; !reflect.DeepEqual(m.actions(), want) {
		t.Errorf("done %q, want %q", m.actions(), want)
	}
	settled(t, c)
}

// Volume targets are deleted at tear-down, unless their properties say keep.
func TestTearDownPurgesTargets(t *testing.T) {
	for keep, left := range map[any]int{nil: 0, "false": 0, "true": 1, true: 1} {
		c, _ := setup(t, baremetal.Active)
		err := c.Store.Update(t.Context(), func(tx *store.Tx) error {
			target, err := tx.Targets().Get(id)
			if err != nil {
				return err
			}
			target.Properties = baremetal.Object{"keep": keep}
			return tx.Targets().Update(target)
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Provision(t.Context(), "pc", ProvisionRequest{Target: "deleted"}); err != nil {
			t.Fatal(err)
		}
		settled(t, c)
		var targets []*baremetal.VolumeTarget
		err = c.Store.View(t.Context(), func(tx *store.Tx) (err error) {
			targets, err = tx.Targets().List(store.Where("node_uuid", id))
			return err
		})
		if err != nil || len(targets) != left {
			t.Errorf("with keep %v %d targets are left, %v, want %d", keep, len(targets), err, left)
		}
	}
}

var errDevice = fmt.Errorf("node pc: BMC b: it refuses the boot device pxe: %w", baremetal.ErrBootDevice)

// A machine that may boot from the network anyway is switched on even if its BMC refuses
// the boot device; the timeline says which device, and where to set it.
func TestARefusedBootDevice(t *testing.T) {
	on := []string{"attach", "boot pxe true", "power on"}
	for name, c := range map[string]struct {
		mode    string
		err     error
		device  string // the boot device that the BMC reports
		scripts int    // boot scripts that it has fetched
		want    []string
	}{
		"UEFI":                          {"uefi", errDevice, "", 0, on},
		"no mode declared":              {"", errDevice, "", 0, on},
		"BIOS":                          {"bios", errDevice, "", 0, []string{"attach", "boot pxe true"}},
		"BIOS, flags say network":       {"bios", errDevice, "pxe", 0, on},
		"BIOS, flags say disk":          {"bios", errDevice, "disk", 0, []string{"attach", "boot pxe true"}},
		"BIOS, booted from here before": {"bios", errDevice, "", 1, on},
		"no answer":                     {"uefi", errors.New("no answer"), "", 0, []string{"attach", "boot pxe true"}},
	} {
		t.Run(name, func(t *testing.T) {
			c2, m := setup(t, baremetal.Active)
			edit(t, c2, func(n *baremetal.Node) { n.BootMode = c.mode })
			for range c.scripts {
				if err := c2.Store.Append(t.Context(), baremetal.Event{Node: id, Kind: baremetal.EventScript}); err != nil {
					t.Fatal(err)
				}
			}
			m.fail["boot pxe true"], m.device = c.err, c.device
			if err := c2.SetPower(t.Context(), "pc", baremetal.PowerOn, 0); err != nil {
				t.Fatal(err)
			}
			n := settled(t, c2)
			if got := m.actions(); !reflect.DeepEqual(got, c.want) {
				t.Errorf("done %q, want %q", got, c.want)
			}
			if goes := len(c.want) == len(on); goes {
				if n.PowerState != baremetal.PowerOn || n.LastError != "" || !logged(t, c2, errDevice.Error()) {
					t.Errorf("node = %q, error %q; want it on, and the warning in the timeline", n.PowerState, n.LastError)
				}
			} else if !strings.Contains(n.LastError, c.err.Error()) {
				t.Errorf("last_error = %q, want %q in it", n.LastError, c.err)
			}
		})
	}
}

// logged reports whether an event of the node has this text in it.
func logged(t *testing.T, c *Conductor, text string) (found bool) {
	t.Helper()
	err := c.Store.View(t.Context(), func(tx *store.Tx) error {
		events, err := tx.Events(store.EventQuery{Node: id})
		for _, e := range events {
			found = found || strings.Contains(e.Detail, text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// A boot device that an operator sets and the BMC refuses is an error.
func TestAnOperatorsBootDeviceIsRefused(t *testing.T) {
	c, m := setup(t, baremetal.Active)
	m.fail["boot pxe true"] = errDevice
	if err := c.SetBootDevice(t.Context(), "pc", "pxe", true); !errors.Is(err, baremetal.ErrBootDevice) {
		t.Errorf("SetBootDevice = %v, want %v", err, errDevice)
	}
	settled(t, c)
}

// After a failed power action the node has the actual state of the machine: a reboot can
// get as far as off.
func TestAFailedPowerActionRecordsWhatWasSeen(t *testing.T) {
	for _, c := range []struct {
		from, target, ends, want baremetal.PowerState
		unseen                   error // error of reading the state afterwards
		done                     []string
	}{
		{baremetal.PowerOn, baremetal.Reboot, baremetal.PowerOff, baremetal.PowerOff, nil,
			[]string{"attach", "boot pxe true", "rebooting", "detach"}},
		{baremetal.PowerOn, baremetal.SoftReboot, baremetal.PowerOff, baremetal.PowerOff, nil,
			[]string{"attach", "boot pxe true", "soft rebooting", "detach"}},
		{baremetal.PowerOn, baremetal.Reboot, baremetal.PowerOn, baremetal.PowerOn, nil, []string{"attach", "boot pxe true", "rebooting"}},
		{baremetal.PowerOn, baremetal.PowerOff, baremetal.PowerOn, baremetal.PowerOn, nil, []string{"power off"}},
		{baremetal.PowerOn, baremetal.SoftPowerOff, baremetal.PowerOn, baremetal.PowerOn, nil, []string{"soft power off"}},
		{baremetal.PowerOff, baremetal.PowerOn, baremetal.PowerOff, baremetal.PowerOff, nil,
			[]string{"attach", "boot pxe true", "power on", "detach"}},
		{baremetal.PowerOn, baremetal.PowerOff, "", baremetal.PowerError, errors.New("no answer"), []string{"power off"}},
	} {
		t.Run(fmt.Sprintf("%s from %s ends %s", c.target, c.from, c.want), func(t *testing.T) {
			con, m := setup(t, baremetal.Active)
			edit(t, con, func(n *baremetal.Node) { n.PowerState = c.from })
			m.state, m.fail[string(c.target)] = c.from, errors.New("nothing has changed")
			m.fails = func() { m.state, m.fail["state"] = c.ends, c.unseen }
			if err := con.SetPower(t.Context(), "pc", c.target, 0); err != nil {
				t.Fatal(err)
			}
			if n := settled(t, con); n.PowerState != c.want || n.LastError == "" {
				t.Errorf("node = %q, error %q; want %q and an error", n.PowerState, n.LastError, c.want)
			}
			if got := m.actions(); !reflect.DeepEqual(got, c.done) {
				t.Errorf("done %q, want %q", got, c.done)
			}
		})
	}
}

// A deployment fails if its machine cannot be switched, and the node has the state that was
// read, also after a step in the middle.
func TestADeployRecordsWhatWasSeen(t *testing.T) {
	for _, c := range []struct {
		failing, from, ends, want baremetal.PowerState
		unseen                    error
	}{
		{baremetal.PowerOn, baremetal.PowerOff, baremetal.PowerOff, baremetal.PowerOff, nil},
		{baremetal.PowerOff, baremetal.PowerOn, baremetal.PowerOn, baremetal.PowerOn, nil},
		{baremetal.PowerOff, baremetal.PowerOn, "", baremetal.PowerError, errors.New("no answer")},
	} {
		con, m := setup(t, baremetal.Available)
		edit(t, con, func(n *baremetal.Node) { n.PowerState = c.from })
		m.state, m.fail[string(c.failing)] = c.from, errors.New("nothing has changed")
		m.fails = func() { m.state, m.fail["state"] = c.ends, c.unseen }
		if err := con.Provision(t.Context(), "pc", ProvisionRequest{Target: "active"}); err != nil {
			t.Fatal(err)
		}
		n := settled(t, con)
		if n.ProvisionState != baremetal.DeployFailed || n.PowerState != c.want || !strings.Contains(n.LastError, "nothing has changed") {
			t.Errorf("%s fails: %q, %q, error %q; want deploy failed and %q", c.failing, n.ProvisionState, n.PowerState, n.LastError, c.want)
		}
	}
}
