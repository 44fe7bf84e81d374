package appliance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	apibaremetal "ironhook/api/baremetal"
	"ironhook/baremetal"
	"ironhook/conductor"
	"ironhook/power/drivers"
	"ironhook/storage"
	"ironhook/storage/pool"
	"ironhook/store"
	"ironhook/store/storetest"
	"ironhook/volume"
)

// deployable is a Bare Metal API on a real store, with real volumes and machines that do
// what they are told.
type deployable struct {
	*testing.T
	api     http.Handler
	store   *store.Store
	pool    *pool.Pool
	volumes *volume.Dir
}

func newDeployable(t *testing.T) *deployable {
	log := slog.New(slog.DiscardHandler)
	v, err := volume.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := storetest.Open(t)
	here, err := ParseSources("loopback")
	if err != nil {
		t.Fatal(err)
	}
	p := pool.New(pool.Config{Store: s, Volumes: v, Log: log, From: here})
	portal := func(context.Context, *baremetal.Node) (netip.AddrPort, error) {
		return netip.MustParseAddrPort("192.0.2.1:3260"), nil
	}
	types, err := conductor.Enable(drivers.Table(drivers.Config{Log: log}), []string{"fake-hardware"}, []string{"iscsi", "external", "noop"})
	if err != nil {
		t.Fatal(err)
	}
	c := conductor.New(conductor.Config{Store: s, Host: "here", HardwareTypes: types, Log: log, Storage: map[string]conductor.Storage{
		"noop": storage.Noop{}, "external": storage.External{}, "iscsi": storage.NewManaged(s, p, v, portal, func(string) {})}})
	t.Cleanup(func() {
		c.Close(context.Background())
		p.Close()
		v.Close()
	})
	return &deployable{t, apibaremetal.New(apibaremetal.Config{Store: s, Conductor: c, Log: log}), s, p, v}
}

func (d *deployable) do(method, path, body string) (int, string) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("X-OpenStack-Ironic-API-Version", "1.87")
	w := httptest.NewRecorder()
	d.api.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// node waits until nothing works on it.
func (d *deployable) node(uuid string) (n *baremetal.Node) {
	for {
		changed := d.store.Changed()
		err := d.store.View(d.Context(), func(tx *store.Tx) (err error) { n, err = tx.Nodes().Get(uuid); return err })
		if err != nil {
			d.Fatal(err)
		}
		if n.Reservation == "" {
			return n
		}
		<-changed
	}
}

// valid is whether validate has nothing against a deployment. A fake deploy interface makes
// and exports nothing, so what storage would need does not keep it from deploying.
func (d *deployable) valid(n *baremetal.Node) (bool, string) {
	code, body := d.do("GET", "/v1/nodes/"+n.UUID+"/validate", "")
	var reports map[string]struct{ Result bool }
	if err := json.Unmarshal([]byte(body), &reports); code != 200 || err != nil {
		d.Fatalf("validate = %d %s, %v", code, body, err)
	}
	return reports["power"].Result && reports["deploy"].Result && (reports["storage"].Result || !n.Interfaces.Deploys()), body
}

