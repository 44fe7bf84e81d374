package store

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"ironhook/baremetal"
)

func open(t *testing.T) *Store {
	t.Helper()
	return reopen(t, filepath.Join(t.TempDir(), "ironhook.db"))
}

func reopen(t testing.TB, path string) *Store {
	t.Helper()
	schema, err := os.ReadFile("../schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), path, string(schema))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func update(t *testing.T, s *Store, f func(tx *Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func uuid(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

func node(n int) *baremetal.Node {
	return &baremetal.Node{UUID: uuid(n), Driver: "fake-hardware", ProvisionState: baremetal.Enroll}
}

func TestNodeSurvivesTheRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db with space?.db")
	s := reopen(t, path)
	yes := true
	want := node(1)
	want.Name, want.DriverInfo = "pc-07", baremetal.Object{"ipmi_port": 623.0, "nested": map[string]any{"a": []any{"b"}}}
	want.AutomatedClean, want.Traits = &yes, []string{"CUSTOM_A"}
	want.Interfaces = baremetal.Interfaces{"power": "ipmitool"}
	want.ProvisionUpdatedAt = time.UnixMicro(1_700_000_000_123_456).UTC()
	update(t, s, func(tx *Tx) error { return tx.Nodes().Insert(want) })
	want.CreatedAt = time.UnixMicro(want.CreatedAt.UnixMicro()).UTC()

	// A second store on the same file reads what the first has committed.
	err := reopen(t, path).View(t.Context(), func(tx *Tx) error {
		got, err := tx.Nodes().Get("pc-07")
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("Get(pc-07) = %+v, want %+v", got, want)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestEveryTableRoundTrips(t *testing.T) {
	s := open(t)
	eth0, none := "eth0", ""
	update(t, s, func(tx *Tx) error {
		return errors.Join(
			tx.Nodes().Insert(node(1)),
			tx.Ports().Insert(&baremetal.Port{UUID: uuid(2), NodeUUID: uuid(1), Address: "52:54:00:00:00:01", PXEEnabled: true, Name: &eth0,
				Vendor: &none}),
			tx.Runbooks().Insert(&baremetal.Runbook{UUID: uuid(5), Name: "CUSTOM_RB", Steps: []baremetal.Object{{"step": "hold"}},
				Traits: []string{"CUSTOM_A"}}),
			tx.InspectionRules().Insert(&baremetal.InspectionRule{UUID: uuid(6), Phase: "main", Priority: 7,
				Actions: []baremetal.Object{{"op": "fail"}}}),
			tx.Connectors().Insert(&baremetal.VolumeConnector{UUID: uuid(3), NodeUUID: uuid(1), Type: "iqn", ConnectorID: "iqn.a"}),
			tx.Targets().Insert(&baremetal.VolumeTarget{UUID: uuid(4), NodeUUID: uuid(1), VolumeType: "iscsi", VolumeID: "v"}),
			tx.Grants().Insert(&baremetal.Grant{Target: uuid(4), Node: uuid(1), IQN: "iqn.t", Initiator: "iqn.a", User: "u", Secret: "s",
				Volume: "v"}),
			tx.Leases().Insert(&baremetal.Lease{MAC: "52:54:00:00:00:01", Address: netip.MustParseAddr("10.0.0.9"), Interface: "br0",
				Expires: tx.Now()}),
		)
	})
	err := s.View(t.Context(), func(tx *Tx) error {
		port, err1 := tx.Ports().Get("52:54:00:00:00:01")
		grant, err2 := tx.Grants().Get("iqn.t")
		lease, err3 := tx.Leases().Get("10.0.0.9")
		target, err4 := tx.Targets().Get(uuid(4))
		connector, err5 := tx.Connectors().Get(uuid(3))
		named, err6 := tx.Ports().Get("eth0")
		book, err7 := tx.Runbooks().Get("CUSTOM_RB")
		rule, err8 := tx.InspectionRules().Get(uuid(6))
		if err := errors.Join(err1, err2, err3, err4, err5, err6, err7, err8); err != nil {
			return err
		}
		if named.UUID != port.UUID || *named.Vendor != "" || named.Category != nil {
			t.Errorf("port by name: %+v", named)
		}
		if book.UUID != uuid(5) || book.Steps[0].Text("step") != "hold" || book.Traits[0] != "CUSTOM_A" || rule.Priority != 7 ||
			rule.Description != nil {
			t.Errorf("got %+v %+v", book, rule)
		}
		if port.UUID != uuid(2) || !port.PXEEnabled || grant.Volume != "v" || lease.MAC != port.Address || target.VolumeID != "v" ||
			connector.ConnectorID != "iqn.a" {
			t.Errorf("got %+v %+v %+v %+v %+v", port, grant, lease, target, connector)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	// What belongs to a node goes with it.
	update(t, s, func(tx *Tx) error { return tx.Nodes().Delete(uuid(1)) })
	err = s.View(t.Context(), func(tx *Tx) error {
		_, err := tx.Grants().Get(uuid(4))
		return err
	})
	if !errors.Is(err, baremetal.ErrNotFound) {
		t.Errorf("grant of a deleted node: %v, want ErrNotFound", err)
	}
}

func TestErrorsKeepTheirKindAndIronicsWords(t *testing.T) {
	s := open(t)
	named := node(1)
	named.Name = "a"
	update(t, s, func(tx *Tx) error {
		return errors.Join(tx.Nodes().Insert(named),
			tx.Connectors().Insert(&baremetal.VolumeConnector{UUID: uuid(3), NodeUUID: uuid(1), Type: "iqn", ConnectorID: "i"}),
			tx.Targets().Insert(&baremetal.VolumeTarget{UUID: uuid(4), NodeUUID: uuid(1), VolumeType: "iscsi", VolumeID: "v"}))
	})
	again := node(2)
	again.Name = "a"
	tests := []struct {
		do   func(tx *Tx) error
		kind error
		text string
	}{
		{func(tx *Tx) error { return tx.Nodes().Insert(node(1)) }, baremetal.ErrConflict, "A node with UUID " + uuid(1) + " already exists."},
		{func(tx *Tx) error { return tx.Nodes().Insert(again) }, baremetal.ErrConflict, "A node with name a already exists."},
		{func(tx *Tx) error { _, err := tx.Nodes().Get("b"); return err }, baremetal.ErrNotFound, "Node b could not be found."},
		{func(tx *Tx) error { return tx.Nodes().Delete(uuid(9)) }, baremetal.ErrNotFound, "Node " + uuid(9) + " could not be found."},
		{func(tx *Tx) error { return tx.Nodes().Update(node(9)) }, baremetal.ErrNotFound, "Node " + uuid(9) + " could not be found."},
		{func(tx *Tx) error {
			return tx.Connectors().Insert(&baremetal.VolumeConnector{UUID: uuid(5), NodeUUID: uuid(1), Type: "iqn", ConnectorID: "i"})
		}, baremetal.ErrConflict, "A volume connector with type iqn and connector ID i already exists."},
		{func(tx *Tx) error {
			return tx.Targets().Insert(&baremetal.VolumeTarget{UUID: uuid(5), NodeUUID: uuid(1), VolumeType: "iscsi", VolumeID: "w"})
		}, baremetal.ErrConflict, "A volume target with boot index '0' for the same node already exists."},
	}
	for _, test := range tests {
		err := s.Update(t.Context(), test.do)
		if !errors.Is(err, test.kind) || err.Error() != test.text {
			t.Errorf("got %v, want %q of kind %v", err, test.text, test.kind)
		}
	}
}

func TestFailureIsNotAbsence(t *testing.T) {
	s := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := s.View(ctx, func(tx *Tx) error { _, err := tx.Nodes().Get("x"); return err })
	if err == nil || errors.Is(err, baremetal.ErrNotFound) {
		t.Errorf("Get on a cancelled store = %v, want a failure that is not ErrNotFound", err)
	}
}

func TestUpdateLeavesNothingBehindOnError(t *testing.T) {
	s := open(t)
	boom := errors.New("boom")
	if err := s.Update(t.Context(), func(tx *Tx) error { return errors.Join(tx.Nodes().Insert(node(1)), boom) }); !errors.Is(err, boom) {
		t.Fatalf("Update = %v, want boom", err)
	}
	if err := s.View(t.Context(), func(tx *Tx) error { _, err := tx.Nodes().Get(uuid(1)); return err }); !errors.Is(err,
		baremetal.ErrNotFound) {
		t.Errorf("after a failed update Get = %v, want ErrNotFound", err)
	}
}

func TestPagesMeetEveryRowOnce(t *testing.T) {
	s := open(t)
	owners := []string{"b", "", "a", "", "b", "c", ""}
	update(t, s, func(tx *Tx) error {
		for i, owner := range owners {
			n := node(i + 1)
			n.Owner = owner
			if err := tx.Nodes().Insert(n); err != nil {
				return err
			}
		}
		return nil
	})
	for _, test := range []struct {
		query Query
		want  []int
	}{
		{Query{}, []int{1, 2, 3, 4, 5, 6, 7}},
		{Query{Desc: true}, []int{7, 6, 5, 4, 3, 2, 1}},
		{Query{SortKey: "owner"}, []int{2, 4, 7, 3, 1, 5, 6}},
		{Query{SortKey: "owner", Desc: true}, []int{6, 5, 1, 3, 7, 4, 2}},
		{Query{Filters: []Filter{{Column: "owner", Match: Null}}}, []int{2, 4, 7}},
		{Query{Filters: []Filter{{Column: "owner", Match: NotNull}}, SortKey: "owner"}, []int{3, 1, 5, 6}},
		{Query{Filters: []Filter{{Column: "owner", Match: In, Value: []string{"a", "c"}}}}, []int{3, 6}},
		{Query{Filters: []Filter{{Column: "owner", Match: Contains, Value: "B"}}}, []int{1, 5}},
		{Query{Filters: []Filter{{Column: "owner", Match: NotEqual, Value: "b"}}}, []int{2, 3, 4, 6, 7}},
		{Where("owner", "b"), []int{1, 5}},
	} {
		for limit := range 4 {
			if got := pages(t, s, test.query, limit); !reflect.DeepEqual(got, test.want) {
				t.Errorf("pages of %d of %+v = %v, want %v", limit, test.query, got, test.want)
			}
		}
	}
}

// pages reads q page by page and returns the numbers of the nodes it met.
func pages(t *testing.T, s *Store, q Query, limit int) (met []int) {
	t.Helper()
	q.Limit = limit
	for {
		var page []*baremetal.Node
		if err := s.View(t.Context(), func(tx *Tx) (err error) { page, err = tx.Nodes().List(q); return err }); err != nil {
			t.Fatal(err)
		}
		for _, n := range page {
			met = append(met, int(n.ID))
			q.Marker = n.UUID
		}
		if limit == 0 || len(page) == 0 {
			return met
		}
	}
}

func TestListRefusesWhatIsNoColumn(t *testing.T) {
	s := open(t)
	for _, q := range []Query{{SortKey: "id; DROP TABLE nodes"}, {Filters: []Filter{{Column: "1=1 OR name", Value: 1}}}} {
		if err := s.View(t.Context(), func(tx *Tx) error { _, err := tx.Nodes().List(q); return err }); err == nil {
			t.Errorf("List(%+v) = nil error, want one", q)
		}
	}
	err := s.View(t.Context(), func(tx *Tx) error { _, err := tx.Nodes().List(Query{Marker: uuid(9)}); return err })
	if !errors.Is(err, baremetal.ErrNotFound) {
		t.Errorf("unknown marker: %v, want ErrNotFound", err)
	}
}

func TestReadThenWriteIsAtomic(t *testing.T) {
	s := open(t)
	update(t, s, func(tx *Tx) error { return tx.Nodes().Insert(node(1)) })
	const clients, rounds = 8, 25
	var g sync.WaitGroup
	for range clients {
		g.Go(func() {
			for range rounds {
				err := s.Update(t.Context(), func(tx *Tx) error {
					n, err := tx.Nodes().Get(uuid(1))
					if err != nil {
						return err
					}
					count, _ := n.Extra["count"].(float64)
					n.Extra = baremetal.Object{"count": count + 1}
					return tx.Nodes().Update(n)
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	g.Wait()
	_ = s.View(t.Context(), func(tx *Tx) error {
		n, err := tx.Nodes().Get(uuid(1))
		if err != nil || n.Extra["count"] != float64(clients*rounds) {
			t.Errorf("count = %v (%v), want %d", n.Extra["count"], err, clients*rounds)
		}
		return nil
	})
}

func TestEventsAreReadOnFromANumber(t *testing.T) {
	s := open(t)
	changed := s.Changed()
	for i := range 5 {
		e := baremetal.Event{Node: uuid(1 + i%2), Kind: baremetal.EventDiscover, Detail: fmt.Sprint(i)}
		if i == 4 {
			e.Kind = baremetal.EventOffer
		}
		if err := s.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	<-changed // a commit closes it; the test would hang here otherwise
	for _, test := range []struct {
		query EventQuery
		want  []int64
	}{
		{EventQuery{}, []int64{1, 2, 3, 4, 5}},
		{EventQuery{After: 3}, []int64{4, 5}},
		{EventQuery{Node: uuid(1)}, []int64{1, 3, 5}},
		{EventQuery{Limit: 2}, []int64{1, 2}},
		{EventQuery{Limit: 2, Last: true}, []int64{4, 5}},
		{EventQuery{Kinds: []baremetal.EventKind{baremetal.EventOffer, baremetal.EventFile}}, []int64{5}},
	} {
		var got []int64
		err := s.View(t.Context(), func(tx *Tx) error {
			events, err := tx.Events(test.query)
			for _, e := range events {
				got = append(got, e.Seq)
			}
			return err
		})
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("Events(%+v) = %v, %v, want %v", test.query, got, err, test.want)
		}
	}
}

func TestNobodyWaitsForAClosedStore(t *testing.T) {
	s := open(t)
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Errorf("Close, Close = %v, want nil", err)
	}
	nothing := func(*Tx) error { return nil }
	if err := s.View(t.Context(), nothing); !errors.Is(err, errClosed) {
		t.Errorf("View after Close = %v, want %v", err, errClosed)
	}
	if err := s.Update(t.Context(), nothing); !errors.Is(err, errClosed) {
		t.Errorf("Update after Close = %v, want %v", err, errClosed)
	}
}

func TestANewerFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ironhook.db")
	s := reopen(t, path)
	err := s.writer.run(t.Context(), func(session *session) error {
		_, err := session.exec(fmt.Sprintf("PRAGMA user_version = %d", newest()+1))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	schema, err := os.ReadFile("../schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path, string(schema)); err == nil {
		t.Error("Open of a newer file = nil error, want a refusal")
	}
}

func TestTheFileIsForItsOwnerOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ironhook.db")
	reopen(t, path)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v (%v), want 0600", info.Mode(), err)
	}
}
