package web

import (
	"strings"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
)

// A machine's page shows what the machine does with its disks, and so does the stream
// that keeps the page up to date.
func TestPageShowsSessions(t *testing.T) {
	s := Session{
		Initiator: "iqn.2026-11.example:pc-01", Remote: "10.0.0.7:49152", Since: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC),
		Reads: 12, ReadBytes: 5 << 20, Writes: 3, WrittenBytes: 700, InFlight: 2, Median: 64 * time.Microsecond, Slow: 8192 * time.Microsecond,
	}
	r := newRoom(t, func(w *Web) {
		w.Sessions = func(target string) []Session {
			return map[string][]Session{"iqn.2026-11.example:t-1": {s}}[target]
		}
	}).enter()
	for _, name := range []string{"node-1", "node-2"} {
		r.enroll(&baremetal.Node{UUID: name, Name: name, Driver: "ipmi"}, "52:54:00:00:00:0"+name[5:])
	}
	r.update(func(tx *store.Tx) error {
		if err := tx.Targets().Insert(&baremetal.VolumeTarget{UUID: "t-1", NodeUUID: "node-1", VolumeType: "iscsi",
			VolumeID: "root-pc-01"}); err != nil {
			return err
		}
		return tx.Grants().Insert(&baremetal.Grant{Target: "t-1", Node: "node-1", IQN: "iqn.2026-11.example:t-1", Volume: "root-pc-01"})
	})
	page := r.get("/ui/machines/node-1").body
	for _, want := range []string{"Session with root-pc-01", "10.0.0.7:49152", "2026-11-22 08:00:00 UTC", "5.0 MiB in 12 commands",
		"700 B in 3 commands", "2 commands", "64µs (half), 8.192ms (99 of 100)"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if strings.Contains(page, "Failed") {
		t.Error("the page shows failures where there are none")
	}
	var d *machinePage
	r.update(func(tx *store.Tx) (err error) {
		d, err = r.web.readMachinePage(tx, "node-1", true)
		return err
	})
	if last := d.Groups[len(d.Groups)-1]; last.Title != "Session with root-pc-01" {
		t.Errorf("the stream's last group is %q", last.Title)
	}
	if page := r.get("/ui/machines/node-2").body; strings.Contains(page, "Session with") {
		t.Error("a machine without a disk has a session with one")
	}
}

func TestAmount(t *testing.T) {
	for n, want := range map[uint64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536 << 10: "1.5 MiB", 3 << 40: "3.0 TiB",
		1<<64 - 1: "16.0 EiB"} {
		if got := amount(n); got != want {
			t.Errorf("amount(%d) = %q, want %q", n, got, want)
		}
	}
}

// A machine that has a session is up on the dashboard, on its page and in the stream, though
// the appliance restarted and the log's last word is that the machine logged out.
func TestAnOpenSessionIsUp(t *testing.T) {
	open := map[string]bool{"iqn.2026-11.example:t-1": true}
	r := newRoom(t, func(w *Web) { w.Open = func() map[string]bool { return open } }).enter()
	r.enroll(&baremetal.Node{UUID: "node-1", Name: "pc-01", Driver: "ipmi", PowerState: baremetal.PowerOn}, "52:54:00:00:00:01")
	r.update(func(tx *store.Tx) error {
		if err := tx.Targets().Insert(&baremetal.VolumeTarget{UUID: "t-1", NodeUUID: "node-1", VolumeType: "iscsi",
			VolumeID: "root"}); err != nil {
			return err
		}
		if err := tx.Grants().Insert(&baremetal.Grant{Target: "t-1", Node: "node-1", IQN: "iqn.2026-11.example:t-1",
			Volume: "root"}); err != nil {
			return err
		}
		for _, kind := range append(baremetal.BootSteps, baremetal.EventLogout) {
			if err := tx.Append(baremetal.Event{Node: "node-1", Kind: kind}); err != nil {
				return err
			}
		}
		return nil
	})
	views := map[string]func(tx *store.Tx) (string, error){
		"dashboard": func(tx *store.Tx) (string, error) {
			found, err := r.web.readDashboard(tx)
			return found.Tiles[0].Bar.Caption, err
		},
		"page": func(tx *store.Tx) (string, error) {
			d, err := r.web.readMachinePage(tx, "node-1", true)
			return d.Boots[0].Bar.Caption, err
		},
		"stream": func(tx *store.Tx) (string, error) {
			v := &dashboardView{web: r.web}
			_, err := v.update(tx, nil, true)
			return v.tiles["node-1"].Bar.Caption, err
		},
	}
	for _, want := range []string{"Up", "Was up"} {
		for name, view := range views {
			r.update(func(tx *store.Tx) error {
				got, err := view(tx)
				if got != want {
					t.Errorf("%s with the sessions %v: %q, want %q", name, open, got, want)
				}
				return err
			})
		}
		open = nil
	}
}
