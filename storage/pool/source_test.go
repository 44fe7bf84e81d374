package pool

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"ironhook/baremetal"
	"ironhook/internal/egress"
	"ironhook/store"
	"ironhook/volume"
)

const disk = "a disk of 4096 bytes: "

// image is the bytes of a raw image, and their checksums.
func diskImage() (data []byte, long, short string) {
	data = []byte(strings.Repeat(disk, 200)[:4096])
	l, s := sha512.Sum512(data), sha256.Sum256(data)
	return data, "sha512:" + hex.EncodeToString(l[:]), "sha256:" + hex.EncodeToString(s[:])
}

// left is every row and every byte of images.
func left(t *testing.T, p *Pool) (rows []*baremetal.Image, bytes []volume.Info) {
	t.Helper()
	check(t, p.store.View(t.Context(), func(tx *store.Tx) (err error) {
		rows, err = tx.Images().List(store.Query{})
		return err
	}))
	bytes, err := p.volumes.List()
	check(t, err)
	return rows, bytes
}

// TestImportSourceOnce: many that ask for the same source at once fetch it once, and who
// asks later fetches nothing.
func TestImportSourceOnce(t *testing.T) {
	p := newPool(t)
	data, long, short := diskImage()
	var fetched atomic.Int32
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fetched.Add(1)
		w.Write(data)
	}))
	defer web.Close()
	s := baremetal.ImageSource{URL: web.URL + "/disk.raw", Checksum: long}
	var wait sync.WaitGroup
	got := make([]*baremetal.Image, 5)
	for k := range got {
		wait.Go(func() {
			i, err := p.ImportSource(t.Context(), s, nil)
			if err != nil {
				t.Error(err)
				return
			}
			got[k] = i
		})
	}
	wait.Wait()
	for _, i := range got {
		if i == nil || i.UUID != got[0].UUID || i.Status != baremetal.ImageActive || i.Name != s.Name() {
			t.Fatalf("images %v, want one that is active, five times", got)
		}
	}
	if n := fetched.Load(); n != 1 {
		t.Errorf("fetched %d times, want once", n)
	}
	s.Checksum = short
	other, err := p.ImportSource(t.Context(), s, nil)
	check(t, err)
	if other.UUID == got[0].UUID || fetched.Load() != 2 {
		t.Errorf("another checksum gave the same image, or %d fetches", fetched.Load())
	}
	check(t, p.DeleteImage(t.Context(), other.UUID))
	again, err := p.ImportSource(t.Context(), s, nil)
	check(t, err)
	if again.UUID == other.UUID || fetched.Load() != 3 {
		t.Errorf("an image that was deleted was not fetched anew: %d fetches", fetched.Load())
	}
}

// TestImportSourceThatFails leaves neither row nor bytes, says why, and can be repeated.
func TestImportSourceThatFails(t *testing.T) {
	p := newPool(t)
	data, long, _ := diskImage()
	answer := func(w http.ResponseWriter, r *http.Request) {}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(w, r) }))
	defer web.Close()
	s := baremetal.ImageSource{URL: strings.Replace(web.URL, "http://", "http://admin:hunter2@", 1) + "/disk?sig=hunter2", Checksum: long}
	for _, c := range []struct {
		what, want string
		answer     http.HandlerFunc
	}{
		{"absent", "404", func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }},
		{"another", "checksum does not match", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(strings.Repeat("x", 4096))) }},
		{"a loop", "redirects", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.String(), http.StatusFound) }},
		{"empty", "", func(w http.ResponseWriter, r *http.Request) {}},
	} {
		answer = c.answer
		ctx := t.Context()
		if _, err := p.ImportSource(ctx, s, nil); err == nil || !strings.Contains(err.Error(), c.want) ||
			strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %q without secrets", c.what, err, c.want)
		}
		if rows, bytes := left(t, p); len(rows)+len(bytes) > 0 {
			t.Errorf("%s leaves %v, %v", c.what, rows, bytes)
		}
	}
	answer = func(w http.ResponseWriter, r *http.Request) { w.Write(data) }
	if _, err := p.ImportSource(t.Context(), s, nil); err != nil {
		t.Errorf("after the server was repaired: %v", err)
	}
}

// TestImportSourceCancelled: an import that is cut off, by deleting its image or by the
// end of the program, leaves nothing; and so does one that a crash cut off.
func TestImportSourceCancelled(t *testing.T) {
	data, long, _ := diskImage()
	for _, how := range []string{"deleted", "stopped", "killed"} {
		p := newPool(t)
		arrived, end := make(chan struct{}), make(chan struct{})
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "4096")
			w.Write(data[:1024])
			w.(http.Flusher).Flush()
			close(arrived)
			select {
			case <-r.Context().Done():
			case <-end:
			}
		}))
		ctx, stop := context.WithCancel(t.Context())
		failed := make(chan error)
		go func() {
			_, err := p.ImportSource(ctx, baremetal.ImageSource{URL: web.URL, Checksum: long}, nil)
			failed <- err
		}()
		<-arrived
		rows, _ := left(t, p)
		if len(rows) != 1 || rows[0].Status != baremetal.ImageImporting {
			t.Fatalf("%s: images %v, want one that is importing", how, rows)
		}
		switch how {
		case "deleted":
			_ = p.DeleteImage(t.Context(), rows[0].UUID) // it may be gone by then
		case "stopped":
			stop()
		case "killed": // another process finds the rows as they are now
			check(t, p.Recover(t.Context()))
			stop()
		}
		if err := <-failed; err == nil {
			t.Errorf("%s: the import succeeded", how)
		}
		if rows, bytes := left(t, p); len(rows)+len(bytes) > 0 {
			t.Errorf("%s leaves %v, %v", how, rows, bytes)
		}
		close(end)
		stop()
		web.Close()
	}
}

