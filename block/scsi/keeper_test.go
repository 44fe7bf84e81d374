package scsi

import (
	"errors"
	"testing"
)

// memKeeper keeps reservations in memory, and may fail.
type memKeeper struct {
	data  []byte
	err   error
	saves int
}

func (k *memKeeper) Load() ([]byte, error) { return k.data, k.err }

func (k *memKeeper) Save(data []byte) error {
	k.saves++
	if k.err == nil {
		k.data = data
	}
	return k.err
}

func TestReservationsOutliveARestart(t *testing.T) {
	keeper := &memKeeper{}
	r := newRig(t, Options{Reservations: keeper})
	r.pr("good", r.nexus, prRegister, 0, 0, keyA)
	if keeper.saves != 0 {
		t.Errorf("%d saves without APTPL, want none", keeper.saves)
	}
	r.want("good", r.nexus, "5f 00 00 0000 00000018 00", outList(keyA, keyA, 0x01)...)
	r.pr("good", r.nexus, prReserve, writeExclusive, keyA, 0)
	before := r.state()
	r = newRigOn(t, r.disk, Options{Reservations: keeper})
	r.wantState(before)
	r.want("conflict", r.login("b"), "2a 00 00000000 00 0001 00", fill(0, 1)...)
	r.want("good", r.nexus, "2a 00 00000000 00 0001 00", fill(0, 1)...) // same port, new session
	if got := r.do(r.nexus, "5e 02 0000000000 ff00 00").In; got[3]&1 == 0 {
		t.Errorf("REPORT CAPABILITIES = %x, want PTPL_A", got)
	}
	keeper.err = errors.New("disk full") // a change that cannot be saved is refused
	r.pr("4/4400", r.nexus, prRelease, writeExclusive, keyA, 0)
	keeper.err = nil
	r.wantState(before)
	r.pr("good", r.nexus, prRegister, 0, keyA, keyA) // APTPL off
	if len(keeper.data) != 0 {
		t.Errorf("without APTPL, kept %s, want nothing", keeper.data)
	}
}

func TestDamagedReservationsAreNotIgnored(t *testing.T) {
	for name, k := range map[string]*memKeeper{
		"unreadable":   {err: errors.New("input/output error")},
		"not JSON":     {data: []byte("{")},
		"unknown type": {data: []byte(`{"Type":9}`)},
	} {
		if _, err := NewLUN(newMemDisk(8), Options{Serial: "x", Reservations: k}); err == nil {
			t.Errorf("%s: the unit opened with nobody fenced off", name)
		}
	}
}
