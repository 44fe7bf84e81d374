package boot

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ironhook/baremetal"
)

// logs draws the log of a machine: events of a boot in any order, and others among them.
func logs() *rapid.Generator[[]*baremetal.Event] {
	kinds := append(slices.Clone(Kinds), baremetal.EventNode, baremetal.EventAttach)
	stepsOrNone := append(slices.Clone(baremetal.BootSteps), "")
	gaps := []time.Duration{0, time.Second, 20 * time.Second, pollDelay, silence, silence + 1, time.Hour}
	return rapid.Custom(func(t *rapid.T) (log []*baremetal.Event) {
		at := dawn
		for i, kind := range rapid.SliceOfN(rapid.SampledFrom(kinds), 0, 40).Draw(t, "kinds") {
			at = at.Add(rapid.SampledFrom(gaps).Draw(t, "gap"))
			e := &baremetal.Event{Seq: int64(i + 1), At: at, Kind: kind, Detail: string(kind)}
			if kind == baremetal.EventRefused || kind == baremetal.EventError {
				e.Step = rapid.SampledFrom(stepsOrNone).Draw(t, "step")
			}
			log = append(log, e)
		}
		return log
	})
}

// Every event of a boot is in one boot, in order. Left out are only the ends of boots
// before the log, and a power-on that the boot has shown already.
func TestCuttingIsAPartition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := logs().Draw(t, "log")
		var placed []*baremetal.Event
		for _, b := range NewHistory(log) {
			if len(b.Events) == 0 || !b.Began.Equal(b.Events[0].At) {
				t.Fatalf("boot %+v, want one with events that began with the first", b)
			}
			placed = append(placed, b.Events...)
		}
		for _, e := range log {
			switch {
			case len(placed) > 0 && placed[0] == e:
				placed = placed[1:]
			case !slices.Contains(Kinds, e.Kind), ends(e.Kind), e.Kind == baremetal.EventPowerOn:
			default:
				t.Fatalf("event %d, %s, is in no boot or in the wrong order", e.Seq, e.Kind)
			}
		}
		if len(placed) > 0 {
			t.Fatalf("%d events are in two boots or in the wrong order", len(placed))
		}
	})
}

// A log that is read in two parts makes the history of the whole, and the second part
// changes no boot before the last.
func TestCuttingGoesOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := logs().Draw(t, "log")
		at := rapid.IntRange(0, len(log)).Draw(t, "at")
		h, first := NewHistory(log[:at]), NewHistory(log[:at])
		for _, e := range log[at:] {
			h.Add(e)
		}
		if whole := NewHistory(log); !reflect.DeepEqual(h, whole) {
			t.Fatalf("in two parts: %s, whole: %s", cut(h), cut(whole))
		}
		if n := len(first) - 1; n > 0 && !reflect.DeepEqual(h[:n], first[:n]) {
			t.Fatalf("boots before the last were %s, are %s", cut(first[:n]), cut(h[:n]))
		}
	})
}

// A boot never loses a step, except the last one to an error.
func TestStepsNeverGoBackwards(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h History
		for _, e := range logs().Draw(t, "log") {
			n, before, reached := len(h), slices.Clone(h.Last().Steps), h.Last().Reached()
			h.Add(e)
			b := h.Last()
			if len(h) != n {
				continue
			}
			if reached > 0 && e.Kind == baremetal.EventError && step(e.Step) == reached-1 {
				before[reached-1] = b.Steps[reached-1]
				reached--
			}
			if b.Reached() < reached {
				t.Fatalf("%s %s took the boot from %d steps to %d", e.Kind, e.Step, reached, b.Reached())
			}
			for i, s := range before {
				if s.State == StepDone && b.Steps[i] != s {
					t.Fatalf("%s %s made step %+v of %+v", e.Kind, e.Step, b.Steps[i], s)
				}
			}
			if failed := b.failed(); (failed >= 0) != (b.Reason != "") || failed >= 0 && failed != b.Awaited() {
				t.Fatalf("step %d failed, %d is awaited, reason %q", failed, b.Awaited(), b.Reason)
			}
		}
	})
}

// What a session adds belongs to the present boot, and is news there.
func TestNextIsNews(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := logs().Draw(t, "log")
		h := NewHistory(log)
		for range 20 {
			act, firmware := Act(rapid.IntRange(int(SessionOpened), int(SessionClosed)).Draw(t, "act")), rapid.Bool().Draw(t, "firmware")
			kind := h.Next(act, firmware)
			if kind == "" {
				continue
			}
			b, n := h.Last(), len(h)
			if !b.off && step(kind) >= 0 && b.took(kind) && !b.Ended {
				t.Fatalf("Next(%d, %v) = %s, which the boot has taken", act, firmware, kind)
			}
			fresh := b.off || b.empty()
			h.Add(&baremetal.Event{At: dawn.Add(time.Hour * 24 * 365), Kind: kind})
			if (len(h) != n) != fresh {
				t.Fatalf("%s after %s: %d boots became %d", kind, cut(h), n, len(h))
			}
		}
	})
}

// No log, no moment makes a status that contradicts itself.
func TestStatusIsConsistent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := logs().Draw(t, "log")
		now := Sight{
			At:    dawn.Add(100 * time.Hour),
			Power: rapid.SampledFrom([]baremetal.PowerState{"", baremetal.PowerOn, baremetal.PowerOff}).Draw(t, "power"),
			Link:  rapid.SampledFrom([]Link{LinkUnknown, LinkDown, LinkUp}).Draw(t, "link"),
		}
		h := NewHistory(log)
		for i, b := range h {
			s := h.Status(i, now)
			problem := s.State == StateStuck || s.State == StateFailed
			if s.Elapsed < 0 || problem != (s.Problem != "") || s.State == StateIdle || b.Up() && s.State == StateRunning {
				t.Fatalf("boot %d of %s: %+v", i, cut(h), s)
			}
			if last := i == len(h)-1; !last && s.State != StateOver && s.State != StateFailed || last && now.Link == LinkUp && s.State == StateOver {
				t.Fatalf("boot %d of %s: %+v", i, cut(h), s)
			}
		}
	})
}

func FuzzHistory(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8}, []byte{1})
	f.Add([]byte{0, 12, 1, 9, 10, 11, 1, 3, 5, 1}, []byte{0, 200})
	f.Fuzz(func(t *testing.T, kinds, gaps []byte) {
		all := append(slices.Clone(Kinds), baremetal.EventNode)
		var log []*baremetal.Event
		at, parts := dawn, 0
		for i, k := range kinds {
			if len(gaps) > 0 {
				at = at.Add(time.Duration(gaps[i%len(gaps)]) * time.Second)
			}
			log = append(log, &baremetal.Event{At: at, Kind: all[int(k)%len(all)]})
		}
		h := NewHistory(log)
		for i, b := range h {
			parts += len(b.Events)
			if s := h.Status(i, Sight{At: at}); s.Elapsed < 0 || s.State == StateIdle || b.Began.IsZero() || b.Reached() > len(b.Steps) {
				t.Errorf("boot %d of %s: %+v", i, cut(h), s)
			}
		}
		if parts > len(log) {
			t.Errorf("boots of %d events have %d", len(log), parts)
		}
	})
}
