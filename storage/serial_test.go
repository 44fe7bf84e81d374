package storage

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
)

// seen is the serial number of the disk that a node gets with its next boot.
func (h *house) seen(n *baremetal.Node) string {
	h.Helper()
	h.must(h.managed.Attach(h.Context(), n))
	defer func() { h.must(h.managed.Detach(h.Context(), n)) }()
	for _, g := range h.grants() {
		if g.Node == n.UUID {
			return g.Serial
		}
	}
	h.Fatal("the node got no disk")
	return ""
}

// reopened is the house after a restart.
func (h *house) reopened() *house {
	h.Helper()
	h.must(errors.Join(h.store.Close(), h.volumes.Close()))
	again := openHouse(h.T, h.dir)
	h.store, h.volumes, h.pool, h.managed = again.store, again.volumes, again.pool, again.managed
	return h
}

// pooled gives a node a volume of the pool.
func (h *house) pooled(n *baremetal.Node, v pool.NewVolume) (*baremetal.Volume, *baremetal.VolumeTarget) {
	h.Helper()
	made, err := h.pool.CreateVolume(h.Context(), v)
	h.must(err)
	return made, h.give(n, 0, made.UUID, nil)
}

// identities are what keeps and what changes the identity of a disk, by the rows of the
// table in docs/iscsi.md. Each returns what a machine sees before and after.
var identities = map[string]struct {
	keeps bool
	run   func(h *house) (before, after string)
}{
	"the machine is switched off and on": {true, func(h *house) (string, string) {
		n, _ := h.machine("pc")
		return h.seen(n), h.seen(n)
	}},
	"Ironhook is restarted": {true, func(h *house) (string, string) {
		n, _ := h.machine("pc")
		before := h.seen(n)
		return before, h.reopened().seen(n)
	}},
	"the data directory is restored, here or on another machine": {true, func(h *house) (string, string) {
		n, _ := h.machine("pc")
		before := h.seen(n)
		h.must(errors.Join(h.store.Close(), h.volumes.Close()))
		other := h.TempDir()
		h.must(os.CopyFS(other, os.DirFS(h.dir)))
		h.dir = other
		again := openHouse(h.T, h.dir)
		h.store, h.volumes, h.pool, h.managed = again.store, again.volumes, again.pool, again.managed
		return before, h.seen(n)
	}},
	"the volume is reset, extended, renamed": {true, func(h *house) (string, string) {
		n := h.node("pc")
		v, _ := h.pooled(n, pool.NewVolume{Image: h.image("debian").UUID})
		before := h.seen(n)
		h.must(h.pool.Reimage(h.Context(), v.UUID, v.ImageUUID))
		h.must(h.pool.Extend(h.Context(), v.UUID, 1<<30))
		_, err := h.pool.UpdateVolume(h.Context(), v.UUID, func(_ *store.Tx, v *baremetal.Volume) error { v.Name = "new"; return nil })
		h.must(err)
		return before, h.seen(n)
	}},
	"the volume is attached to a host, or to another machine": {true, func(h *house) (string, string) {
		v, err := h.pool.CreateVolume(h.Context(), pool.NewVolume{Size: 1 << 20})
		h.must(err)
		a := &baremetal.Attachment{VolumeUUID: v.UUID}
		g, err := h.pool.Attach(h.Context(), a, "iqn.2026-11.test:host")
		h.must(err)
		h.must(h.pool.Detach(h.Context(), a.UUID))
		n := h.node("pc")
		h.give(n, 0, v.UUID, nil)
		return g.Serial, h.seen(n)
	}},
	"the next boot from an image with `reset_on_boot`": {true, func(h *house) (string, string) {
		n := h.node("pc")
		h.give(n, 0, h.image("debian").UUID, baremetal.Object{"reset_on_boot": true})
		return h.seen(n), h.seen(n)
	}},
	"an upgrade, of what a machine had before": {true, func(h *house) (string, string) {
		n, _ := h.machine("pc")
		h.must(h.store.Close())
		db, err := sql.Open("sqlite", filepath.Join(h.dir, "db"))
		h.must(err)
		_, err = db.ExecContext(h.Context(), "INSERT INTO kept_serials (volume) VALUES ('pc')") // as the migration does
		h.must(errors.Join(err, db.Close()))
		again := openHouse(h.T, h.dir)
		h.store, h.pool = again.store, again.pool
		h.must(h.volumes.Close())
		h.volumes, h.managed = again.volumes, again.managed
		return "pc", h.seen(n)
	}},
	"a clone, or a volume of a snapshot": {false, func(h *house) (string, string) {
		n, m := h.node("pc"), h.node("pc-2")
		v, _ := h.pooled(n, pool.NewVolume{Size: 1 << 20})
		h.pooled(m, pool.NewVolume{Source: v.UUID})
		return h.seen(n), h.seen(m)
	}},
	"`rebuild`, a new deployment: the volume is another": {false, func(h *house) (string, string) {
		n := h.node("pc")
		image := h.image("debian").UUID
		_, t := h.pooled(n, pool.NewVolume{Image: image})
		before := h.seen(n)
		h.update(func(tx *store.Tx) error { return tx.Targets().Delete(t.UUID) })
		h.pooled(n, pool.NewVolume{Image: image})
		return before, h.seen(n)
	}},
	"another volume target of the same image with `reset_on_boot`": {false, func(h *house) (string, string) {
		n, m := h.node("pc"), h.node("pc-2")
		image := h.image("debian").UUID
		for _, n := range []*baremetal.Node{n, m} {
			h.give(n, 0, image, baremetal.Object{"reset_on_boot": true})
		}
		return h.seen(n), h.seen(m)
	}},
	"a raw file, or an image for reading, of the same name on another appliance": {false, func(h *house) (string, string) {
		n, _ := h.machine("pc")
		other := newHouse(h.T)
		m, _ := other.machine("pc")
		return h.seen(n), other.seen(m)
	}},
	"a raw file gets another name": {false, func(h *house) (string, string) {
		n, t := h.machine("pc")
		before := h.seen(n)
		h.must(os.Rename(filepath.Join(h.dir, "volumes", "pc.raw"), filepath.Join(h.dir, "volumes", "new.raw")))
		h.update(func(tx *store.Tx) error {
			now, err := tx.Targets().Get(t.UUID)
			now.VolumeID = "new"
			return errors.Join(err, tx.Targets().Update(now))
		})
		return before, h.seen(n)
	}},
}

