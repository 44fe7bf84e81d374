package storage

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/storage/pool"
	"ironhook/store"
	"ironhook/volume"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("IRONHOOK_KILL_TEST"); dir != "" {
		attachAndDetachForEver(dir)
		return
	}
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"))
}

// house is a real database and a real directory of volumes.
type house struct {
	*testing.T
	dir     string
	store   *store.Store
	volumes *volume.Dir
	pool    *pool.Pool
	managed *Managed

	mu    sync.Mutex
	ended []string // IQNs, in the order of withdrawal
	log   bytes.Buffer
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := openHouse(t, t.TempDir())
	t.Cleanup(func() {
		if err := h.store.Close(); err != nil {
			t.Error(err)
		}
		h.volumes.Close()
	})
	return h
}

func openHouse(t *testing.T, dir string) *house {
	t.Helper()
	h := &house{T: t, dir: dir}
	schema, err := os.ReadFile("../schema.sql")
	h.must(err)
	h.store, err = store.Open(context.Background(), filepath.Join(dir, "db"), string(schema))
	h.must(err)
	h.volumes, err = volume.Open(filepath.Join(dir, "volumes"))
	h.must(err)
	h.pool = pool.New(pool.Config{Store: h.store, Volumes: h.volumes, Log: h.logger()})
	h.managed = NewManaged(h.store, h.pool, h.volumes, fixedPortal, h.end)
	return h
}

const portalText = "10.77.0.1:3260"

func fixedPortal(context.Context, *baremetal.Node) (netip.AddrPort, error) {
	return netip.MustParseAddrPort(portalText), nil
}

func (h *house) end(iqn string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = append(h.ended, iqn)
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// logger collects the log, to look for secrets in it.
func (h *house) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(&lockedWriter{h: h}, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

type lockedWriter struct{ h *house }

func (w *lockedWriter) Write(p []byte) (int, error) {
	w.h.mu.Lock()
	defer w.h.mu.Unlock()
	return w.h.log.Write(p)
}

func (h *house) logged() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.String()
}

func (h *house) update(f func(tx *store.Tx) error) {
	h.Helper()
	h.must(h.store.Update(context.Background(), f))
}

func (h *house) view(f func(tx *store.Tx) error) {
	h.Helper()
	h.must(h.store.View(context.Background(), f))
}

func (h *house) validate(s attacher, n *baremetal.Node) error {
	return h.store.View(context.Background(), func(tx *store.Tx) error { return s.Validate(tx, n) })
}

func (h *house) plan(s attacher, n *baremetal.Node) (p boot.Plan, err error) {
	err = h.store.View(context.Background(), func(tx *store.Tx) error {
		p, err = s.Plan(tx, n)
		return err
	})
	return p, err
}

// node makes a node that may boot from volumes.
func (h *house) node(name string) *baremetal.Node {
	h.Helper()
	n := &baremetal.Node{
		UUID: uuid.NewString(), Name: name, Driver: "fake-hardware", ProvisionState: baremetal.Available,
		Interfaces: baremetal.Interfaces{"storage": "iscsi", "boot": "ipxe"},
		Properties: baremetal.Object{"capabilities": "iscsi_boot:True"},
	}
	h.update(func(tx *store.Tx) error { return tx.Nodes().Insert(n) })
	return n
}

func (h *house) volume(name string) {
	h.Helper()
	h.must(h.volumes.Create(name, 1<<20))
}

func (h *house) give(n *baremetal.Node, index int64, volumeID string, properties baremetal.Object) *baremetal.VolumeTarget {
	h.Helper()
	t := &baremetal.VolumeTarget{UUID: uuid.NewString(), NodeUUID: n.UUID, VolumeType: "iscsi", BootIndex: index, VolumeID: volumeID,
		Properties: properties}
	h.update(func(tx *store.Tx) error { return tx.Targets().Insert(t) })
	return t
}

// machine is a node that boots from a volume of its own name.
func (h *house) machine(name string) (*baremetal.Node, *baremetal.VolumeTarget) {
	h.Helper()
	n := h.node(name)
	h.volume(name)
	return n, h.give(n, 0, name, nil)
}

// target returns a target as the boot script and the API see it.
func (h *house) target(t *baremetal.VolumeTarget) (now *baremetal.VolumeTarget) {
	h.Helper()
	h.view(func(tx *store.Tx) error {
		g, err := tx.Grants().Find(t.UUID)
		if err == nil {
			now, err = tx.Targets().Get(t.UUID)
		}
		if err == nil {
			now = now.Connected(g)
		}
		return err
	})
	return now
}

func (h *house) grants() (all []*baremetal.Grant) {
	h.Helper()
	h.view(func(tx *store.Tx) (err error) { all, err = tx.Grants().List(store.Query{}); return err })
	return all
}

// grant returns the only grant.
func (h *house) grant() *baremetal.Grant {
	h.Helper()
	all := h.grants()
	if len(all) != 1 {
		h.Fatalf("%d grants, want 1", len(all))
	}
	return all[0]
}

func (h *house) connectors(n *baremetal.Node) (all []*baremetal.VolumeConnector) {
	h.Helper()
	h.view(func(tx *store.Tx) (err error) {
		all, err = tx.Connectors().List(store.Where("node_uuid", n.UUID))
		return err
	})
	return all
}

func (h *house) events(n *baremetal.Node) (all []*baremetal.Event) {
	h.Helper()
	h.view(func(tx *store.Tx) (err error) { all, err = tx.Events(store.EventQuery{Node: n.UUID}); return err })
	return all
}

// kindsOf is the kinds of the events of a node, in order.
func (h *house) kindsOf(n *baremetal.Node) string {
	h.Helper()
	var kinds []string
	for _, e := range h.events(n) {
		kinds = append(kinds, string(e.Kind))
	}
	return strings.Join(kinds, " ")
}

// keepsSecret fails if a secret of a grant is in the log, an event or the given text.
func (h *house) keepsSecret(text ...string) {
	h.Helper()
	h.view(func(tx *store.Tx) error {
		events, err := tx.Events(store.EventQuery{})
		for _, e := range events {
			text = append(text, fmt.Sprint(*e))
		}
		return err
	})
	text = append(text, h.logged())
	for _, x := range h.grants() {
		for _, s := range text {
			if strings.Contains(s, x.Secret) {
				h.Errorf("a secret stands in %q", s)
			}
		}
	}
}

func (h *house) setProperties(t *baremetal.VolumeTarget, properties baremetal.Object) {
	h.Helper()
	h.update(func(tx *store.Tx) error {
		now, err := tx.Targets().Get(t.UUID)
		if err != nil {
			return err
		}
		now.Properties = properties
		return tx.Targets().Update(now)
	})
}
