package scsi

import (
	"bytes"
	"fmt"
	"testing"
)

// outList is the parameter list of PERSISTENT RESERVE OUT.
func outList(key, action uint64, flags byte) []byte {
	p := make([]byte, 24)
	put64(p, key)
	put64(p[8:], action)
	p[20] = flags
	return p
}

const (
	prRegister = iota
	prReserve
	prRelease
	prClear
	prPreempt
	prPreemptAndAbort
	prRegisterAnyway
)

// pr runs PERSISTENT RESERVE OUT and compares the outcome.
func (r *rig) pr(want string, n *Nexus, action int, k kind, key, actionKey uint64) {
	r.t.Helper()
	r.want(want, n, fmt.Sprintf("5f %02x %02x 0000 00000018 00", action, byte(k)), outList(key, actionKey, 0)...)
}

// pending reads the conditions that are pending for a nexus, one at a time, until none is
// left.
func (r *rig) pending(n *Nexus) (all []string) {
	for {
		res := r.do(n, "03 00 0000 12 00") // REQUEST SENSE reports and clears
		if res.In[2] == 0 {
			return all
		}
		all = append(all, fmt.Sprintf("%02x%02x", res.In[12], res.In[13]))
	}
}

func (r *rig) wantOwed(n *Nexus, want ...string) {
	r.t.Helper()
	if got := r.pending(n); fmt.Sprint(got) != fmt.Sprint(want) {
		r.t.Errorf("%s has %v pending, want %v", n.port, got, want)
	}
}

// state is the reservation as READ KEYS and READ RESERVATION report it.
func (r *rig) state() string {
	n := r.device.Login("reader")
	defer r.device.Logout(n)
	n.attention[0].take()
	keys := r.do(n, "5e 00 0000000000 ff00 00").In
	held := r.do(n, "5e 01 0000000000 ff00 00").In
	s := fmt.Sprintf("keys %x", keys[8:])
	if len(held) > 8 {
		s += fmt.Sprintf(", held by %x, type %d", held[8:16], held[21])
	}
	return s
}

func (r *rig) wantState(want string) {
	r.t.Helper()
	if got := r.state(); got != want {
		r.t.Errorf("state = %s, want %s", got, want)
	}
}

const (
	keyA, keyB, keyC = 0xa, 0xb, 0xc
	hexA             = "000000000000000a"
	hexB             = "000000000000000b"
	hexC             = "000000000000000c"
)

// The initiators that may read and write under each type (SPC-4 table 57).
func TestReservationsKeepOthersOut(t *testing.T) {
	const read, write = "28 00 00000000 00 0001 00", "2a 00 00000000 00 0001 00"
	for _, c := range []struct {
		kind                                                     kind
		registrantReads, registrantWrites, strangerReads, writes string
	}{
		{writeExclusive, "good", "conflict", "good", "conflict"},
		{exclusiveAccess, "conflict", "conflict", "conflict", "conflict"},
		{writeExclusiveRegistrantsOnly, "good", "good", "good", "conflict"},
		{exclusiveAccessRegistrantsOnly, "good", "good", "conflict", "conflict"},
		{writeExclusiveAllRegistrants, "good", "good", "good", "conflict"},
		{exclusiveAccessAllRegistrants, "good", "good", "conflict", "conflict"},
	} {
		r := newRig(t, Options{})
		holder, registrant, stranger := r.nexus, r.login("b"), r.login("c")
		r.pr("good", holder, prRegister, 0, 0, keyA)
		r.pr("good", registrant, prRegister, 0, 0, keyB)
		r.pr("good", holder, prReserve, c.kind, keyA, 0)
		t.Logf("type %d", c.kind)
		r.want("good", holder, read)
		r.want("good", holder, write, fill(0, 1)...)
		r.want(c.registrantReads, registrant, read)
		r.want(c.registrantWrites, registrant, write, fill(0, 1)...)
		r.want(c.strangerReads, stranger, read)
		r.want(c.writes, stranger, write, fill(0, 1)...)
		r.want("good", stranger, "00")
		r.want("good", stranger, "12 00 00 0024 00")
		r.want("good", stranger, "25")
		r.want("conflict", stranger, "1a 08 3f 00 ff 00")
		r.want("good", stranger, "1b 00 00 00 01 00")     // start
		r.want("conflict", stranger, "1b 00 00 00 00 00") // stop
		r.want("conflict", stranger, "41 00 00000000 00 0001 00", fill(0, 1)...)
		r.want("conflict", stranger, "48 02 0000000000 0000 00")
		r.want("conflict", stranger, "83 00 0000000000000000 00000000 00 00")
	}
}

