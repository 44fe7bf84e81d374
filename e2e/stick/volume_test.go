//go:build stick

package stick_test

import (
	"errors"
	"fmt"
	"testing"

	"ironhook/block/iscsi/initiatortest"
	"ironhook/e2e/lab"
	"ironhook/internal/asked"
)

// cinder is where the stick speaks as Cinder does.
const cinder = "/volume/v3/standalone/"

// behindTheImage is where, in bytes, a clone of the image of these tests has zeros.
const behindTheImage = 64 << 20

// TestPulledUnderVolumes pulls the plug while two machines write to their volumes on the stick: a clone of an image and an
// empty one. What they had flushed is there at the next start.
func TestPulledUnderVolumes(t *testing.T) {
	const writes = 3000
	p := newPC(t, "volumes", bios)
	p.ready()
	password := p.password()
	c := p.client(password)
	clone, empty := map[string]any{"size": 1, "imageRef": p.golden(password, c)}, map[string]any{"size": 1}
	all := []*writer{newWriter(t, c, 1, clone), newWriter(t, c, 2, empty)}
	for _, point := range asked.Points(t, writes, 2) {
		for _, w := range all {
			w.connect(p, c)
		}
		p.stick.pullAfter(point)
		ended := make(chan error)
		for _, w := range all {
			go func() { ended <- w.record.Run(w.session) }() // until the connection breaks
		}
		cached := p.gone()
		for _, w := range all {
			w.session.Close()
			<-ended
		}
		p.ready()
		t.Logf("pulled after %d writes, %d sectors in the cache", point, cached)
	}
	for _, w := range all {
		w.connect(p, c)
		t.Logf("%s: %d writes and %d flushes were answered, nothing that was flushed is lost", w.name, w.record.Written, w.record.Flushes)
		if w.record.Flushes == 0 {
			t.Error("nothing was flushed")
		}
	}
}

// writer is a machine with a volume, and a memory of what it has written.
type writer struct {
	name, volume string
	session      *initiatortest.Initiator
	record       *initiatortest.Recorder
}

func newWriter(t *testing.T, c *lab.Client, number int, volume map[string]any) *writer {
	t.Helper()
	id, err := available(t, c, "volume", volume)
	must(t, "volume", err)
	return &writer{name: fmt.Sprintf("iqn.2026-11.test:pc-%d", number), volume: id,
		record: initiatortest.NewRecorder(behindTheImage, 4<<20, uint64(number))}
}

// connect logs in to the volume of a stick that is ready, and compares what it holds.
func (w *writer) connect(p *pc, c *lab.Client) {
	p.t.Helper()
	var reply lab.Connection
	connector := map[string]any{"os-initialize_connection": map[string]any{"connector": map[string]any{"initiator": w.name}}}
	must(p.t, "connection of "+w.name, c.Do(p.t.Context(), "POST", cinder+"volumes/"+w.volume+"/action", connector, &reply))
	conn, err := p.Dial(p.t.Context(), "tcp", reply.Portal())
	must(p.t, "dial", err)
	w.session, err = initiatortest.New(conn, reply.Options(w.name))
	must(p.t, "log in", err)
	must(p.t, w.name, errors.Join(w.session.Settle(), w.record.Check(w.session)))
}
