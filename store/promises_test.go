package store

import (
	"bytes"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"ironhook/baremetal"
)

// TestEverySessionIsDurable asks SQLite itself: no kill of a process shows what a power
// cut would take.
func TestEverySessionIsDurable(t *testing.T) {
	s := open(t)
	for pragma, want := range map[string]any{"synchronous": int64(2), "journal_mode": "wal", "foreign_keys": int64(1)} {
		ask := func(session *session) error {
			rows, err := session.query("PRAGMA " + pragma)
			if err != nil {
				return err
			}
			value := make([]driver.Value, 1)
			err = rows.Next(value)
			if value[0] != want {
				t.Errorf("%s is %v, want %v", pragma, value[0], want)
			}
			return errors.Join(err, rows.Close())
		}
		if err := errors.Join(s.writer.run(t.Context(), ask), s.reader.run(t.Context(), ask)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCascade: what belongs to a node goes with it, and what lives on keeps a volume
// from going.
func TestCascade(t *testing.T) {
	s := open(t)
	target := &baremetal.VolumeTarget{UUID: uuid(2), NodeUUID: uuid(1), VolumeType: baremetal.ISCSI, VolumeID: uuid(5)}
	update(t, s, func(tx *Tx) error {
		return errors.Join(
			tx.Nodes().Insert(node(1)),
			tx.Ports().Insert(&baremetal.Port{UUID: uuid(3), NodeUUID: uuid(1), Address: "52:54:00:00:00:01"}),
			tx.Connectors().Insert(&baremetal.VolumeConnector{UUID: uuid(4), NodeUUID: uuid(1), Type: "iqn", ConnectorID: "iqn.a"}),
			tx.Targets().Insert(target),
			tx.Grants().Insert(&baremetal.Grant{Target: uuid(2), Node: uuid(1), IQN: "iqn.b", Volume: uuid(5)}),
			tx.Volumes().Insert(&baremetal.Volume{UUID: uuid(5), Size: 1 << 30, Status: baremetal.VolumeAvailable}),
			tx.Snapshots().Insert(&baremetal.Snapshot{UUID: uuid(6), VolumeUUID: uuid(5), Status: baremetal.VolumeAvailable}),
		)
	})
	if err := s.Update(t.Context(), func(tx *Tx) error { return tx.Volumes().Delete(uuid(5)) }); err == nil {
		t.Error("a volume with a snapshot was deleted")
	}
	update(t, s, func(tx *Tx) error { return tx.Targets().Delete(target.UUID) })
	_ = s.View(t.Context(), func(tx *Tx) error {
		if _, err := tx.Grants().Get(target.UUID); !errors.Is(err, baremetal.ErrNotFound) {
			t.Errorf("the grant of a target that has gone: %v, want none", err)
		}
		return nil
	})
	update(t, s, func(tx *Tx) error { return errors.Join(tx.Targets().Insert(target), tx.Nodes().Delete(uuid(1))) })
	_ = s.View(t.Context(), func(tx *Tx) error {
		_, port := tx.Ports().Get(uuid(3))
		_, connector := tx.Connectors().Get(uuid(4))
		_, left := tx.Targets().Get(target.UUID)
		for what, err := range map[string]error{"port": port, "connector": connector, "target": left} {
			if !errors.Is(err, baremetal.ErrNotFound) {
				t.Errorf("the %s of a node that has gone: %v, want none", what, err)
			}
		}
		return nil
	})
}

// TestChangeOfAnAbsentRow: what is answered as done has met a row.
func TestChangeOfAnAbsentRow(t *testing.T) {
	s := open(t)
	for name, change := range map[string]func(tx *Tx) error{
		"update": func(tx *Tx) error { return tx.Nodes().Update(node(1)) },
		"delete": func(tx *Tx) error { return tx.Nodes().Delete(uuid(1)) },
	} {
		if err := s.Update(t.Context(), change); !errors.Is(err, baremetal.ErrNotFound) {
			t.Errorf("%s = %v, want %v", name, err, baremetal.ErrNotFound)
		}
	}
}

// TestDamagedFileIsRefused: damage is found when the program starts, with a remedy, and
// not in the middle of a boot.
func TestDamagedFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ironhook.db")
	schema, err := os.ReadFile("../schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), path, string(schema))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		update(t, s, insert(i+1))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const pageSize = 4096
	at := bytes.Index(file, []byte(uuid(150))) / pageSize * pageSize
	clear(file[at+8 : at+pageSize/2]) // the cells of a page in the middle of the table
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(t.Context(), path, string(schema)); !errors.Is(err, errDamaged) {
		t.Errorf("Open = %v, want %v", err, errDamaged)
		if err == nil {
			_ = s.Close()
		}
	}
}

// TestLogForgetsTheOldest: each thousandth event prunes the log, of what is older than
// it has room for and of nothing else. Strangers push out each other's events only.
func TestLogForgetsTheOldest(t *testing.T) {
	s := open(t)
	add := func(n int, node, mac any) {
		update(t, s, func(tx *Tx) error {
			_, err := tx.exec("INSERT INTO events (at, node, mac, kind) WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < "+
				"?) SELECT 1, ?, ?, 'node' FROM c",
				int64(n-1), node, mac)
			return errors.Join(err, tx.Append(baremetal.Event{Kind: baremetal.EventNode}))
		})
	}
	count := func(of string) (n int) {
		err := s.View(t.Context(), func(tx *Tx) error {
			text, _, err := tx.scalar("SELECT CAST(count(*) AS TEXT) FROM events WHERE " + of)
			_, scanned := fmt.Sscan(text, &n)
			return errors.Join(err, scanned)
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	const strangers, node, ours = "mac IS NOT NULL AND node IS NULL", "node = 'n'", "node IS NULL AND mac IS NULL"
	add(2000, "n", "52:54:00:00:00:01")
	for range 30 {
		add(10_000, nil, "02:00:00:00:00:01")
	}
	if n, m := count(strangers), count(node); n != keptStrangers || m != 1999 {
		t.Errorf("after 300,000 events of strangers, %d of these and %d of a node are left, want %d and 1999", n, m, keptStrangers)
	}
	add(kept, "n", nil)
	if n, m, o := count(strangers), count(node), count(ours); n != keptStrangers || m != kept-1 || o != 1 {
		t.Errorf("%d events of strangers, %d of a node, %d of the appliance are left; want %d, %d and 1", n, m, o, keptStrangers, kept-1)
	}
}

// TestAFailedCommitIsAFailureOfAll: transactions that share a commit are told when it
// fails, and nothing of any of them is left.
func TestAFailedCommitIsAFailureOfAll(t *testing.T) {
	s := open(t)
	answers, commits := gather(t, s, nil,
		insert(1),
		func(tx *Tx) error { // SQLite finds out at COMMIT only
			_, err := tx.exec("PRAGMA defer_foreign_keys = ON")
			return errors.Join(err, tx.Ports().Insert(&baremetal.Port{UUID: uuid(3), NodeUUID: uuid(9), Address: "52:54:00:00:00:01"}))
		},
	)
	for i, err := range answers {
		if err == nil && i < 2 {
			t.Errorf("answer %d = nil, want the failure of the commit", i)
		}
	}
	if list := there(t, s); len(list) > 0 || commits != 0 {
		t.Errorf("%v are there after %d commits, want nothing", list, commits)
	}
	if err := s.Update(t.Context(), insert(2)); err != nil {
		t.Errorf("the next transaction: %v", err)
	}
}