// TestValidateAndTheVerbAgree: what validate finds no fault with is accepted and becomes
// active; anything else is refused and nothing has changed.
func TestValidateAndTheVerbAgree(t *testing.T) {
	d := newDeployable(t)
	image := func(name string) *baremetal.Image {
		i := &baremetal.Image{Name: name, DiskFormat: "raw", ContainerFormat: "bare", Visibility: "shared"}
		if err := d.pool.CreateImage(t.Context(), i); err != nil {
			t.Fatal(err)
		}
		if err := d.pool.Upload(t.Context(), i.UUID, strings.NewReader(strings.Repeat("g", 4096)), 0, ""); err != nil {
			t.Fatal(err)
		}
		return i
	}
	debian := image("debian")
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("g", 4096)) }))
	defer web.Close()
	image("twice")
	image("twice")
	d.rival("taken")
	accepted, refused := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		one := func(name string, values ...any) any { return rapid.SampledFrom(values).Draw(rt, name) }
		mostly := func(name string, usual any, others ...any) any {
			return one(name, append([]any{usual, usual, usual, usual, usual, usual, usual, usual}, others...)...)
		}
		info := baremetal.Object{}
		for key, v := range map[string]any{
			"image_source": one("image", nil, "", "debian", "debian", debian.UUID, "glance://"+debian.UUID, "twice", "debain", "oci://x",
				web.URL+"/i", "file:///etc/shadow"),
			"root_gb": mostly("root", nil, 1, "2", 0, -1, "many", 1<<20), "swap_mb": mostly("swap", nil, 0, 512),
			"ephemeral_gb": mostly("ephemeral", nil, "0", 1),
			"configdrive":  mostly("drive", nil, "", "H4sI"), "image_type": mostly("type", nil, "whole-disk", "partition"),
			"boot_iso":           mostly("iso", nil, "x"),
			"image_checksum":     mostly("sum", nil, debian.Checksum, debian.HashValue, "x", strings.Repeat("a", 128)),
			"preserve_ephemeral": mostly("preserve", nil, true), "traits": mostly("traits", nil, []any{"CUSTOM_A"}, []any{"CUSTOM_B"}),
		} {
			if v != nil {
				info[key] = v
			}
		}
		n := &baremetal.Node{UUID: uuid.NewString(), Driver: "fake-hardware", ProvisionState: baremetal.Available, PowerState: baremetal.PowerOff,
			InstanceInfo: info, Traits: []string{"CUSTOM_A"},
			Properties: baremetal.Object{"capabilities": mostly("able", "iscsi_boot:True", "", "iscsi_boot:False")},
			Interfaces: baremetal.Interfaces{"power": "fake", "management": "fake", "boot": mostly("boot", "ipxe", "pxe").(string),
				"deploy": mostly("deploy", "direct", "fake", "fake").(string), "storage": mostly("storage", "iscsi", "external", "noop").(string)}}
		volume := one("volume", "", "", "own", "missing", "taken", debian.UUID).(string)
		if volume == "own" {
			volume = uuid.NewString()
			if err := d.volumes.Create(volume, 4096); err != nil {
				rt.Fatal(err)
			}
		}
		index := mostly("index", 0, 1).(int)
		properties := mostly("properties", nil, baremetal.Object{"reset_on_boot": true}, baremetal.Object{"keep": true},
			baremetal.Object{"keep": "perhaps"},
			baremetal.Object{"target_portal": "192.0.2.1:3260", "target_iqn": "iqn.x", "target_lun": 0})
		err := d.store.Update(t.Context(), func(tx *store.Tx) error {
			err := tx.Nodes().Insert(n)
			if err == nil && one("port", true, true, true, false).(bool) {
				err = tx.Ports().Insert(&baremetal.Port{UUID: uuid.NewString(), NodeUUID: n.UUID,
					Address: fmt.Sprintf("52:54:00:%.2s:%.2s:%.2s", n.UUID, n.UUID[2:], n.UUID[4:])})
			}
			if err == nil && volume != "" {
				object, _ := properties.(baremetal.Object)
				err = tx.Targets().Insert(&baremetal.VolumeTarget{UUID: uuid.NewString(), NodeUUID: n.UUID, VolumeType: "iscsi",
					BootIndex: int64(index), VolumeID: volume, Properties: object})
			}
			return err
		})
		if err != nil {
			rt.Fatal(err)
		}
		for _, verb := range []string{"active", "rebuild"} {
			steps := drawSteps(rt, "deploy_steps")
			before := d.node(n.UUID)
			valid, report := d.valid(n)
			code, body := d.do("PUT", "/v1/nodes/"+n.UUID+"/states/provision", `{"target": "`+verb+`"`+steps.member+`}`)
			after := d.node(n.UUID)
			for _, reason := range steps.wrong {
				if valid = false; !strings.Contains(body, reason) {
					rt.Fatalf("%s with %s = %d %s, want %q among the reasons", verb, steps.member, code, body, reason)
				}
			}
			nothing := verb == "rebuild" && strings.Contains(body, "There is nothing to rebuild")
			switch {
			case (code == http.StatusAccepted) != valid && !nothing:
				rt.Fatalf("%s = %d %s, validate said %s", verb, code, body, report)
			case code == http.StatusAccepted && after.ProvisionState != baremetal.Active &&
				!strings.Contains(after.LastError, "checksum does not match"): // what only the server knows
				rt.Fatalf("%s was accepted and led to %s: %s; validate said %s", verb, after.ProvisionState, after.LastError, report)
			case code != http.StatusAccepted && (after.ProvisionState != before.ProvisionState || code != http.StatusBadRequest):
				rt.Fatalf("%s = %d %s, and the node is %s, was %s", verb, code, body, after.ProvisionState, before.ProvisionState)
			}
			if code != http.StatusAccepted {
				refused++
				break
			}
			accepted++
		}
	})
	if accepted == 0 || refused == 0 {
		t.Errorf("%d verbs accepted, %d refused; want both", accepted, refused)
	}
}

