package store

import (
	"bytes"
	"database/sql/driver"
	"errors"
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
// it has room for and of nothing else.
func TestLogForgetsTheOldest(t *testing.T) {
	s := open(t)
	add := func(n int) {
		update(t, s, func(tx *Tx) error {
			for range n {
				if err := tx.Append(baremetal.Event{Kind: baremetal.EventNode}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	span := func() (first, last int64, n int) {
		_ = s.View(t.Context(), func(tx *Tx) error {
			list, err := tx.Events(EventQuery{})
			if err != nil || len(list) == 0 {
				t.Fatalf("%d events, %v", len(list), err)
			}
			first, last, n = list[0].Seq, list[len(list)-1].Seq, len(list)
			return nil
		})
		return first, last, n
	}
	add(1000)
	if first, last, n := span(); first != 1 || last != 1000 || n != 1000 {
		t.Errorf("events %d to %d, %d of them, want all of 1000", first, last, n)
	}
	update(t, s, func(tx *Tx) error {
		_, err := tx.exec("UPDATE sqlite_sequence SET seq = ? WHERE name = 'events'", int64(kept+499))
		return err
	})
	add(501)
	if first, last, n := span(); first != kept+500 || last != kept+1000 || n != 501 {
		t.Errorf("events %d to %d, %d of them, want %d to %d", first, last, n, kept+500, kept+1000)
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
