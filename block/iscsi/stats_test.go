package iscsi_test

import (
	"strings"
	"testing"

	"ironhook/block/iscsi"
	"ironhook/block/iscsi/initiatortest"
)

func TestEventsAndCounters(t *testing.T) {
	s := serve(t, newRAM(1<<20), nil)
	i := s.login(initiatortest.Options{ISID: iscsi.ISID{0x80, 1, 2, 3, 4, 5}})
	for range 3 {
		if err := i.Write(0, make([]byte, 1024)); err != nil {
			t.Fatal(err)
		}
		if _, err := i.Read(0, 512); err != nil {
			t.Fatal(err)
		}
	}
	all := s.target.Sessions()
	if len(all) != 1 || len(all[0].LUNs) != 1 {
		t.Fatalf("Sessions() = %+v, want one with one LUN", all)
	}
	info, lun := all[0], all[0].LUNs[0]
	if info.Initiator != initiatorName || info.Target != targetName || info.ISID != (iscsi.ISID{0x80, 1, 2, 3, 4, 5}) ||
		!info.Remote.IsValid() {
		t.Errorf("session %+v", info)
	}
	var timed uint64
	for _, n := range lun.Latency {
		timed += n
	}
	if lun.Reads != 3 || lun.Writes != 3 || lun.ReadBytes != 1536 || lun.WrittenBytes != 3072 || timed != lun.Reads+lun.Writes+lun.Others {
		t.Errorf("counters %+v, %d in the histogram", lun, timed)
	}
	if err := i.Logout(); err != nil {
		t.Fatal(err)
	}
	s.event(iscsi.Logout)
	var got []string
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		got = append(got, string(e.Kind))
	}
	if want := "login first-write first-read logout"; strings.Join(got, " ") != want {
		t.Errorf("events %q, want %q", strings.Join(got, " "), want)
	}
}
