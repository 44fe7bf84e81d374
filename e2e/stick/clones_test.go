//go:build stick

package stick_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ironhook/block/iscsi/initiatortest"
	"ironhook/e2e/lab"
	"ironhook/internal/asked"
)

// TestPulledAmidClones pulls the plug while volumes are made of an image and snapshots of those: what was there when it was
// asked for is there at the next start, and can be read.
func TestPulledAmidClones(t *testing.T) {
	const writes = 400
	p := newPC(t, "clones", bios)
	p.ready()
	password := p.password()
	c := p.client(password)
	image := p.golden(password, c)
	var volumes, snapshots []string
	for round, point := range asked.Points(t, writes, 2) {
		p.stick.pullAfter(point)
		for {
			volume, err := available(t, c, "volume", map[string]any{"size": 1, "imageRef": image})
			if err != nil {
				break
			}
			volumes = append(volumes, volume)
			snapshot, err := available(t, c, "snapshot", map[string]any{"volume_id": volume})
			if err != nil {
				break
			}
			snapshots = append(snapshots, snapshot)
		}
		cached := p.gone()
		p.ready()
		for _, v := range volumes {
			w := writer{name: "iqn.2026-11.test:reader", volume: v, record: initiatortest.NewRecorder(behindTheImage, 4096, 1)}
			w.connect(p, c)
			if b, err := w.session.Read(0, 512); err != nil || !strings.HasPrefix(string(b), "not zeros") {
				t.Errorf("volume %s after plug %d begins with %q, %v", v, round+1, b[:min(9, len(b))], err)
			}
			w.session.Close()
		}
		for _, s := range snapshots {
			if status, err := statusOf(t, c, "snapshot", s); err != nil || status != "available" {
				t.Errorf("snapshot %s after plug %d is %q, %v", s, round+1, status, err)
			}
		}
		t.Logf("pulled after %d writes, %d sectors in the cache", point, cached)
	}
	t.Logf("%d volumes and %d snapshots were there, and are", len(volumes), len(snapshots))
	if len(snapshots) == 0 {
		t.Error("no snapshot was made")
	}
}

// available makes a volume or a snapshot and waits until it can be used.
func available(t *testing.T, c *lab.Client, kind string, fields map[string]any) (id string, err error) {
	t.Helper()
	var made map[string]struct{ ID string }
	if err := c.Do(t.Context(), "POST", cinder+kind+"s", map[string]any{kind: fields}, &made); err != nil {
		return "", err
	}
	for id = made[kind].ID; ; time.Sleep(20 * time.Millisecond) {
		switch status, err := statusOf(t, c, kind, id); {
		case err != nil:
			return "", err
		case status == "available":
			return id, nil
		case status == "error":
			return "", fmt.Errorf("%s %s is in error", kind, id)
		}
	}
}

func statusOf(t *testing.T, c *lab.Client, kind, id string) (string, error) {
	var now map[string]struct{ Status string }
	err := c.Do(t.Context(), "GET", cinder+kind+"s/"+id, nil, &now)
	return now[kind].Status, err
}

// golden sends a small image to the stick and returns its ID.
func (p *pc) golden(password string, c *lab.Client) string {
	p.t.Helper()
	raw := filepath.Join(p.Dir, "image.raw")
	must(p.t, "image", os.WriteFile(raw, []byte("not zeros"), 0o600))
	must(p.t, "image", os.Truncate(raw, 16<<20))
	p.command(password, "image", "create", "golden", "--file", raw, "--disk-format", "raw", "--wait")
	var images struct{ Images []struct{ ID string } }
	must(p.t, "images", c.Do(p.t.Context(), "GET", "/image/v2/images", nil, &images))
	return images.Images[0].ID
}
