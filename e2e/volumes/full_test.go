package volumes_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ironhook/block/iscsi/initiatortest"
	"ironhook/e2e/lab"
)

const (
	fullDisk   = 400 << 20 // of which the program keeps 256 MiB free
	regionAt   = 64 << 20
	regionSize = 192 << 20
)

// noSpace is how an initiator must learn that the disk is full: DATA PROTECT, SPACE
// ALLOCATION FAILED WRITE PROTECT (SBC-3, "Thin provisioned logical unit").
var noSpace = regexp.MustCompile(`sense [7f]00007[0-9a-f]{18}2707`)

// TestDiskFull has three machines write to their clones until the appliance's disk is
// full. Each gets the error; flushed data survives that and a kill -9 after it;
// the API goes on working; and when an image is deleted all three go on writing.
func TestDiskFull(t *testing.T) {
	if testing.Short() {
		t.Skip("mounts a file system")
	}
	program, err := lab.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := &cloud{T: t, dir: t.TempDir()}
	c.must(os.Mkdir(filepath.Join(c.dir, "data"), 0o700))
	c.must(unix.Mount("none", filepath.Join(c.dir, "data"), "tmpfs", 0, fmt.Sprintf("mode=700,size=%d", fullDisk)))
	t.Cleanup(func() { c.must(unix.Unmount(filepath.Join(c.dir, "data"), unix.MNT_DETACH)) })
	kill := c.serve(program, "none")

	golden, filler := c.upload("golden", 8<<20), c.upload("filler", 48<<20)
	var machines [3]*writer
	for i := range machines {
		machines[i] = c.writer(i, golden)
	}
	together(machines[:], (*writer).untilFull)
	kill()
	c.serve(program, "none")
	for _, w := range machines {
		c.connect(w)
		if err := w.record.Check(w.session); err != nil {
			t.Errorf("%s, after a full disk and a kill: %v", w.name, err)
		}
	}
	if status, text := c.do("DELETE", "/image/v2/images/"+filler, ""); status != http.StatusNoContent {
		t.Fatalf("delete an image from the full disk = %d %s", status, text)
	}
	together(machines[:], (*writer).goesOn)
}

// upload makes an image of so many bytes of noise.
func (c *cloud) upload(name string, size int) (id string) {
	c.Helper()
	var made struct{ ID string }
	c.post("/image/v2/images", fmt.Sprintf(`{"name": %q, "disk_format": "raw", "container_format": "bare"}`, name), &made)
	r, err := http.NewRequestWithContext(c.Context(), "PUT", c.base+"/image/v2/images/"+made.ID+"/file",
		io.LimitReader(rand.NewChaCha8([32]byte{}), int64(size)))
	c.must(err)
	r.Header.Set("Content-Type", "application/octet-stream")
	reply, err := http.DefaultClient.Do(r)
	c.must(err)
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusNoContent {
		c.Fatalf("upload = %s", reply.Status)
	}
	return made.ID
}

func (c *cloud) post(path, body string, reply any) {
	c.Helper()
	status, text := c.do("POST", path, body)
	if status >= 300 {
		c.Fatalf("POST %s = %d %s", path, status, text)
	}
	c.must(json.Unmarshal([]byte(text), reply))
}

// writer is a machine with a volume, and a memory of what it has written.
type writer struct {
	c       *cloud
	name    string // of its initiator
	volume  string
	session *initiatortest.Initiator
	record  *initiatortest.Recorder
}

func (c *cloud) writer(number int, image string) *writer {
	c.Helper()
	var made struct{ Volume struct{ ID string } }
	c.post("/volume/v3/standalone/volumes", fmt.Sprintf(`{"volume": {"size": 1, "imageRef": %q}}`, image), &made)
	w := &writer{c: c, name: fmt.Sprintf("iqn.2026-11.test:pc-%d", number), volume: made.Volume.ID,
		record: initiatortest.NewRecorder(regionAt, regionSize, uint64(number))}
	c.connect(w)
	return w
}

// connect logs in to the writer's volume.
func (c *cloud) connect(w *writer) {
	c.Helper()
	var reply lab.Connection
	c.post("/volume/v3/standalone/volumes/"+w.volume+"/action",
		fmt.Sprintf(`{"os-initialize_connection": {"connector": {"initiator": %q}}}`, w.name), &reply)
	var err error
	w.session, err = initiatortest.Dial(c.Context(), reply.Portal(), reply.Options(w.name))
	c.must(err)
	c.Cleanup(func() { w.session.Close() })
	w.session.Conn.SetDeadline(time.Now().Add(commandLimit))
	c.must(w.session.Settle())
}

func together(all []*writer, do func(*writer) error) {
	var wg sync.WaitGroup
	for _, w := range all {
		wg.Go(func() {
			if err := do(w); err != nil {
				w.c.Errorf("%s: %v", w.name, err)
			}
		})
	}
	wg.Wait()
}

func (w *writer) untilFull() error {
	err := w.record.Run(w.session)
	if !errors.Is(err, initiatortest.ErrStatus) || !noSpace.MatchString(err.Error()) {
		return fmt.Errorf("writing ends with %w, want no space", err)
	}
	if w.record.Flushes == 0 {
		return errors.New("the disk was full before the first flush")
	}
	w.c.Logf("%s: %d writes, %d flushes, then %v", w.name, w.record.Written, w.record.Flushes, err)
	return nil
}

// goesOn writes where nothing was, flushes and reads it back.
func (w *writer) goesOn() error {
	for i := range int64(32) {
		at, b := regionAt+regionSize+i<<17, bytes.Repeat([]byte{byte(i + 1)}, 128<<10)
		if err := errors.Join(w.retry(at, b), w.session.Flush()); err != nil {
			return fmt.Errorf("with room again: %w", err)
		}
		if got, err := w.session.Read(at, len(b)); err != nil || !bytes.Equal(got, b) {
			return fmt.Errorf("what was written with room again reads otherwise: %w", err)
		}
	}
	return w.record.Check(w.session)
}

// retry writes again and again while there is no room: a file system takes its time to
// free a large file.
func (w *writer) retry(at int64, b []byte) error {
	for deadline := time.Now().Add(time.Minute); ; {
		err := w.session.Write(at, b)
		if err == nil || !noSpace.MatchString(err.Error()) || time.Now().After(deadline) {
			return err
		}
	}
}
