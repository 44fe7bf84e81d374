package storage

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
)

func TestAttach(t *testing.T) {
	h := newHouse(t)
	n, boot := h.machine("pc-07")
	h.volume("data")
	data := h.give(n, 1, "data", baremetal.Object{"note": "kept"})
	h.must(h.managed.Attach(t.Context(), n))

	connectors := h.connectors(n)
	if len(connectors) != 1 || connectors[0].ConnectorID != "iqn.2026-11.local.ironhook:node-"+n.UUID {
		t.Fatalf("connectors = %+v, want one made for the node", connectors)
	}
	secrets := map[string]bool{}
	for _, x := range h.grants() {
		if x.Node != n.UUID || x.Initiator != connectors[0].ConnectorID || x.IQN != "iqn.2026-11.local.ironhook:"+x.Target {
			t.Errorf("grant = %+v", x)
		}
		secrets[x.Secret] = true
		got := h.target(map[string]*baremetal.VolumeTarget{boot.UUID: boot, data.UUID: data}[x.Target]).Properties
		for key, want := range map[string]any{
			"target_portal": portalText, "target_iqn": x.IQN, "target_lun": 0, "auth_method": "CHAP", "auth_username": x.User,
			"auth_password": x.Secret,
		} {
			if fmt.Sprint(got[key]) != fmt.Sprint(want) {
				t.Errorf("%s: properties[%s] = %v, want %v", x.Volume, key, got[key], want)
			}
		}
	}
	if len(secrets) != 2 {
		t.Errorf("%d secrets for 2 volumes", len(secrets))
	}
	if got := h.target(data).Properties.Text("note"); got != "kept" {
		t.Errorf("the operator's own property = %q, want kept", got)
	}
	if got := h.kindsOf(n); got != "attach" {
		t.Errorf("events = %q, want attach", got)
	}
	h.keepsSecret()
}

func TestSecretIsFitForFirmware(t *testing.T) {
	// 12 to 16 bytes for Windows; no character that is special to the iPXE shell or in a
	// URI, and no leading hyphen.
	fit := regexp.MustCompile(`^[A-Za-z0-9._]{16}$`)
	seen := map[string]bool{}
	for range 1000 {
		s := pool.NewSecret()
		if !fit.MatchString(s) || seen[s] {
			t.Fatalf("pool.NewSecret() = %q", s)
		}
		seen[s] = true
	}
}

// A running machine must not lose its disk at a second power-on; a machine that was
// detached gets another secret.
func TestAttachTwiceAndAfresh(t *testing.T) {
	h := newHouse(t)
	n, boot := h.machine("pc-07")
	h.must(h.managed.Attach(t.Context(), n))
	first := h.grant()
	properties := fmt.Sprint(h.target(boot).Properties)
	h.must(h.managed.Attach(t.Context(), n))
	if again := h.grant(); *again != *first {
		t.Errorf("second attach made %+v of %+v", again, first)
	}
	if got := fmt.Sprint(h.target(boot).Properties); got != properties {
		t.Errorf("second attach made %s of %s", got, properties)
	}
	if got := h.kindsOf(n); got != "attach" {
		t.Errorf("events = %q, want attach", got)
	}
	if len(h.ended) != 0 {
		t.Errorf("sessions to %v were ended", h.ended)
	}
	h.must(h.managed.Detach(t.Context(), n))
	h.must(h.managed.Attach(t.Context(), n))
	if h.grant().Secret == first.Secret {
		t.Error("the same secret after a fresh attach")
	}
	if got := len(h.connectors(n)); got != 1 {
		t.Errorf("%d connectors, want 1", got)
	}
}

