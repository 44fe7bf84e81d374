package pool

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/store"
	"ironhook/volume"
)

// killedPool names the directory in which a process of TestKilledPool works until it is
// killed.
const killedPool = "IRONHOOK_KILLED_POOL"

// TestKilledPool kills a process in the midst of imports and of deletions of snapshots and
// volumes. After a start nothing that was reported done is missing, nothing that was
// deleted is there, and there is no row without bytes and no bytes without a row.
func TestKilledPool(t *testing.T) {
	if dir := os.Getenv(killedPool); dir != "" {
		workUntilKilled(openPool(t, dir), dir)
		return
	}
	if testing.Short() {
		t.Skip("starts processes and kills them")
	}
	dir := t.TempDir()
	data, _, _ := diskImage()
	for k := range 8 {
		check(t, os.WriteFile(filepath.Join(dir, fmt.Sprint("disk-", k)), append(data, byte(k)), 0o600))
	}
	there := map[string]bool{} // by UUID, as reported
	for range 10 {
		killWhileWorking(t, dir, there)
		p := openPool(t, dir)
		check(t, p.Recover(t.Context()))
		agree(t, p, there)
		check(t, p.Close())
		check(t, p.volumes.Close())
		check(t, p.store.Close())
	}
}

func openPool(t *testing.T, dir string) *Pool {
	t.Helper()
	schema, err := os.ReadFile("../../schema.sql")
	check(t, err)
	s, err := store.Open(context.Background(), filepath.Join(dir, "db"), string(schema))
	check(t, err)
	v, err := volume.Open(filepath.Join(dir, "volumes"))
	check(t, err)
	return New(Config{Store: s, Volumes: v, Log: slog.New(slog.DiscardHandler), Files: dir, From: onLoopback})
}

// killWhileWorking notes what the process reports: +UUID is there, -UUID may be gone, and
// is once done follows.
func killWhileWorking(t *testing.T, dir string, there map[string]bool) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestKilledPool$")
	child.Env = append(os.Environ(), killedPool+"="+dir)
	out, err := child.StdoutPipe()
	check(t, err)
	check(t, child.Start())
	lines := bufio.NewScanner(out)
	for range 1 + rand.IntN(30) {
		if !lines.Scan() {
			t.Fatalf("the child ended by itself: %v", child.Wait())
		}
	}
	check(t, child.Process.Kill())
	child.Wait() //nolint:errcheck // it was killed
	report, err := os.ReadFile(filepath.Join(dir, "report"))
	check(t, err)
	clear(there)
	for line := range strings.Lines(string(report)) {
		uuid := strings.TrimSpace(line[1:])
		switch line[0] {
		case '+':
			there[uuid] = true
		case '?':
			delete(there, uuid)
		case '-':
			there[uuid] = false
		}
	}
}

// workUntilKilled reports into a file that it syncs, before and after each deletion and
// after each making.
func workUntilKilled(p *Pool, dir string) {
	ctx := context.Background()
	file, err := os.OpenFile(filepath.Join(dir, "report"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	must(err)
	say := func(sign, uuid string) {
		_, err := fmt.Fprintln(file, sign+uuid)
		must(err)
		must(file.Sync())
		fmt.Println(sign)
	}
	for {
		k := rand.IntN(8)
		path := filepath.Join(dir, fmt.Sprint("disk-", k))
		i, err := p.ImportSource(ctx, baremetal.ImageSource{URL: "file://" + path}, nil)
		must(err)
		say("+", i.UUID)
		v, err := p.CreateVolume(ctx, NewVolume{Image: i.UUID})
		must(err)
		say("+", v.UUID)
		s := &baremetal.Snapshot{VolumeUUID: v.UUID}
		must(p.CreateSnapshot(ctx, s, false))
		say("+", s.UUID)
		twin, err := p.CreateVolume(ctx, NewVolume{Snapshot: s.UUID})
		must(err)
		say("+", twin.UUID)
		say("?", s.UUID)
		must(p.DeleteSnapshot(ctx, s.UUID))
		say("-", s.UUID)
		for _, one := range []string{v.UUID, twin.UUID} {
			say("?", one)
			must(p.ForceDelete(ctx, one))
			say("-", one)
		}
		list := []string{}
		must(p.store.View(ctx, func(tx *store.Tx) error {
			of, err := tx.Volumes().List(store.Where("image_uuid", i.UUID))
			for _, v := range of {
				list = append(list, v.UUID)
			}
			return err
		}))
		if len(list) == 0 && rand.IntN(2) == 0 {
			say("?", i.UUID)
			if err := p.DeleteImage(ctx, i.UUID); err == nil {
				say("-", i.UUID)
			}
		}
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// agree compares rows, bytes and reports.
func agree(t *testing.T, p *Pool, there map[string]bool) {
	t.Helper()
	rows := map[string]bool{}
	check(t, p.store.View(t.Context(), func(tx *store.Tx) error {
		images, err := tx.Images().List(store.Query{})
		for _, i := range images {
			if rows[i.UUID] = true; i.Status != baremetal.ImageActive {
				t.Errorf("image %s is %s", i.UUID, i.Status)
			}
		}
		volumes, err2 := tx.Volumes().List(store.Query{})
		for _, v := range volumes {
			if rows[v.UUID] = true; v.Status != baremetal.VolumeAvailable {
				t.Errorf("volume %s is %s", v.UUID, v.Status)
			}
		}
		snapshots, err3 := tx.Snapshots().List(store.Query{})
		for _, s := range snapshots {
			if rows[s.UUID] = true; s.Status != baremetal.VolumeAvailable {
				t.Errorf("snapshot %s is %s", s.UUID, s.Status)
			}
		}
		for _, err := range []error{err, err2, err3} {
			if err != nil {
				return err
			}
		}
		return nil
	}))
	bytes, err := p.volumes.List()
	check(t, err)
	for _, b := range bytes {
		if !rows[b.ID] {
			t.Errorf("%s %s has bytes and no row", b.Kind, b.ID)
		}
	}
	if len(bytes) != len(rows) {
		t.Errorf("%d rows, %d with bytes", len(rows), len(bytes))
	}
	for uuid, want := range there {
		if rows[uuid] != want {
			t.Errorf("%s is there: %v, reported %v", uuid, rows[uuid], want)
		}
	}
}
