package scsi

import (
	"bytes"
	"testing"
)

// TryExecute has no effect when it returns false.
func TestTryExecute(t *testing.T) {
	r := newRig(t, Options{})
	r.put(6, 0, 8)
	in := make([]byte, 1024)
	try := func(cdb string, out ...byte) (string, bool) {
		res, ok := r.device.TryExecute(Command{Nexus: r.nexus, CDB: b(cdb), In: in, Out: out, Expected: int64(len(out))})
		return outcome(res), ok
	}
	if got, ok := try("28 00 00000000 00 0002 00"); !ok || got != "good" || !bytes.Equal(in, fill(6, 2)) {
		t.Errorf("in memory: %s, %v", got, ok)
	}
	r.disk.cold = true
	for _, cdb := range []string{
		"28 00 00000000 00 0002 00", // not in memory
		"28 08 00000000 00 0002 00", // FUA
		"35 00 00000000 00 0000 00",
		"2a 00 00000000 00 0000 00",
		"16 00 000000 00", // waits for other commands
	} {
		if got, ok := try(cdb); ok {
			t.Errorf("TryExecute(%s) = %s, want false", cdb, got)
		}
	}
	if got, ok := try("28 00 00000400 00 0001 00"); !ok || got != "5/2100" {
		t.Errorf("out of range: %s, %v, want 5/2100 at once", got, ok)
	}
	if got, ok := try("00 00 000000 00"); !ok || got != "good" {
		t.Errorf("TEST UNIT READY: %s, %v, want good at once", got, ok)
	}
	r.lun.gate.Lock()
	if got, ok := try("00 00 000000 00"); ok {
		t.Errorf("with the gate closed: %s, want false", got)
	}
	r.lun.gate.Unlock()
}

func TestReadAndWriteAllocateNothing(t *testing.T) {
	r := newRig(t, Options{})
	buf := make([]byte, 4096)
	for name, c := range map[string]Command{
		"READ(10)":  {Nexus: r.nexus, CDB: b("28 00 00000008 00 0008 00"), In: buf},
		"WRITE(10)": {Nexus: r.nexus, CDB: b("2a 00 00000008 00 0008 00"), Out: buf},
		"READ(16)":  {Nexus: r.nexus, CDB: b("88 00 0000000000000008 00000008 00 00"), In: buf},
	} {
		allocs := testing.AllocsPerRun(100, func() {
			r.device.Plan(c.LUN, c.CDB)
			if res := r.device.Execute(c); res.Status != Good {
				t.Fatalf("%s = %s", name, outcome(res))
			}
			if c.In != nil {
				if _, ok := r.device.TryExecute(c); !ok {
					t.Fatalf("%s is not in memory", name)
				}
			}
		})
		if allocs != 0 {
			t.Errorf("%s allocates %v times, want 0", name, allocs)
		}
	}
}

func BenchmarkRead4K(bench *testing.B) {
	r := newRig(bench, Options{})
	c := Command{Nexus: r.nexus, CDB: b("28 00 00000008 00 0008 00"), In: make([]byte, 4096)}
	for bench.Loop() {
		r.device.Plan(c.LUN, c.CDB)
		r.device.TryExecute(c)
	}
}

// Concurrent reads, as from several sessions: shared state must not become a bottleneck.
func BenchmarkRead4KParallel(bench *testing.B) {
	r := newRig(bench, Options{})
	r.lun.cached = nothingDisk{}
	bench.RunParallel(func(pb *testing.PB) {
		c := Command{Nexus: r.nexus, CDB: b("28 00 00000008 00 0008 00"), In: make([]byte, 4096)}
		for pb.Next() {
			r.device.Plan(c.LUN, c.CDB)
			r.device.TryExecute(c)
		}
	})
}

// nothingDisk is always cached and reads as whatever is in the buffer.
type nothingDisk struct{}

func (nothingDisk) ReadCached([]byte, int64) bool { return true }
