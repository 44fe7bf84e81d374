package iscsi

import "testing"

// kept are parameters of which 3 KiB are kept, less than any buffer.
var kept = Params{FirstBurst: 1 << 10, MaxBurst: 2 << 10}

// Below the first limit the sessions of a device have memory to ask for data with; then
// only when none has any; and a session that was refused is fed when there is again.
func TestBudget(t *testing.T) {
	p := newBuffers(64 << 10)
	device := &budget{}
	a, b := newBudget(p, device, kept), newBudget(p, device, kept)
	first := a.ask(64 << 10)
	if first == nil || b.ask(1) != nil {
		t.Fatal("want memory up to the limit and none beyond it")
	}
	fed := 0
	for range 2 {
		b.whenRoom(1, func() { fed++ })
	}
	over := b.get(128 << 10) // promised before
	if fed != 0 || !p.full() {
		t.Errorf("%d fed with %d used, full = %v; want none, true", fed, p.used.Load(), p.full())
	}
	first.release()
	if fed != 1 {
		t.Errorf("%d fed when none holds what was asked for, want 1", fed)
	}
	b.ask(1 << 20).release()
	if fed != 2 {
		t.Errorf("%d fed at the end, want 2", fed)
	}
	over.release()
	if used := p.used.Load(); used != 0 || p.waiting.Load() != 0 || a.used.Load() != 0 || device.used.Load() != 0 {
		t.Errorf("%d bytes used at the end, %d waiting", used, p.waiting.Load())
	}
}

// Sessions of one device that take all they can leave half of the memory to the others,
// and half of the rest when a second device does the same; what a session is kept is
// there in any case.
func TestBudgets(t *testing.T) {
	const limit, piece = 1 << 20, 16 << 10
	p := newBuffers(limit)
	hog := func() (held int64) {
		device := &budget{}
		for range 16 {
			s := newBudget(p, device, kept)
			for s.ask(piece) != nil {
			}
		}
		return device.used.Load()
	}
	for n, most := range []int64{limit / 2, limit / 4, limit / 8} {
		if held := hog(); held > most+16*piece || held < most/2 {
			t.Errorf("device %d holds %d of %d bytes, want about %d", n, held, limit, most)
		}
	}
	for p.used.Load() < 2*limit { // data without R2T of a fourth
		newBudget(p, &budget{}, kept).get(piece)
	}
	small := newBudget(p, &budget{}, Params{FirstBurst: 64 << 10, MaxBurst: 256 << 10})
	unsolicited := small.get(64 << 10)
	if burst := small.ask(256 << 10); unsolicited == nil || burst == nil {
		t.Error("a session does not get its one burst")
	}
	if small.full() {
		t.Error("a session with one burst has to wait before it reads on")
	}
	if small.ask(4<<10) != nil {
		t.Error("a session gets more than its burst beyond the limit")
	}
}

// The first session in the queue whose budget has room is fed, not one that is refused
// again.
func TestFeedPassesOverTheGreedy(t *testing.T) {
	p := newBuffers(64 << 10)
	greedy, modest := newBudget(p, &budget{}, kept), newBudget(p, &budget{}, kept)
	held := greedy.ask(32 << 10)
	more := greedy.get(96 << 10) // up to the second limit
	var fed string
	greedy.whenRoom(32<<10, func() { fed += "greedy " })
	modest.whenRoom(16<<10, func() { fed += "modest " })
	if !greedy.othersWait() || fed != "" {
		t.Fatalf("fed %q while there is none", fed)
	}
	more.release()
	if fed != "modest " {
		t.Errorf("fed %q, want the modest one alone", fed)
	}
	if greedy.othersWait() {
		t.Error("a session counts itself among the others that wait")
	}
	held.release()
	if fed != "modest greedy " {
		t.Errorf("fed %q in the end", fed)
	}
}