func TestDetach(t *testing.T) {
	h := newHouse(t)
	n, boot := h.machine("pc-07")
	h.update(func(tx *store.Tx) error {
		boot.Properties = baremetal.Object{"note": "kept"}
		return tx.Targets().Update(boot)
	})
	h.must(h.managed.Detach(t.Context(), n)) // before anything was attached
	h.must(h.managed.Attach(t.Context(), n))
	iqn := h.grant().IQN
	for range 2 {
		h.must(h.managed.Detach(t.Context(), n))
	}
	if got := h.grants(); len(got) != 0 {
		t.Errorf("grants = %v, want none", got)
	}
	if got := fmt.Sprint(h.target(boot).Properties); got != "map[note:kept]" {
		t.Errorf("properties = %s, want the operator's alone", got)
	}
	if len(h.ended) != 1 || h.ended[0] != iqn {
		t.Errorf("ended sessions to %v, want to %s once", h.ended, iqn)
	}
	if got := h.kindsOf(n); got != "attach detach" {
		t.Errorf("events = %q, want attach detach", got)
	}
}

func TestDetachLeavesWhatAnOperatorPutThere(t *testing.T) {
	h := newHouse(t)
	n, boot := h.machine("pc-07")
	h.must(h.managed.Attach(t.Context(), n))
	h.update(func(tx *store.Tx) error {
		boot.Properties = baremetal.Object{"target_iqn": "iqn.2010-10.org.example:own", "target_portal": "192.0.2.1:3260"}
		return tx.Targets().Update(boot)
	})
	h.must(h.managed.Detach(t.Context(), n))
	if got := h.target(boot).Properties.Text("target_portal"); got != "192.0.2.1:3260" {
		t.Errorf("target_portal = %q, want the operator's", got)
	}
}

func TestAttachUsesTheFirstConnector(t *testing.T) {
	h := newHouse(t)
	n, _ := h.machine("pc-07")
	add := func(kind, id string) {
		h.update(func(tx *store.Tx) error {
			return tx.Connectors().Insert(&baremetal.VolumeConnector{UUID: id, NodeUUID: n.UUID, Type: kind, ConnectorID: id})
		})
	}
	add("ip", "10.0.0.9")
	add("iqn", "iqn.2017-08.org.example:first")
	add("iqn", "iqn.2017-08.org.example:second")
	h.must(h.managed.Attach(t.Context(), n))
	if got := h.grant().Initiator; got != "iqn.2017-08.org.example:first" {
		t.Errorf("initiator = %s, want the first", got)
	}
	before := h.grant().Secret
	h.update(func(tx *store.Tx) error { return tx.Connectors().Delete("iqn.2017-08.org.example:first") })
	h.must(h.managed.Attach(t.Context(), n))
	if got := h.grant(); got.Initiator != "iqn.2017-08.org.example:second" || got.Secret != before {
		t.Errorf("after the connector changed: %s, secret kept = %v, want the second, kept", got.Initiator, got.Secret == before)
	}
}

// A change of the target ends its grant: another volume, another type.
func TestAttachFollowsTheTarget(t *testing.T) {
	h := newHouse(t)
	n, boot := h.machine("pc-07")
	h.volume("other")
	h.must(h.managed.Attach(t.Context(), n))
	old := h.grant()
	h.update(func(tx *store.Tx) error {
		boot = h.target(boot)
		boot.VolumeID = "other"
		return tx.Targets().Update(boot)
	})
	h.must(h.managed.Attach(t.Context(), n))
	if got := h.grant(); got.Volume != "other" || got.Secret == old.Secret {
		t.Errorf("grant = %s, new secret = %v, want other with a secret of its own", got.Volume, got.Secret != old.Secret)
	}
	h.update(func(tx *store.Tx) error {
		boot = h.target(boot)
		boot.VolumeType = "fibre_channel"
		return tx.Targets().Update(boot)
	})
	h.must(h.managed.Attach(t.Context(), n))
	if got := h.grants(); len(got) != 0 {
		t.Errorf("grants = %v, want none for a Fibre Channel volume", got)
	}
	if len(h.ended) != 2 {
		t.Errorf("ended %v, want two", h.ended)
	}
}

func TestAttachRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		make func(h *house, n *baremetal.Node)
		want string
	}{
		"missing volume": {func(h *house, n *baremetal.Node) { h.give(n, 0, "nowhere", nil) },
			"Volume nowhere of volume target .* does not exist: make it, or set volume_id to one that does: fine, taken"},
		"a path": {func(h *house, n *baremetal.Node) { h.give(n, 0, "../db", nil) },
			`volume_id "../db" of volume target .* cannot be the name of a volume: set it`},
		"in use": {func(h *house, n *baremetal.Node) { h.give(n, 0, "taken", nil) },
			"Volume taken of volume target .* is in use by node owner: switch that node off first"},
		"twice": {func(h *house, n *baremetal.Node) { h.volume("v"); h.give(n, 0, "v", nil); h.give(n, 1, "v", nil) },
			"name the same volume v: give each a volume of its own"},
		"read-only only here": {func(h *house, n *baremetal.Node) { h.give(n, 0, "taken", baremetal.Object{"access_mode": "ro"}) },
			"is in use by node owner"},
		"odd size": {func(h *house, n *baremetal.Node) {
			h.must(os.WriteFile(filepath.Join(h.dir, "volumes", "odd.raw"), make([]byte, 1000), 0o600))
			h.give(n, 0, "odd", nil)
		}, "Volume odd .* cannot be served: volume odd has 1000 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			owner := h.node("owner")
			h.volume("taken")
			h.give(owner, 0, "taken", nil)
			h.must(h.managed.Attach(t.Context(), owner))
			n := h.node("pc-07")
			h.volume("fine")
			h.give(n, 7, "fine", nil)
			c.make(h, n)
			for _, check := range []struct {
				kind error
				err  error
			}{
				{baremetal.ErrStorage, h.managed.Attach(t.Context(), n)},
				{baremetal.ErrInvalid, h.validate(h.managed, n)},
			} {
				if !errors.Is(check.err, check.kind) || !regexp.MustCompile(c.want).MatchString(fmt.Sprint(check.err)) {
					t.Errorf("error = %v, want %v with %q", check.err, check.kind, c.want)
				}
				h.keepsSecret(fmt.Sprint(check.err))
			}
			if got := len(h.grants()); got != 1 {
				t.Errorf("%d grants, want the owner's alone: all or nothing", got)
			}
			if got := len(h.connectors(n)); got != 0 {
				t.Errorf("%d connectors were made, want none", got)
			}
		})
	}
}

func TestReadersShareAVolume(t *testing.T) {
	h := newHouse(t)
	h.volume("golden")
	for i := range 3 {
		n := h.node(fmt.Sprint("pc-", i))
		h.give(n, 0, "golden", baremetal.Object{"access_mode": "ro"})
		h.must(h.managed.Attach(t.Context(), n))
	}
	if got := len(h.grants()); got != 3 {
		t.Errorf("%d grants, want 3", got)
	}
	writer := h.node("writer")
	h.give(writer, 0, "golden", nil)
	if err := h.managed.Attach(t.Context(), writer); !errors.Is(err, baremetal.ErrStorage) {
		t.Errorf("Attach of a writer = %v, want %v", err, baremetal.ErrStorage)
	}
}

func TestValidateSaysEverythingAtOnce(t *testing.T) {
	h := newHouse(t)
	n := h.node("pc-07")
	if err := h.validate(h.managed, n); !errors.Is(err, baremetal.ErrInvalid) ||
		!strings.Contains(err.Error(), "no volume target with boot_index 0") {
		t.Errorf("without targets: %v", err)
	}
	n.Interfaces["boot"], n.Properties = "pxe", nil
	h.give(n, 0, "missing", nil)
	h.give(n, 1, "also/missing", nil)
	err := h.validate(h.managed, n)
	if !errors.Is(err, baremetal.ErrInvalid) {
		t.Fatalf("Validate = %v, want %v", err, baremetal.ErrInvalid)
	}
	for _, want := range []string{
		"Failed to validate iscsi storage interface for node " + n.UUID + ".",
		"the boot interface must be set to ``ipxe``",
		"pc-07 boots from a volume over iSCSI, however the capability 'iscsi_boot' is not set for the node",
		"there are no volumes yet", "also/missing",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("Validate = %q, want %q in it", err, want)
		}
	}
	n.InstanceInfo = baremetal.Object{"image_source": "http://example.org/image"}
	if p, err := h.plan(h.managed, n); err != nil || p.Refusal == nil {
		t.Errorf("Plan with an image from elsewhere = %+v, %v, want a refusal", p, err)
	}
}

