//go:build stick

package stick_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ironhook/block/iscsi/initiatortest"
	"ironhook/e2e/lab"
	"ironhook/internal/asked"
)

// TestPulledUnderVolumes pulls the plug while two machines write to their volumes on the stick: a clone of an image and an
// empty one. What they had flushed is there at the next start.
func TestPulledUnderVolumes(t *testing.T) {
	const writes, size = 3000, 16 << 20
	p := newPC(t, "volumes", bios)
	p.on()
	p.expect(`State\s+(ready)`)
	password := p.password()
	raw := filepath.Join(p.Dir, "image.raw")
	must(t, "image", os.WriteFile(raw, []byte("not zeros"), 0o600))
	must(t, "image", os.Truncate(raw, size))
	p.command(password, "image", "create", "golden", "--file", raw, "--disk-format", "raw", "--wait")
	c := p.client(password)
	var images struct{ Images []struct{ ID string } }
	must(t, "images", c.Do(t.Context(), "GET", "/image/v2/images", nil, &images))
	clone, empty := map[string]any{"size": 1, "imageRef": images.Images[0].ID}, map[string]any{"size": 1}
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
		p.on()
		t.Logf("pulled after %d writes, %d sectors in the cache, page after %.1f s", point, cached, p.page(own).Seconds())
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
	var made struct{ Volume struct{ ID string } }
	must(t, "volume", c.Do(t.Context(), "POST", "/volume/v3/standalone/volumes", map[string]any{"volume": volume}, &made))
	const behindTheImage, region = 64 << 20, 4 << 20
	return &writer{name: fmt.Sprintf("iqn.2026-11.test:pc-%d", number), volume: made.Volume.ID,
		record: initiatortest.NewRecorder(behindTheImage, region, uint64(number))}
}

// connect logs in to the volume, once it is there, and compares what it holds.
func (w *writer) connect(p *pc, c *lab.Client) {
	p.t.Helper()
	var reply struct {
		Info struct {
			Data struct {
				Portal string `json:"target_portal"`
				IQN    string `json:"target_iqn"`
				User   string `json:"auth_username"`
				Secret string `json:"auth_password"`
			}
		} `json:"connection_info"`
	}
	at := "/volume/v3/standalone/volumes/" + w.volume
	connector := map[string]any{"os-initialize_connection": map[string]any{"connector": map[string]any{"initiator": w.name}}}
	var err error
	for end := time.Now().Add(bootLimit); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if err = c.Do(p.t.Context(), "POST", at+"/action", connector, &reply); err == nil {
			break
		}
	}
	must(p.t, "connection to "+w.name, err)
	d := reply.Info.Data
	conn, err := p.Dial(p.t.Context(), "tcp", d.Portal)
	must(p.t, "dial", err)
	w.session, err = initiatortest.New(conn, initiatortest.Options{Name: w.name, Target: d.IQN, User: d.User, Secret: d.Secret})
	must(p.t, "log in", err)
	must(p.t, w.name, errors.Join(w.session.Settle(), w.record.Check(w.session)))
}