func TestRegister(t *testing.T) {
	r := newRig(t, Options{})
	a, other := r.nexus, r.login("b")
	r.pr("conflict", a, prRegister, 0, 1, keyA) // a key where there is none
	r.pr("good", a, prRegister, 0, 0, 0)        // nothing to do
	r.wantState("keys ")
	r.pr("good", a, prRegister, 0, 0, keyA)
	r.pr("conflict", a, prRegister, 0, 0, keyC)
	r.pr("good", a, prRegister, 0, keyA, keyC)
	r.wantState("keys " + hexC)
	r.pr("good", other, prRegisterAnyway, 0, 99, keyB)
	r.wantState("keys " + hexC + hexB)
	r.pr("conflict", other, prReserve, writeExclusive, keyA, 0)
	r.pr("conflict", r.login("c"), prReserve, writeExclusive, 0, 0)
	r.pr("good", other, prRegisterAnyway, 0, 99, 0)
	r.pr("good", other, prRegisterAnyway, 0, 99, 0)
	r.wantState("keys " + hexC)
	r.want("5/1a00", a, "5f 00 00 0000 00000017 00", outList(keyC, 0, 0)[:23]...)
	r.want("5/1a00", a, "5f 00 00 0000 00000019 00", append(outList(keyC, 0, 0), 0)...)
	r.want("5/2600", a, "5f 00 00 0000 00000018 00", outList(keyC, keyA, 0x08)...) // SPEC_I_PT
	r.want("5/2600", a, "5f 00 00 0000 00000018 00", outList(keyC, keyA, 0x01)...) // APTPL without a Keeper
	r.wantState("keys " + hexC)
	if res := r.do(a, "5e 00 0000000000 0008 00"); !bytes.Equal(res.In, b("00000004 00000008")) {
		t.Errorf("READ KEYS cut short = %x, want generation 4, 8 bytes to come", res.In)
	}
}

// A registration that ends releases its reservation, unless others hold it too.
func TestUnregister(t *testing.T) {
	for _, c := range []struct {
		kind  kind
		after string
		told  []string // the other registrant
	}{
		{writeExclusive, "keys " + hexB, nil},
		{exclusiveAccess, "keys " + hexB, nil},
		{writeExclusiveRegistrantsOnly, "keys " + hexB, []string{"2a04"}},
		{exclusiveAccessRegistrantsOnly, "keys " + hexB, []string{"2a04"}},
		{writeExclusiveAllRegistrants, "keys " + hexB + ", held by 0000000000000000, type 7", nil},
		{exclusiveAccessAllRegistrants, "keys " + hexB + ", held by 0000000000000000, type 8", nil},
	} {
		r := newRig(t, Options{})
		a, other := r.nexus, r.login("b")
		r.pr("good", a, prRegister, 0, 0, keyA)
		r.pr("good", other, prRegister, 0, 0, keyB)
		r.pr("good", a, prReserve, c.kind, keyA, 0)
		r.pr("good", a, prRegister, 0, keyA, 0)
		r.wantState(c.after)
		r.wantOwed(a)
		r.wantOwed(other, c.told...)
		r.pr("good", other, prRegister, 0, keyB, 0)
		r.wantState("keys ")
	}
}

