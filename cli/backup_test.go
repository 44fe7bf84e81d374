package cli_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"ironhook/baremetal"
	"ironhook/block/iscsi/initiatortest"
	"ironhook/store"
)

// ironhook runs a command that has to succeed and returns what it prints.
func ironhook(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ironhook", args...)
	cmd.Env = append(os.Environ(), "SCHEMA="+schemaFile(t))
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		t.Fatalf("ironhook %q: %v\n%s", args, err, complaint.String())
	}
	return out.String()
}

// grant reads the only one there is in the data directory.
func grant(t *testing.T, data string) (g *baremetal.Grant, serial string) {
	t.Helper()
	schema, err := os.ReadFile(schemaFile(t))
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), filepath.Join(data, "ironhook.db"), string(schema))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.View(context.Background(), func(tx *store.Tx) error {
		all, err := tx.Grants().List(store.Query{})
		if err == nil && len(all) != 1 {
			t.Fatalf("%d grants, want one", len(all))
		}
		g = all[0]
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return g, g.Serial
}

// portal is where the iSCSI target of a running appliance listens.
func (r *running) portal(t *testing.T) string {
	t.Helper()
	address, err := netip.ParseAddrPort(strings.TrimSpace(between(r.ready+",", "iscsi ", ",")))
	if err != nil {
		t.Fatalf("%q: %v", r.ready, err)
	}
	return address.String()
}

// logIn opens the disk as the machine does.
func logIn(t *testing.T, r *running, g *baremetal.Grant) *initiatortest.Initiator {
	t.Helper()
	ctx, cancel := initiatortest.Patience(t.Context())
	t.Cleanup(cancel)
	i, err := initiatortest.Dial(ctx, r.portal(t), initiatortest.Options{Name: g.Initiator, Target: g.IQN, User: g.User, Secret: g.Secret})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { i.Close() })
	if err := i.Settle(); err != nil {
		t.Fatal(err)
	}
	return i
}

// reads are the answers to requests that the load does not change.
func reads(t *testing.T, r *running) string {
	t.Helper()
	var all strings.Builder
	for _, path := range []string{"/v1/nodes/pc?fields=uuid,name,driver,provision_state,instance_info,properties,traits", "/v1/ports/detail",
		"/v1/volume/targets?detail=true", "/v1/volume/connectors?detail=true", "/image/v2/images", "/volume/v3/p/volumes/detail", "/volume/v3/p/snapshots/detail"} {
		status, text := r.call(t, "GET", path, "")
		if status != http.StatusOK {
			t.Fatalf("GET %s = %d %s", path, status, text)
		}
		text = strings.ReplaceAll(text, r.url(t), "URL")
		fmt.Fprintf(&all, "%s\n%s\n", path, text)
	}
	return all.String()
}

// load writes to a node and to the disk of a machine, one number after the other, each
// flushed or answered before the next, until stop is closed.
type load struct {
	node, disk atomic.Uint64 // the last that was acknowledged
	begun      chan struct{} // closed after the third number
	stop, done chan struct{}
}

func startLoad(t *testing.T, r *running, i *initiatortest.Initiator) *load {
	l := &load{begun: make(chan struct{}), stop: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(l.done)
		for n := uint64(1); ; n++ {
			block := make([]byte, 512)
			binary.BigEndian.PutUint64(block, n)
			for _, off := range []int64{0, 512 << 10} {
				if err := i.Write(off, block); err != nil {
					t.Error(err)
					return
				}
				if err := i.Flush(); err != nil {
					t.Error(err)
					return
				}
			}
			l.disk.Store(n)
			if status, text := r.call(t, "PATCH", "/v1/nodes/busy", fmt.Sprintf(`[{"op": "add", "path": "/extra/n", "value": %d}]`, n)); status != http.StatusOK {
				t.Errorf("PATCH = %d %s", status, text)
				return
			}
			if l.node.Store(n); n == 3 {
				close(l.begun)
			}
			select {
			case <-l.stop:
				return
			default:
			}
		}
	}()
	return l
}

