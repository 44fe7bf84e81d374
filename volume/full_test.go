package volume

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestFullDisk runs onSmallDisk on a file system of its own, in a mount namespace
// of its own.
func TestFullDisk(t *testing.T) {
	if testing.Short() {
		t.Skip("needs root")
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "VOLUME_TEST_SMALL="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s (run the tests as root)", err, out)
	}
}

const (
	smallDisk    = 48 << 20
	smallReserve = 8 << 20
)

// onSmallDisk runs three writers until the disk is full: each gets ENOSPC, flushed data is
// intact, the reserve is untouched, and when there is space again all go on.
func onSmallDisk(path string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	if err := unix.Mount("none", path, "tmpfs", 0, fmt.Sprintf("size=%d", smallDisk)); err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	d, err := Open(path, Reserve(smallReserve))
	if err != nil {
		return err
	}
	if _, err := d.Import(context.Background(), "golden", bytes.NewReader(bytes.Repeat([]byte{1}, 4<<20))); err != nil {
		return err
	}
	if _, err := d.Import(context.Background(), "filler", bytes.NewReader(bytes.Repeat([]byte{2}, 8<<20))); err != nil {
		return err
	}
	var machines [3]*filling
	for i := range machines {
		id := fmt.Sprint("pc", i)
		if err := d.Clone("golden", id, 64<<20); err != nil {
			return err
		}
		k, err := d.Open(id, false)
		if err != nil {
			return err
		}
		machines[i] = &filling{id: id, k: k}
	}
	if err := together(machines[:], (*filling).untilFull); err != nil {
		return err
	}
	if free, err := d.fs.Free(); err != nil || free < smallReserve-1<<20 {
		return fmt.Errorf("%d bytes free, %v, want about %d", free, err, smallReserve)
	}
	if _, err := d.Import(context.Background(), "late", bytes.NewReader(bytes.Repeat([]byte{3}, 4<<20))); !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("import onto the full disk = %w, want ENOSPC", err)
	}
	if err := errors.Join(d.Delete("filler"), d.Tidy(context.Background())); err != nil {
		return err
	}
	if err := together(machines[:], (*filling).goOn); err != nil {
		return err
	}
	again, err := Open(path)
	if err != nil {
		return err
	}
	for _, m := range machines {
		if err := m.check(again); err != nil {
			return err
		}
	}
	return nil
}

// filling is a writer that writes 16 KiB into every block, one after the other.
type filling struct {
	id      string
	k       *Disk
	written int64 // blocks that were flushed
}

func together(all []*filling, do func(*filling) error) error {
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i, m := range all {
		wg.Go(func() { errs[i] = do(m) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (m *filling) write() error {
	_, err := m.k.WriteAt(bytes.Repeat([]byte{9}, 16<<10), m.written*clusterSize+8<<10)
	if err == nil {
		err = m.k.Sync()
	}
	if err == nil {
		m.written++
	}
	return err
}

func (m *filling) untilFull() error {
	for range 64 << 20 / clusterSize {
		if err := m.write(); errors.Is(err, syscall.ENOSPC) {
			return nil
		} else if err != nil {
			return fmt.Errorf("%s: %w, want ENOSPC", m.id, err)
		}
	}
	return fmt.Errorf("%s: the disk is not full", m.id)
}

// goOn repeats the failed write, and writes some more.
func (m *filling) goOn() error {
	for range 5 {
		if err := m.write(); err != nil {
			return fmt.Errorf("%s, with room again: %w", m.id, err)
		}
	}
	return m.k.Close()
}

func (m *filling) check(d *Dir) error {
	got, err := contents(d, m.id)
	if err != nil {
		return err
	}
	for i := range m.written * clusterSize {
		want := byte(0)
		if i < 4<<20 {
			want = 1
		}
		if in := i % clusterSize; in >= 8<<10 && in < 24<<10 {
			want = 9
		}
		if got[i] != want {
			return fmt.Errorf("%s: byte %d = %d, want %d", m.id, i, got[i], want)
		}
	}
	return nil
}
