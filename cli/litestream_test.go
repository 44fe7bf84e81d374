//go:build litestream

package cli_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"ironhook/store"
)

// TestContinuousCopies has Litestream copy the database of an appliance under load. Both are
// killed. What the copy makes elsewhere, beside the volumes, is the appliance of a moment ago.
func TestContinuousCopies(t *testing.T) {
	litestream, err := exec.LookPath("litestream")
	if err != nil {
		t.Fatalf("%v: make litestream installs it", err)
	}
	d := &drill{t: t}
	d.begin()
	to := "file://" + t.TempDir()
	copying := exec.CommandContext(t.Context(), litestream, "replicate", filepath.Join(d.data, "ironhook.db"), to)
	var said bytes.Buffer
	copying.Stdout, copying.Stderr = &said, &said
	if err := copying.Start(); err != nil {
		t.Fatal(err)
	}
	least, begun := d.load.node.Load(), time.Now()
	for copied(t, litestream, to) < least {
		if time.Since(begun) > 2*time.Minute {
			t.Fatalf("number %d is not in the copy: %s", least, said.String())
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Logf("what was acknowledged is in the copy after at most %.1f s", time.Since(begun).Seconds())
	d.before = reads(t, d.running)
	close(d.load.stop)
	<-d.load.done
	most := d.load.node.Load()
	for _, p := range []*exec.Cmd{copying, d.Cmd} {
		if err := p.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		p.Wait() //nolint:errcheck // it was killed
	}
	d.moved(litestream, to, least, most)
}

// copied is the number that the busy node has in the copy, 0 while there is none.
func copied(t *testing.T, litestream, from string) (n uint64) {
	t.Helper()
	to := filepath.Join(t.TempDir(), "ironhook.db")
	if exec.CommandContext(t.Context(), litestream, "restore", "-o", to, from).Run() != nil {
		return 0
	}
	schema, err := os.ReadFile(schemaFile(t))
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), to, string(schema))
	if err != nil {
		t.Fatalf("the copy: %v", err)
	}
	defer s.Close()
	err = s.View(t.Context(), func(tx *store.Tx) error {
		node, err := tx.Nodes().Get("busy")
		if err == nil {
			fmt.Sscan(fmt.Sprint(node.Extra["n"]), &n) //nolint:errcheck // 0 before the first
		}
		return err
	})
	if err != nil {
		t.Fatalf("the copy: %v", err)
	}
	return n
}

// moved starts the appliance elsewhere: the database from the copy, all else from a copy of
// the directory.
func (d *drill) moved(litestream, from string, least, most uint64) {
	t := d.t
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	for _, step := range [][]string{
		{"cp", "-a", d.data, elsewhere},
		{"find", elsewhere, "-maxdepth", "1", "-name", "*ironhook.db*", "-exec", "rm", "-r", "{}", "+"},
		{litestream, "restore", "-o", filepath.Join(elsewhere, "ironhook.db"), from},
	} {
		if out, err := exec.CommandContext(t.Context(), step[0], step[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", step, err, out)
		}
	}
	made := drilled{leastNode: least, mostNode: most + 1, leastDisk: d.load.disk.Load(), mostDisk: d.load.disk.Load()}
	d.compare(elsewhere, made)
}
