package volumes_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"ironhook/e2e/lab"
	"ironhook/internal/asked"
)

// TestKilledWhileMaking kills the program in the middle of an upload, at a byte that
// chance chooses, and in the middle of a promotion, again and again. The next start must
// find an image that is whole, or one that says it is not and has left nothing behind;
// and everything else as it was. IRONHOOK_KILL_ROUNDS says how often.
func TestKilledWhileMaking(t *testing.T) {
	if testing.Short() {
		t.Skip("kills the program")
	}
	rounds := asked.Number(t, asked.KillRounds, 5)
	program, err := lab.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := &cloud{T: t, dir: t.TempDir()}
	kill := c.serve(program, "none")
	golden := c.upload("golden", 24<<20)
	var made struct{ Volume struct{ ID string } }
	c.post("/volume/v3/standalone/volumes", fmt.Sprintf(`{"volume": {"size": 1, "imageRef": %q}}`, golden), &made)
	outcomes := map[string]int{}
	for range rounds {
		for _, cut := range []func(kill func()) string{c.killedUpload,
			func(kill func()) string { return c.killedPromotion(kill, made.Volume.ID) }} {
			id := cut(kill)
			kill = c.serve(program, "none")
			outcomes[c.outcome(id)]++
			c.whole(golden, made.Volume.ID)
		}
	}
	t.Logf("%d rounds: %v", rounds, outcomes)
}

// outcome looks at what has become of an image, and deletes it.
func (c *cloud) outcome(id string) string {
	c.Helper()
	status, text := c.do("GET", "/image/v2/images/"+id, "")
	var image struct {
		Status, Checksum string
		Message          string `json:"ironhook_message"`
	}
	if err := json.Unmarshal([]byte(text), &image); err != nil || status != http.StatusOK {
		c.Fatalf("GET image = %d %s", status, text)
	}
	switch {
	case image.Status == "killed" && strings.Contains(image.Message, "Send them again, or delete the image"):
	case image.Status == "active" && image.Checksum != "":
	case image.Status == "queued": // nothing had arrived
	default:
		c.Errorf("after a kill the image is %s", text)
	}
	if status, text := c.do("DELETE", "/image/v2/images/"+id, ""); status != http.StatusNoContent {
		c.Errorf("DELETE image = %d %s", status, text)
	}
	return image.Status
}

// killedUpload kills the program while it is sent an image.
func (c *cloud) killedUpload(kill func()) (id string) {
	c.Helper()
	const size = 32 << 20
	var made struct{ ID string }
	c.post("/image/v2/images", `{"name": "cut", "disk_format": "raw", "container_format": "bare"}`, &made)
	body := &fuse{r: io.LimitReader(rand.NewChaCha8([32]byte{}), size), left: rand.Int64N(size), burn: kill}
	r, err := http.NewRequestWithContext(c.Context(), "PUT", c.base+"/image/v2/images/"+made.ID+"/file", body)
	c.must(err)
	r.Header.Set("Content-Type", "application/octet-stream")
	if reply, err := http.DefaultClient.Do(r); err == nil {
		reply.Body.Close()
		c.Errorf("an upload to a program that was killed = %s", reply.Status)
	}
	return made.ID
}

// fuse burns when so many bytes have been read.
type fuse struct {
	r    io.Reader
	left int64
	burn func()
}

func (f *fuse) Read(p []byte) (int, error) {
	if f.left <= 0 && f.burn != nil {
		f.burn()
		f.burn = nil
	}
	n, err := f.r.Read(p)
	f.left -= int64(n)
	return n, err
}

// killedPromotion kills the program while it makes an image of a volume.
func (c *cloud) killedPromotion(kill func(), volume string) (id string) {
	c.Helper()
	var reply struct {
		Upload struct {
			Image string `json:"image_id"`
		} `json:"os-volume_upload_image"`
	}
	c.post("/volume/v3/standalone/volumes/"+volume+"/action", `{"os-volume_upload_image": {"image_name": "cut"}}`, &reply)
	kill()
	return reply.Upload.Image
}

// whole wants every block of what was there before to be as it was, and no file that
// nobody names.
func (c *cloud) whole(image, volume string) {
	c.Helper()
	for _, id := range []string{image, volume} {
		if status, text := c.do("POST", "/ironhook/v1/disks/"+id+"/verify", ""); status != http.StatusOK ||
			!strings.HasSuffix(strings.TrimSpace(text), `{"damage":[]}`) {
			c.Errorf("verify %s = %d %s", id, status, text)
		}
	}
	for pattern, most := range map[string]int{".growing-*": 0, "*.json": 2, "layers/.growing-*": 0, "layers/*.raw": 1, "layers/*.overlay": 1} {
		found, err := filepath.Glob(filepath.Join(c.dir, "data", "volumes", pattern))
		if err != nil || len(found) > most {
			c.Errorf("%s after a kill: %v, %v, want at most %d", pattern, found, err, most)
		}
	}
}