// TestRestoreDrill makes a backup of an appliance whose machine writes to its disk and whose
// API is written to, restores it elsewhere, and compares: the same answers to the same
// reads, and the machine logs in to the same disk with the same secret and finds what it had
// flushed before the backup began.
func TestRestoreDrill(t *testing.T) {
	if testing.Short() {
		t.Skip("starts two appliances")
	}
	h, pc, _, _ := deployed(t)
	r := h.running
	id := h.volumes()[0]["id"].(string)
	if status, text := r.call(t, "POST", "/volume/v3/p/snapshots", `{"snapshot": {"volume_id": "`+id+`", "name": "s"}}`); status != http.StatusAccepted {
		t.Fatalf("snapshot = %d %s", status, text)
	}
	h.make("nodes", `{"name": "busy", "driver": "fake-hardware"}`)
	h.put("nodes/pc/states/power", `{"target": "power on"}`)
	h.await("pc", func(n node) bool { return n.PowerState == "power on" && n.Reservation == nil })
	g, serial := grant(t, h.data)
	l := startLoad(t, r, logIn(t, r, g))
	select {
	case <-l.begun:
	case <-l.done:
		t.FailNow()
	}
	secret := filepath.Join(t.TempDir(), "passphrase")
	if err := os.WriteFile(secret, []byte("correct horse\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	leastDisk, leastNode := l.disk.Load(), l.node.Load()
	store := t.TempDir()
	file := strings.TrimSpace(ironhook(t, "backup", "--data", h.data, "--to", store, "--volumes", "--passphrase-file", secret))
	mostDisk, mostNode := l.disk.Load()+1, l.node.Load()+1
	if mostDisk == leastDisk+1 {
		t.Log("the load stood still during the backup")
	}
	close(l.stop)
	<-l.done
	want := reads(t, r)
	stop(t, r)

	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 || filepath.Dir(file) != store {
		t.Fatalf("%s: %v, %v", file, info, err)
	}
	if said := ironhook(t, "backup", "verify", file, "--passphrase-file", secret); !strings.Contains(said, "whole") || !strings.Contains(said, "with volumes") {
		t.Errorf("verify says %q", said)
	}
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	ironhook(t, "restore", "--data", elsewhere, "--passphrase-file", secret, file)
	restored, kept := grant(t, elsewhere)
	if restored.Secret != g.Secret || restored.IQN != g.IQN || kept != serial {
		t.Errorf("the grant is %+v now, and was %+v", restored, g)
	}
	r2 := start(t, elsewhere)
	defer stop(t, r2)
	r2.password = r.password
	if got := reads(t, r2); got != want {
		t.Errorf("the restored appliance answers\n%s\nand the old one answered\n%s", got, want)
	}
	_, text := r2.call(t, "GET", "/v1/nodes/busy", "")
	var n uint64
	if _, err := fmt.Sscan(between(text, `"n":`, "}"), &n); err != nil || n < leastNode || n > mostNode {
		t.Errorf("the node has n = %d (%v), want %d to %d", n, err, leastNode, mostNode)
	}
	i := logIn(t, r2, restored)
	first, err := i.Read(0, 512)
	if err != nil {
		t.Fatal(err)
	}
	second, err := i.Read(512<<10, 512)
	if err != nil {
		t.Fatal(err)
	}
	a, b := binary.BigEndian.Uint64(first), binary.BigEndian.Uint64(second)
	if b < leastDisk || a < b || a > b+1 || a > mostDisk {
		t.Errorf("the disk has %d and %d; %d were flushed before the backup and %d after it", a, b, leastDisk, mostDisk)
	}
	h2 := &house{T: t, running: r2, data: elsewhere}
	h2.put("nodes/"+pc+"/states/power", `{"target": "power off"}`)
	h2.await("pc", func(n node) bool { return n.PowerState == "power off" && n.Reservation == nil })
}

// TestBackupOfAStoppedAppliance needs no process, and is not to be had over the network.
func TestBackupOfAStoppedAppliance(t *testing.T) {
	data := t.TempDir()
	r := start(t, data, "--auth", "none")
	if status, text := r.call(t, "POST", "/ironhook/v1/backup?volumes=true", ""); status != http.StatusForbidden || strings.Contains(text, "SQLite") {
		t.Errorf("a backup over the network = %d %.100s, want 403", status, text)
	}
	stop(t, r)
	file := filepath.Join(t.TempDir(), "b")
	ironhook(t, "backup", "--data", data, "--to", file, "--unencrypted", "--volumes")
	ironhook(t, "restore", "--data", filepath.Join(t.TempDir(), "new"), file)
}