func TestReserveAndRelease(t *testing.T) {
	r := newRig(t, Options{})
	a, other := r.nexus, r.login("b")
	r.pr("good", a, prRegister, 0, 0, keyA)
	r.pr("good", other, prRegister, 0, 0, keyB)
	r.pr("5/2400", a, prReserve, 2, keyA, 0) // an obsolete type
	r.pr("5/2400", a, prReserve, 0, keyA, 0)
	r.pr("good", a, prReserve, writeExclusiveRegistrantsOnly, keyA, 0)
	r.pr("good", a, prReserve, writeExclusiveRegistrantsOnly, keyA, 0)
	r.pr("conflict", a, prReserve, writeExclusive, keyA, 0)
	r.pr("conflict", other, prReserve, writeExclusiveRegistrantsOnly, keyB, 0)
	r.wantState("keys " + hexA + hexB + ", held by " + hexA + ", type 5")
	r.pr("good", other, prRelease, writeExclusiveRegistrantsOnly, keyB, 0) // not the holder: nothing
	r.pr("conflict", a, prRelease, writeExclusiveRegistrantsOnly, keyB, 0)
	r.pr("5/2604", a, prRelease, writeExclusive, keyA, 0)
	r.wantState("keys " + hexA + hexB + ", held by " + hexA + ", type 5")
	r.pr("good", a, prRelease, writeExclusiveRegistrantsOnly, keyA, 0)
	r.wantState("keys " + hexA + hexB)
	r.wantOwed(a)
	r.wantOwed(other, "2a04")
	r.pr("good", other, prReserve, exclusiveAccess, keyB, 0)
	r.pr("good", a, prClear, 0, keyA, 0)
	r.wantState("keys ")
	r.wantOwed(a)
	r.wantOwed(other, "2a03")
}

func TestReadFullStatus(t *testing.T) {
	r := newRig(t, Options{})
	other := r.login("b")
	r.pr("good", r.nexus, prRegister, 0, 0, keyA)
	r.pr("good", other, prRegister, 0, 0, keyB)
	r.pr("good", r.nexus, prReserve, exclusiveAccessRegistrantsOnly, keyA, 0)
	got := r.want("good", r.nexus, "5e 03 0000000000 ff00 00").In
	id := "iqn.2026-11.test:host,i,0x00023d000001\x00\x00" // 38 characters, a zero, one more to fill up
	want := b("00000002 00000084" + hexA + "00000000 03 06 0000 0000 0001 0000002c 45 00 0028")
	want = append(want, id...)
	if !bytes.Equal(got[:len(want)], want) {
		t.Errorf("READ FULL STATUS\n got %x\nwant %x", got[:len(want)], want)
	}
	if second := got[len(want):]; len(got) != 8+0x84 || !bytes.Equal(second[:16], b(hexB+"00000000 02 00 0000")) {
		t.Errorf("second descriptor = %x (%d bytes in all)", second, len(got))
	}
}

func TestReportCapabilities(t *testing.T) {
	r := newRig(t, Options{Reservations: &memKeeper{}})
	if got := r.want("good", r.nexus, "5e 02 0000000000 ff00 00").In; !bytes.Equal(got, b("0008 05 80 ea01 0000")) {
		t.Errorf("REPORT CAPABILITIES = %x", got)
	}
	for action := 4; action < 0x20; action++ {
		r.want("5/2400", r.nexus, fmt.Sprintf("5e %02x 0000000000 ff00 00", action))
	}
}

// RESERVE, the older way, with six bytes and with ten.
func TestLegacyReserve(t *testing.T) {
	for _, c := range []struct{ reserve, release string }{{"16", "17"}, {"56", "57"}} {
		r := newRig(t, Options{})
		other := r.login("b")
		r.want("good", r.nexus, c.reserve)
		r.want("good", r.nexus, c.reserve)
		r.want("conflict", other, c.reserve)
		r.want("good", other, c.release) // holds nothing: nothing happens
		for _, cdb := range []string{"00", "28 00 00000000 00 0001 00", "25", "1a 08 3f 00 ff 00", "5e 00 0000000000 0018 00"} {
			r.want("good", r.nexus, cdb)
			r.want("conflict", other, cdb)
		}
		for _, cdb := range []string{"12 00 00 0024 00", "a0 00 00 000000 00000010 00 00", "03 00 0000 12 00"} {
			r.want("good", other, cdb)
		}
		r.pr("conflict", r.nexus, prRegister, 0, 0, keyA) // the two do not mix
		r.want("good", r.nexus, c.release)
		r.want("good", other, c.reserve)
		r.device.Logout(other)
		r.want("good", r.nexus, c.reserve)
		r.device.ResetLUN(0)
		third := r.login("c")
		r.want("good", third, c.reserve)
		r.want("good", third, c.release)
		r.pr("good", third, prRegister, 0, 0, keyA)
		r.want("conflict", third, c.reserve)
	}
}

func TestRegistrantsAreBounded(t *testing.T) {
	r := newRig(t, Options{})
	for i := range maxRegistrants {
		r.pr("good", r.login(fmt.Sprint(i)), prRegister, 0, 0, keyA)
	}
	r.pr("5/5504", r.login("one more"), prRegister, 0, 0, keyA)
}
