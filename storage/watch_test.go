package storage

import (
	"runtime"
	"testing"

	"ironhook/block/iscsi/initiatortest"
)

// A session is listed with its node and its volume; a discovery with neither.
func TestWatch(t *testing.T) {
	h := newHouse(t)
	n, _ := h.machine("pc-07")
	exports, address, _ := h.serve()
	h.must(h.managed.Attach(t.Context(), n))
	i := h.dial(address, h.grant(), linux)
	_, err := i.Read(0, 4096)
	h.must(err)
	found, err := initiatortest.Dial(t.Context(), address, initiatortest.Options{Name: h.grant().Initiator})
	h.must(err)
	defer found.Close()
	h.must(found.Send(found.Ping(0xffffffff), nil)) // the login may be answered before the session is listed
	_, err = found.Receive()
	h.must(err)

	list, err := exports.Watch(t.Context())
	if err != nil || len(list) != 2 {
		t.Fatalf("Watch = %+v, %v, want two sessions", list, err)
	}
	s, d := list[0], list[1]
	if s.Node != n.UUID || s.Name != "pc-07" || s.Volume != "pc-07" || len(s.LUNs) != 1 || s.LUNs[0].Reads != 1 ||
		s.LUNs[0].ReadBytes != 4096 {
		t.Errorf("session %+v", s)
	}
	if d.Node != "" || d.Volume != "" || d.Target != "" || len(d.LUNs) != 0 {
		t.Errorf("discovery %+v", d)
	}
	h.connected(exports, n.UUID, true)
	h.connected(exports, "", false) // a discovery is of nobody
	h.must(h.managed.Detach(t.Context(), n))
	h.connected(exports, n.UUID, false)
	if list, err := exports.Watch(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("Watch after Detach = %+v, %v, want the discovery alone", list, err)
	}
}

// connected holds whether the machine of a node has a volume open.
func (h *house) connected(e *Exports, node string, want bool) {
	h.Helper()
	if got, err := e.Connected(h.Context(), node); got != want || err != nil {
		h.Errorf("Connected(%q) = %v, %v, want %v", node, got, err, want)
	}
}

// A machine is connected with its own volumes only, and as long as a session lasts.
func TestConnected(t *testing.T) {
	h := newHouse(t)
	a, _ := h.machine("pc-07")
	exports, address, _ := h.serve()
	h.must(h.managed.Attach(t.Context(), a))
	h.connected(exports, a.UUID, false)
	i := h.dial(address, h.grant(), linux)
	_, err := i.Read(0, 4096)
	h.must(err)
	h.connected(exports, a.UUID, true)
	h.connected(exports, "c0ffee00-0000-4000-8000-00000000ffff", false)
	i.Close()
	for open := true; open; { // until the target has noticed
		open, err = exports.Connected(t.Context(), a.UUID)
		h.must(err)
		runtime.Gosched()
	}
}
