package attack_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// upload sends an image, and returns its id and the status of the answer.
func (v *victim) upload(format string, content []byte) (id string, status int) {
	v.Helper()
	_, text := v.do("", "POST", "/image/v2/images", asJSON, `{"name": "i", "disk_format": "`+format+`", "container_format": "bare"}`)
	var made struct{ ID string }
	if err := json.Unmarshal([]byte(text), &made); err != nil {
		v.Fatalf("%v: %s", err, text)
	}
	r, err := http.NewRequestWithContext(v.Context(), "PUT", v.url+"/image/v2/images/"+made.ID+"/file", bytes.NewReader(content))
	if err != nil {
		v.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/octet-stream")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return made.ID, 0 // the server need not read it to the end
	}
	defer res.Body.Close()
	return made.ID, res.StatusCode
}

// TestImageHogs uploads small files that claim to be huge disks, in every format, more at
// once than are worked on at once. An honest image is done meanwhile.
func TestImageHogs(t *testing.T) {
	qemu, err := exec.LookPath("qemu-img")
	if err != nil {
		t.Fatal(err)
	}
	v := start(t, t.TempDir(), "--auth", "none")
	dir := t.TempDir()
	hogs := map[string][]byte{}
	for format, qemus := range map[string]string{"qcow2": "qcow2", "vmdk": "vmdk", "vdi": "vdi", "vhdx": "vhdx", "vhd": "vpc"} {
		path := filepath.Join(dir, format)
		if out, err := exec.CommandContext(t.Context(), qemu, "create", "-f", qemus, path, "1000G").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		hogs[format] = content
	}
	var group sync.WaitGroup
	for format, content := range hogs {
		for range 2 {
			group.Go(func() { v.upload(format, content) })
		}
	}
	for n := range 3 {
		begun := time.Now()
		id, status := v.upload("raw", bytes.Repeat([]byte{0xa5, byte(n)}, 1<<19))
		if status != http.StatusNoContent {
			t.Errorf("an honest upload = %d", status)
			continue
		}
		v.wait("/image/v2/images/"+id, `"status":"active"`)
		if took := time.Since(begun); took > 20*time.Second {
			t.Errorf("an honest image of 1 MiB took %v", took)
		}
	}
	group.Wait()
}
