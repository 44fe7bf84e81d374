package iscsi

import (
	"bytes"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// TestWhoGivesWay: a flood from one address costs the connections of that address, however old those
// of others are.
func TestWhoGivesWay(t *testing.T) {
	from := func(host, port int) *conn {
		return &conn{remote: netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(host)}), uint16(port))}
	}
	for _, c := range []struct {
		fresh []*conn
		want  netip.AddrPort
	}{
		{[]*conn{from(1, 1)}, from(1, 1).remote},
		{[]*conn{from(1, 1), from(2, 1), from(3, 1)}, from(1, 1).remote},
		{[]*conn{from(1, 1), from(2, 1), from(2, 2)}, from(2, 1).remote},
		{[]*conn{from(1, 1), from(3, 1), from(2, 1), from(3, 2), from(2, 2), from(2, 3)}, from(2, 1).remote},
	} {
		if got := oldestOfCrowd(c.fresh).remote; got != c.want {
			t.Errorf("of %d, %v gives way, want %v", len(c.fresh), got, c.want)
		}
	}
}

// TestFailuresAreCounted holds that a failure is shown or counted.
func TestFailuresAreCounted(t *testing.T) {
	var f failures
	var log bytes.Buffer
	source := func(n int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, byte(n)}) }
	shown := 0
	for range maxEach + 3 {
		if f.admit(source(1)) {
			shown++
		}
	}
	if shown != maxEach {
		t.Errorf("%d failures of one source shown, want %d", shown, maxEach)
	}
	for n := range maxShown - maxEach + 4 {
		if f.admit(source(2 + n)) {
			shown++
		}
	}
	if !f.due(time.Now()) {
		t.Error("the first minute never ends")
	}
	f.summarize(slog.New(slog.NewTextHandler(&log, nil)))
	if shown != maxShown || !strings.Contains(log.String(), "more=7") {
		t.Errorf("%d failures shown and %q, want %d and 7 more", shown, log.String(), maxShown)
	}
	if !f.admit(source(1)) || f.due(time.Now()) || !f.due(time.Now().Add(time.Minute)) {
		t.Error("nothing is shown in the next minute, or it has another length")
	}
}