// TestImageFiles are read below one directory, and nothing else is.
func TestImageFiles(t *testing.T) {
	p := newPool(t)
	data, long, _ := diskImage()
	dir := t.TempDir()
	p.files = filepath.Join(dir, "images")
	check(t, os.MkdirAll(filepath.Join(p.files, "debian"), 0o700))
	check(t, os.WriteFile(filepath.Join(p.files, "debian", "12.raw"), data, 0o600))
	check(t, os.WriteFile(filepath.Join(dir, "shadow"), data, 0o600))
	check(t, os.Symlink(filepath.Join(dir, "shadow"), filepath.Join(p.files, "leads-out")))
	check(t, syscall.Mkfifo(filepath.Join(p.files, "pipe"), 0o600))
	source := func(path string) baremetal.ImageSource {
		return baremetal.ImageSource{URL: "file://" + path, Checksum: long}
	}
	i, err := p.ImportSource(t.Context(), source(p.files+"/debian/12.raw"), nil)
	check(t, err)
	if i.Status != baremetal.ImageActive || i.VirtualSize != 4096 {
		t.Errorf("image %+v, want an active one of 4096 bytes", i)
	}
	for path, want := range map[string]string{
		dir + "/shadow":                  "below " + p.files + " only",
		p.files + "/../shadow":           "below " + p.files + " only",
		p.files + "/%2e%2e/shadow":       "below " + p.files + " only",
		p.files:                          "is no file",
		p.files + "/debian":              "is no file",
		p.files + "/pipe":                "is no file",
		p.files + "/leads-out":           "escapes",
		p.files + "/debian/13.raw":       "no such file",
		"/proc/self/root" + p.files:      "only",
		p.files + "x/" + "debian/12.raw": "only",
	} {
		err := p.CheckSource(source(path))
		if _, failed := p.ImportSource(t.Context(), source(path), nil); !errors.Is(err, baremetal.ErrInvalid) ||
			!strings.Contains(err.Error(), want) || failed == nil {
			t.Errorf("%s: CheckSource = %v, ImportSource = %v, want %q", path, err, failed, want)
		}
	}
	p.files = ""
	if err := p.CheckSource(source("/etc/shadow")); err == nil || !strings.Contains(err.Error(), "no directory is configured") {
		t.Errorf("without a directory: %v", err)
	}
	if err := p.CheckSource(baremetal.ImageSource{URL: "http://h/", Format: "iso"}); err == nil ||
		!strings.Contains(err.Error(), `image_disk_format "iso" is none of raw`) {
		t.Errorf("an unknown format: %v", err)
	}
}

// onLoopback lets a pool fetch from the servers of a test.
var onLoopback, _ = egress.Parse("loopback")

// TestImportElsewhere: without leave of the operator, neither way of importing by URL
// reaches a server of this machine, nor does a redirect, and the reason is shown.
func TestImportElsewhere(t *testing.T) {
	p := newPool(t)
	asked := 0
	web := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer web.Close()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.2:0")
	check(t, err)
	hop := &http.Server{Handler: http.RedirectHandler(web.URL+"/?token=hunter2", http.StatusFound)}
	go hop.Serve(l)
	defer hop.Close()
	only := func(list string) *Pool {
		from, err := egress.Parse(list)
		check(t, err)
		other := New(Config{Store: p.store, Volumes: p.volumes, Log: p.log, From: from})
		t.Cleanup(func() { check(t, other.Close()) })
		return other
	}
	_, long, _ := diskImage()
	for _, c := range []struct{ what, from, url string }{
		{"loopback", "", web.URL},
		{"IPv4-mapped", "private", strings.Replace(web.URL, "127.0.0.1", "[::ffff:127.0.0.1]", 1)},
		{"metadata", "private,link-local", "http://169.254.169.254/latest"},
		{"redirect", "127.0.0.2", "http://" + l.Addr().String()},
	} {
		p := only(c.from)
		_, err := p.ImportSource(t.Context(), baremetal.ImageSource{URL: c.url + "/?token=hunter2", Checksum: long}, nil)
		if err == nil || !strings.Contains(err.Error(), "import-from") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("image_source, %s: %v", c.what, err)
		}
		i := &baremetal.Image{Name: c.what, DiskFormat: "raw", ContainerFormat: "bare", Visibility: "shared"}
		check(t, p.CreateImage(t.Context(), i))
		check(t, p.Import(t.Context(), i.UUID, c.url+"/?token=hunter2", ""))
		if i = imported(t, p, i.UUID); i.Status != baremetal.ImageKilled || !strings.Contains(i.Message, "import-from") ||
			strings.Contains(i.Message, "hunter2") {
			t.Errorf("web-download, %s: %s, %q", c.what, i.Status, i.Message)
		}
	}
	if asked > 0 {
		t.Errorf("the server was asked %d times", asked)
	}
}

// imported waits until an import has ended.
func imported(t *testing.T, p *Pool, uuid string) *baremetal.Image {
	t.Helper()
	for {
		changed := p.store.Changed()
		i, err := p.Image(t.Context(), uuid)
		check(t, err)
		if i.Status != baremetal.ImageImporting {
			return i
		}
		<-changed
	}
}