// An empty image_source counts as absent: the conductor, the storage interface and the boot
// script once tested it differently, and the machine never booted.
func TestAnEmptyImageSourceIsNone(t *testing.T) {
	for _, source := range []any{"", nil, false, " "} {
		h := newHouse(t)
		n, _ := h.machine("pc-07")
		n.InstanceInfo = baremetal.Object{"image_source": source}
		h.must(h.validate(h.managed, n))
		p, err := h.plan(h.managed, n)
		if err != nil || p.Volume == nil {
			t.Errorf("image_source %#v: Plan = %+v, %v, want the volume", source, p, err)
		}
		h.must(h.managed.Attach(t.Context(), n))
		if len(h.grants()) != 1 {
			t.Errorf("image_source %#v: %d grants, want 1", source, len(h.grants()))
		}
	}
}

func TestValidateNamesUnreadableOptions(t *testing.T) {
	h := newHouse(t)
	n := h.node("pc-07")
	h.volume("v")
	h.give(n, 0, "v", baremetal.Object{"reset_on_boot": "perhaps", "access_mode": "wr"})
	err := h.validate(h.managed, n)
	for _, want := range []string{`reset_on_boot is "perhaps": set it to true or false.`, `is "wr": set it to ro or rw.`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Validate = %v, want %q in it", err, want)
		}
	}
}

func TestPortalOfIPv6(t *testing.T) {
	h := newHouse(t)
	n, boot := h.machine("pc-07")
	m := NewManaged(h.store, h.pool, h.volumes, func(context.Context, *baremetal.Node) (netip.AddrPort, error) {
		return netip.MustParseAddrPort("[fd00::1]:3260"), nil
	}, h.end)
	h.must(m.Attach(t.Context(), n))
	if got := h.target(boot).Properties.Text("target_portal"); got != "[fd00::1]:3260" {
		t.Errorf("target_portal = %q, want brackets", got)
	}
	broken := errors.New("no lease")
	m = NewManaged(h.store, h.pool, h.volumes, func(context.Context, *baremetal.Node) (netip.AddrPort, error) {
		return netip.AddrPort{}, broken
	}, h.end)
	if err := m.Attach(t.Context(), n); !errors.Is(err, broken) || !strings.Contains(err.Error(), "pc-07") {
		t.Errorf("Attach without a portal = %v, want %v and the node", err, broken)
	}
}

func TestManyNodesAtOnce(t *testing.T) {
	h := newHouse(t)
	h.volume("contested")
	var nodes []*baremetal.Node
	for i := range 16 {
		n, _ := h.machine(fmt.Sprintf("pc-%02d", i))
		h.give(n, 1, "contested", nil)
		nodes = append(nodes, n)
	}
	won := make([]bool, len(nodes))
	var wg sync.WaitGroup
	for i, n := range nodes {
		wg.Go(func() {
			err := h.managed.Attach(t.Context(), n)
			if won[i] = err == nil; !won[i] && !errors.Is(err, baremetal.ErrStorage) {
				t.Errorf("Attach = %v, want nil or %v", err, baremetal.ErrStorage)
			}
		})
	}
	wg.Wait()
	winners := 0
	for i, n := range nodes {
		if won[i] {
			winners++
			h.must(h.managed.Detach(t.Context(), n))
		}
	}
	if winners != 1 {
		t.Errorf("%d nodes got the same volume, want 1", winners)
	}
	if got := h.grants(); len(got) != 0 {
		t.Errorf("%d grants left, want none", len(got))
	}
}