func TestIdentity(t *testing.T) {
	for name, c := range identities {
		t.Run(name, func(t *testing.T) {
			before, after := c.run(newHouse(t))
			if (before == after) != c.keeps || before == "" || after == "" {
				t.Errorf("serial number %q becomes %q, want it kept: %v", before, after, c.keeps)
			}
		})
	}
}

// TestIdentityIsDocumented holds the table of the documentation against the one above.
func TestIdentityIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/iscsi.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "\n## The identity of a disk\n")
	table, _, _ = strings.Cut(table, "\n## ")
	shown := map[string]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| ([^|]+?) \| (the same|another) \|`).FindAllStringSubmatch(table, -1) {
		shown[row[1]] = true
		if c := identities[row[1]]; c.run == nil || c.keeps != (row[2] == "the same") {
			t.Errorf("docs/iscsi.md says of %q that the disk is %s; the test does not", row[1], row[2])
		}
	}
	for name := range identities {
		if !shown[name] {
			t.Errorf("docs/iscsi.md has no row for %q", name)
		}
	}
}

// TestManyVolumesOfOneHost logs a host in to more volumes than it may have sessions with one.
func TestManyVolumesOfOneHost(t *testing.T) {
	h := newHouse(t)
	_, address, _ := h.serve()
	for range 20 {
		v, err := h.pool.CreateVolume(t.Context(), pool.NewVolume{Size: 1 << 20})
		h.must(err)
		g, err := h.pool.Attach(t.Context(), &baremetal.Attachment{VolumeUUID: v.UUID}, "iqn.2026-11.test:host")
		h.must(err)
		h.dial(address, g, linux)
	}
}
