package volume

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"ironhook/internal/asked"
)

// The writes of round n are deterministic: a few runs of sectors that all contain the
// number n.
func roundOf(n uint64, size int64) (firsts []int64, count int64) {
	r := rand.New(rand.NewPCG(n, 2))
	for range 4 {
		firsts = append(firsts, r.Int64N(size/512-20))
	}
	return firsts, 1 + r.Int64N(20)
}

const victimSize = 8 << 20

// victim writes, flushes and reports it, takes snapshots, deletes and merges them, imports
// and promotes, for ever.
func victim(path string, from uint64) error {
	d, err := Open(path, Reserve(0))
	if err != nil {
		return err
	}
	k, err := d.Open("v", false)
	if err != nil {
		return err
	}
	for n := from; ; n++ {
		firsts, count := roundOf(n, victimSize)
		b := make([]byte, count*512)
		for s := range count {
			fillSector(b[s*512:], n)
		}
		for _, first := range firsts {
			if _, err := k.WriteAt(b, first*512); err != nil {
				return err
			}
		}
		if err := k.Sync(); err != nil {
			return err
		}
		fmt.Println(n)
		if n%5 == 0 {
			if err := churn(d, n); err != nil {
				return err
			}
		}
	}
}

func churn(d *Dir, n uint64) error {
	id := fmt.Sprint(n)
	if err := d.Snapshot("v", "s"+id); err != nil {
		return err
	}
	if n%10 == 0 {
		if err := d.Promote(context.Background(), "s"+id, "i"+id, nil); err != nil {
			return err
		}
		if _, err := d.Import(context.Background(), "r"+id, bytes.NewReader(bytes.Repeat([]byte(id), 100_000))); err != nil {
			return err
		}
		if err := errors.Join(d.Delete("i"+id), d.Delete("r"+id)); err != nil {
			return err
		}
	}
	if err := d.Delete("s" + id); err != nil {
		return err
	}
	return d.Tidy(context.Background())
}

// TestMain runs the victim when the environment says so.
func TestMain(m *testing.M) {
	if path := os.Getenv("VOLUME_TEST_VICTIM"); path != "" {
		from, err := strconv.ParseUint(os.Getenv("VOLUME_TEST_FROM"), 10, 64)
		if err == nil {
			err = victim(path, from)
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if path := os.Getenv("VOLUME_TEST_SMALL"); path != "" {
		if err := onSmallDisk(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestKilled kills the victim again and again, and compares the volumes with what the
// victim reported. IRONHOOK_KILL_ROUNDS says how often.
func TestKilled(t *testing.T) {
	rounds := asked.Number(t, asked.KillRounds, 12)
	l := newLab(t)
	l.image("golden", 0, 1<<20)
	l.must(l.d.Clone("golden", "v", victimSize))
	want := sectors{}
	for from := uint64(1); rounds > 0; rounds-- {
		last := l.kill(from, time.Duration(rand.IntN(400))*time.Millisecond)
		d, err := Open(l.d.path, Reserve(0))
		l.must(err)
		for n := from; n <= last; n++ {
			overwrite(want, n)
		}
		next := last + 1
		l.compare(d, want, next)
		l.must(d.Close())
		overwrite(want, next) // it may have been written in part: complete it
		l.finish(next)
		from = next + 1
	}
	if list, err := l.d.fs.Names(layersDir); err != nil || len(list) > 8 {
		t.Errorf("layers left: %q, %v", list, err)
	}
}

func overwrite(want sectors, n uint64) {
	firsts, count := roundOf(n, victimSize)
	for _, first := range firsts {
		for s := first; s < first+count; s++ {
			want[s] = n
		}
	}
}

// kill starts the victim, kills it and returns the last round it had flushed.
func (l *lab) kill(from uint64, after time.Duration) (last uint64) {
	l.Helper()
	cmd := exec.CommandContext(l.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "VOLUME_TEST_VICTIM="+l.d.path, fmt.Sprint("VOLUME_TEST_FROM=", from))
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	l.must(err)
	l.must(cmd.Start())
	lines := bufio.NewScanner(out)
	last = from - 1
	var timer *time.Timer
	for lines.Scan() {
		if timer == nil { // the first report has come
			timer = time.AfterFunc(after, func() { cmd.Process.Kill() })
		}
		n, err := strconv.ParseUint(lines.Text(), 10, 64)
		l.must(err)
		last = n
	}
	if err := cmd.Wait(); timer == nil || errs.Len() > 0 {
		l.Fatalf("the victim died of itself: %v: %s", err, errs.String())
	}
	return last
}

// compare checks that every sector has its expected contents, or those of round next.
func (l *lab) compare(d *Dir, want sectors, next uint64) {
	l.Helper()
	got, err := contents(d, "v")
	l.must(err)
	may := sectors{}
	overwrite(may, next)
	for s := range int64(len(got) / 512) {
		v, ok := sectorValue(got[s*512:][:512])
		if !ok || v != want[s] && (v != next || may[s] != next) {
			l.Fatalf("sector %d has %d (whole: %v), want %d; round %d was being written", s, v, ok, want[s], next)
		}
	}
}

// finish completes a round.
func (l *lab) finish(n uint64) {
	l.Helper()
	d, err := Open(l.d.path, Reserve(0))
	l.must(err)
	k, err := d.Open("v", false)
	l.must(err)
	firsts, count := roundOf(n, victimSize)
	b := make([]byte, count*512)
	for s := range count {
		fillSector(b[s*512:], n)
	}
	for _, first := range firsts {
		_, err := k.WriteAt(b, first*512)
		l.must(err)
	}
	l.must(errors.Join(k.Sync(), k.Close()))
	list, err := d.List(KindSnapshot)
	l.must(err)
	for _, s := range list {
		l.must(d.Delete(s.ID))
	}
	l.must(errors.Join(d.Tidy(l.Context()), d.Close()))
	images, err := l.d.List(KindImage)
	l.must(err)
	for _, i := range images {
		if i.ID != "golden" {
			l.must(l.d.Delete(i.ID))
		}
	}
}

// tempOn is a place for volumes on a certain file system.
func tempOn(t testing.TB, dir string) string {
	t.Helper()
	path, err := os.MkdirTemp(dir, "volumes")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(path) })
	return filepath.Join(path, "volumes")
}
