package scsi

import (
	"bytes"
	"testing"
)

// FuzzCommands runs a script of commands from two initiators against a small unit whose
// disk panics at anything beyond its end. A script is a list of records: a byte that
// selects the initiator and the call, the sixteen bytes of a CDB, two of a length, and
// data-out.
func FuzzCommands(f *testing.F) {
	record := func(who byte, cdb []byte, out []byte) []byte {
		p := append([]byte{who}, cdb...)
		p = append(p, make([]byte, 17-len(p))...)
		return append(append(p, byte(len(out)>>8), byte(len(out))), out...)
	}
	for _, op := range commands.rows { // each command by itself, with all that it looks at set
		cdb := op.usage
		if op.action >= 0 {
			cdb[1] = cdb[1]&^0x1f | byte(op.action)
		}
		f.Add(record(0, cdb[:], fill(1, 2)))
		clear(cdb[2:])
		f.Add(record(0, cdb[:], nil))
	}
	f.Add(record(0, b("42 00 00000000 00 0018 00"), unmapList(2, 3)))
	f.Add(record(0, b("15 10 0000 18 00"), b("00000000"+cachingThrough)))
	f.Add(append(record(0, b("5f 06 00 0000 00000018 00"), outList(0, 1, 0)), record(1, b("5f 04 03 0000 00000018 00"), outList(0, 1, 0))...))
	f.Add(append(record(0, b("16"), nil), record(1, b("28 00 00000000 00 0001 00"), nil)...))
	l, _ := NewLUN(newMemDisk(64), Options{Serial: "unit"})
	list := copyList(1, 0, [][]byte{target(l)}, [][]byte{piece(0, 0, 8, 0, 4)})
	f.Add(record(0, b("83 00 0000000000000000 0000004c 00 00"), list))
	f.Fuzz(func(t *testing.T, script []byte) {
		r := newRigOn(t, newMemDisk(64), Options{Reservations: &memKeeper{}})
		who := []*Nexus{r.nexus, r.login("other")}
		for commands := 0; len(script) >= 19 && commands < 64; commands++ {
			how, cdb, n := script[0], script[1:17], int(get16(script[17:]))
			script = script[19:]
			out := script[:min(n, len(script))]
			script = script[len(out):]
			r.fuzzed(Command{Nexus: who[how&1], LUN: uint64(how>>1&1) << 48, CDB: cdb, Out: out, Expected: int64(n)}, how&4 != 0)
		}
	})
}

// fuzzed runs one command and checks what every result must satisfy.
func (r *rig) fuzzed(c Command, try bool) {
	p := r.device.Plan(c.LUN, c.CDB)
	if p.In < 0 || p.Out < 0 || p.In > MaxTransfer || p.Out > MaxTransfer || p.In > 0 && p.Out > 0 {
		r.t.Fatalf("Plan(%x) = %+v", c.CDB, p)
	}
	c.Out = c.Out[:min(int64(len(c.Out)), p.Out)]
	c.In = bytes.Repeat([]byte{0xcc}, int(min(p.In, 64*BlockSize)))
	res, ok := Result{}, false
	if try {
		res, ok = r.device.TryExecute(c)
	}
	if !ok {
		res = r.device.Execute(c)
	}
	switch {
	case res.Moved < 0, len(res.In) > maxParameters+MaxTransfer:
		r.t.Fatalf("%x moved %d, brought %d", c.CDB, res.Moved, len(res.In))
	case res.Status == CheckCondition && (len(res.Sense) < 8 || len(res.In) > 0):
		r.t.Fatalf("%x: sense %x, data %x", c.CDB, res.Sense, res.In)
	case res.Status == Good && res.Sense != nil:
		r.t.Fatalf("%x: GOOD with sense %x", c.CDB, res.Sense)
	case res.Status == Good && int64(len(res.In)) > res.Moved:
		r.t.Fatalf("%x brought %d bytes and says it moved %d", c.CDB, len(res.In), res.Moved)
	case bytes.Contains(res.In, []byte{0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc}) && p.Out == 0 && p.In == int64(len(c.In)) &&
		!bytes.Contains(r.disk.data, []byte{0xcc, 0xcc, 0xcc, 0xcc}):
		r.t.Fatalf("%x left part of the room unfilled", c.CDB)
	}
}