// rival has a node deployed that has the volume of this name.
func (d *deployable) rival(name string) {
	n := &baremetal.Node{UUID: uuid.NewString(), Driver: "fake-hardware", ProvisionState: baremetal.Active,
		Interfaces: baremetal.Interfaces{"storage": "iscsi"}}
	err := d.volumes.Create(name, 4096)
	if err == nil {
		err = d.store.Update(d.Context(), func(tx *store.Tx) error {
			t := &baremetal.VolumeTarget{UUID: uuid.NewString(), NodeUUID: n.UUID, VolumeType: "iscsi", VolumeID: name}
			return errors.Join(tx.Nodes().Insert(n), tx.Targets().Insert(t))
		})
	}
	if err != nil {
		d.Fatal(err)
	}
}

// someSteps are steps of a request, and what must be said against them.
type someSteps struct {
	member string // of the JSON body; "" for none
	wrong  []string
}

// drawSteps draws steps of which a machine can do some.
func drawSteps(rt *rapid.T, member string) (s someSteps) {
	var list []string
	for _, step := range rapid.SliceOfN(rapid.SampledFrom([]struct{ json, wrong string }{
		{`"interface": "deploy", "step": "power_off", "args": {}`, ""},
		{`"interface": "management", "step": "wait", "args": {"seconds": 0}`, "the step wait takes seconds above 0"},
		{`"interface": "deploy", "step": "nonesuch", "args": {}`, "'step': 'nonesuch'"},
		{`"interface": "raid", "step": "create_configuration", "args": {}`, "'step': 'create_configuration'"},
		{`"interface": "bios", "step": "apply_configuration", "args": {"settings": []}`, "'step': 'apply_configuration'"},
	}), 0, 2).Draw(rt, member) {
		priority := ""
		if member == "deploy_steps" {
			priority = fmt.Sprintf(`, "priority": %d`, 10+len(list))
		}
		if list = append(list, "{"+step.json+priority+"}"); step.wrong != "" {
			s.wrong = append(s.wrong, step.wrong)
		}
	}
	if len(list) > 0 {
		s.member = fmt.Sprintf(`, %q: [%s]`, member, strings.Join(list, ", "))
	}
	return s
}

// TestStepsAreDoneOrAllOfThemAreRefused: cleaning and servicing accept any steps, as Ironic
// does, and fail before the first of them for all that the machine cannot do.
func TestStepsAreDoneOrAllOfThemAreRefused(t *testing.T) {
	d := newDeployable(t)
	rapid.Check(t, func(rt *rapid.T) {
		verb := rapid.SampledFrom([]string{"clean", "service"}).Draw(rt, "verb")
		from, failed := baremetal.Manageable, baremetal.CleanFailed
		if verb == "service" {
			from, failed = baremetal.Active, baremetal.ServiceFailed
		}
		steps := drawSteps(rt, verb+"_steps")
		if steps.member == "" {
			return
		}
		n := &baremetal.Node{UUID: uuid.NewString(), Driver: "fake-hardware", ProvisionState: from, PowerState: baremetal.PowerOn,
			Interfaces: baremetal.Interfaces{"power": "fake", "management": "fake", "storage": "noop"}}
		if err := d.store.Update(t.Context(), func(tx *store.Tx) error { return tx.Nodes().Insert(n) }); err != nil {
			rt.Fatal(err)
		}
		code, body := d.do("PUT", "/v1/nodes/"+n.UUID+"/states/provision", `{"target": "`+verb+`"`+steps.member+`}`)
		after := d.node(n.UUID)
		for _, reason := range steps.wrong {
			if !strings.Contains(after.LastError, reason) || after.ProvisionState != failed || after.PowerState != baremetal.PowerOn {
				rt.Fatalf("%s with %s = %d %s; it is %s, %s: %q, want %q among the reasons and nothing done", verb, steps.member, code, body,
					after.ProvisionState, after.PowerState, after.LastError, reason)
			}
		}
		if code != http.StatusAccepted || len(steps.wrong) == 0 && (after.ProvisionState != from || after.PowerState != baremetal.PowerOff) {
			rt.Fatalf("%s with %s = %d %s; it is %s, %s: %q", verb, steps.member, code, body, after.ProvisionState, after.PowerState,
				after.LastError)
		}
	})
}
