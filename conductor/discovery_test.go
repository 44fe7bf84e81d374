package conductor

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"ironhook/baremetal"
	"ironhook/internal/sparsetar"
	"ironhook/store"
)

// reportOf is what a machine with these cards reports.
func reportOf(cards ...string) baremetal.Object {
	var interfaces []any
	for _, mac := range cards {
		interfaces = append(interfaces, map[string]any{"mac_address": mac})
	}
	return baremetal.Object{"interfaces": interfaces}
}

func card(n int) string { return fmt.Sprintf("52:54:00:00:%02x:%02x", n>>8, n&0xff) }

// No address takes all the places of machines that wait: at the bound the one that has most of them
// gives one up, unless it is that of the newcomer.
func TestPlacesOfDiscovery(t *testing.T) {
	c, _ := setup(t, baremetal.Enroll)
	c.Discovery = DiscoverWait
	n := 1000
	reports := func(from string) error {
		n++
		_, err := c.Discover(t.Context(), reportOf(card(n)), baremetal.Object{}, from)
		return err
	}
	for range maxDiscoveries {
		if err := reports("192.0.2.1"); err != nil {
			t.Fatal(err)
		}
	}
	if err := reports("192.0.2.1"); !errors.Is(err, baremetal.ErrBusy) {
		t.Errorf("one more of an address that has all places: %v, want %v", err, baremetal.ErrBusy)
	}
	for i := range 10 {
		if err := reports(fmt.Sprintf("2001:db8:0:%x::1", i)); err != nil {
			t.Errorf("one of another address: %v", err)
		}
	}
	held := map[string]int{}
	oldest := false
	err := c.Store.View(t.Context(), func(tx *store.Tx) error {
		return tx.Discoveries().Each(store.Query{}, func(d *baremetal.Discovery) error {
			held[d.Address]++
			oldest = oldest || d.MAC == card(1001)
			return nil
		})
	})
	if err != nil || len(held) != 11 || held["192.0.2.1"] != maxDiscoveries-10 || oldest {
		t.Errorf("places by address: %v, the oldest is there: %v, %v", held, oldest, err)
	}
}

// What a machine says in a report is as long as it likes: it makes no more records than a machine needs.
func TestReportsAreBounded(t *testing.T) {
	c, _ := setup(t, baremetal.Enroll)
	var cards []string
	for n := range 6000 {
		cards = append(cards, card(n), card(n))
	}
	err := c.Store.Update(t.Context(), func(tx *store.Tx) error {
		found := reportOf(cards...)
		found["cpu"] = map[string]any{"architecture": "x86_64\x1b[2J"}
		return c.learn(tx, id, found, baremetal.Object{})
	})
	if err != nil {
		t.Fatal(err)
	}
	err = c.Store.View(t.Context(), func(tx *store.Tx) error {
		ports, err := tx.Ports().List(store.Where("node_uuid", id))
		if len(ports) != maxCards { // one was there
			t.Errorf("%d ports, want %d", len(ports), maxCards)
		}
		n, gone := tx.Nodes().Get(id)
		if gone == nil && n.Properties["cpu_arch"] != nil {
			t.Errorf("cpu_arch = %q", n.Properties["cpu_arch"])
		}
		return errors.Join(err, gone)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// sparse is the log of an agent with a file of size bytes that has none.
func sparse(t *testing.T, size int64) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(sparsetar.File(t, "log", size))
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// The log of an agent comes from a machine that may be anybody's.
func TestUnpackLog(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	text, err := unpackLog(sparse(t, 1<<28))
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 32<<20 || len(text) > maxAgentLog {
		t.Errorf("a sparse file of 256 MiB takes %d MiB and is kept as %d bytes, %v", used>>20, len(text), err)
	}
	if got := printable([]byte("a\x1b[2J\u009b1m\x7f\tb\n")); got != "a[2J1m\tb\n" {
		t.Errorf("printable = %q", got)
	}
}

// Agents and BMCs word many errors.
func TestSentence(t *testing.T) {
	got := sentence(errors.New(strings.Repeat("ä", 10_000) + "\x1b[2J"))
	if len(got) > maxSentence || !utf8.ValidString(got) || !strings.HasSuffix(got, "...") {
		t.Errorf("%d bytes, %q at the end", len(got), got[len(got)-10:])
	}
	if got := sentence(errors.New("a\x1b]0;x\x07\nb\u009b")); got != "a ]0;x \nb " {
		t.Errorf("sentence = %q", got)
	}
}

// A machine that has not reported for long makes room.
func TestDiscoveriesAreForgotten(t *testing.T) {
	old := &baremetal.Discovery{CreatedAt: time.Unix(1, 0)}
	if again := (&baremetal.Discovery{CreatedAt: time.Unix(1, 0), UpdatedAt: time.Unix(9, 0)}); !old.Seen().Before(again.Seen()) {
		t.Errorf("seen at %v and %v", old.Seen(), again.Seen())
	}
}
