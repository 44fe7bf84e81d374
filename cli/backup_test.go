package cli_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ironhook/appliance/shelftest"
	"ironhook/baremetal"
	"ironhook/block/iscsi/initiatortest"
	"ironhook/internal/asked"
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
		"/v1/volume/targets?detail=true", "/v1/volume/connectors?detail=true", "/image/v2/images", "/volume/v3/p/volumes/detail",
		"/volume/v3/p/snapshots/detail"} {
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
	i.Conn.SetDeadline(time.Time{}) // it goes on for as long as backups are made
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
			if status, text := r.call(t, "PATCH", "/v1/nodes/busy",
				fmt.Sprintf(`[{"op": "add", "path": "/extra/n", "value": %d}]`, n)); status != http.StatusOK {
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

// drill is an appliance under load and the series of its backups.
type drill struct {
	*house
	t       *testing.T
	load    *load
	grant   *baremetal.Grant
	serial  string
	secrets []string // options of the backups
	to      string   // a directory, or a URL
	before  string   // answers to reads
	made    []drilled
}

// drilled is a backup, and what the load had reached before and after it.
type drilled struct {
	file                                     string
	leastDisk, mostDisk, leastNode, mostNode uint64
}

// rounds is how many backups a drill makes: two in `make test`, more in `make drill`.
func rounds(t *testing.T) int {
	t.Helper()
	return asked.Number(t, "IRONHOOK_DRILL", 2)
}

// TestRestoreDrill makes backups of an appliance whose machine writes to its disk and whose
// API is written to, each restored elsewhere, and compares: the same answers to the same
// reads, and the machine logs in to the same disk with the same secret and finds what it had
// flushed before the backup began. Changed bits and missing ends are found.
func TestRestoreDrill(t *testing.T) {
	if testing.Short() {
		t.Skip("starts appliances")
	}
	url, credentials := shelftest.Bucket(t)
	secret := passphraseFile(t)
	for place, d := range map[string]*drill{
		"directory": {to: t.TempDir(), secrets: []string{"--passphrase-file", secret}},
		"S3":        {to: url + "/", secrets: []string{"--passphrase-file", secret, "--credentials", credentials}},
	} {
		t.Run(place, func(t *testing.T) {
			d.t = t
			d.begin()
			for range rounds(t) {
				d.backup()
			}
			close(d.load.stop)
			<-d.load.done
			d.before = reads(t, d.running)
			stop(t, d.running)
			for _, made := range d.made {
				d.restore(made)
			}
			if said := ironhook(t, append([]string{"backup", "verify", d.to}, d.secrets...)...); strings.Count(said, ": whole\n") != len(d.made) {
				t.Errorf("verify of all says %q", said)
			}
			if place == "directory" {
				d.damage()
			}
		})
	}
}

// begin deploys a machine with a snapshot of its volume, and puts it and the API under load.
func (d *drill) begin() {
	t := d.t
	d.house, _, _, _ = deployed(t)
	id := d.volumes()[0]["id"].(string)
	if status, text := d.call(t, "POST", "/volume/v3/p/snapshots",
		`{"snapshot": {"volume_id": "`+id+`", "name": "s"}}`); status != http.StatusAccepted {
		t.Fatalf("snapshot = %d %s", status, text)
	}
	d.house.make("nodes", `{"name": "busy", "driver": "fake-hardware"}`)
	d.put("nodes/pc/states/power", `{"target": "power on"}`)
	d.await("pc", func(n node) bool { return n.PowerState == "power on" && n.Reservation == nil })
	d.grant, d.serial = grant(t, d.data)
	d.load = startLoad(t, d.running, logIn(t, d.running, d.grant))
	select {
	case <-d.load.begun:
	case <-d.load.done:
		t.FailNow()
	}
}

// backup makes the next backup of the series.
func (d *drill) backup() {
	made := drilled{leastDisk: d.load.disk.Load(), leastNode: d.load.node.Load()}
	made.file = strings.TrimSpace(ironhook(d.t,
		append([]string{"backup", "--data", d.data, "--to", d.to, "--volumes", "--incremental"}, d.secrets...)...))
	made.mostDisk, made.mostNode = d.load.disk.Load()+1, d.load.node.Load()+1
	if made.mostDisk == made.leastDisk+1 {
		d.t.Log("the load stood still during the backup")
	}
	if strings.Contains(made.file, ".since-") != (len(d.made) > 0) {
		d.t.Errorf("backup %d is %s", len(d.made), made.file)
	}
	d.made = append(d.made, made)
}

// restore makes an appliance of a backup.
func (d *drill) restore(made drilled) {
	t := d.t
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	ironhook(t, append([]string{"restore", "--data", elsewhere, made.file}, d.secrets...)...)
	d.compare(elsewhere, made)
}

// compare starts the appliance of a data directory, and compares.
func (d *drill) compare(elsewhere string, made drilled) {
	t := d.t
	restored, serial := grant(t, elsewhere)
	if restored.Secret != d.grant.Secret || restored.IQN != d.grant.IQN || serial != d.serial {
		t.Errorf("the grant is %+v now, and was %+v", restored, d.grant)
	}
	r := start(t, elsewhere)
	defer stop(t, r)
	r.password = d.password
	if got := reads(t, r); got != d.before {
		t.Errorf("the restored appliance answers\n%s\nand the old one answered\n%s", got, d.before)
	}
	_, text := r.call(t, "GET", "/v1/nodes/busy", "")
	var n uint64
	if _, err := fmt.Sscan(between(text, `"n":`, "}"), &n); err != nil || n < made.leastNode || n > made.mostNode {
		t.Errorf("the node has n = %d (%v), want %d to %d", n, err, made.leastNode, made.mostNode)
	}
	i := logIn(t, r, restored)
	a, b := number(t, i, 0), number(t, i, 512<<10)
	if b < made.leastDisk || a < b || a > b+1 || a > made.mostDisk {
		t.Errorf("the disk has %d and %d; %d were flushed before the backup and %d after it", a, b, made.leastDisk, made.mostDisk)
	}
	h := &house{T: t, running: r, data: elsewhere}
	h.put("nodes/pc/states/power", `{"target": "power off"}`)
	h.await("pc", func(n node) bool { return n.PowerState == "power off" && n.Reservation == nil })
}

// number reads what the load wrote.
func number(t *testing.T, i *initiatortest.Initiator, off int64) uint64 {
	t.Helper()
	b, err := i.Read(off, 512)
	if err != nil {
		t.Fatal(err)
	}
	return binary.BigEndian.Uint64(b)
}

// damage flips a bit in the oldest backup, and cuts the newest off: verify names both.
func (d *drill) damage() {
	t := d.t
	first, last := d.made[0].file, d.made[len(d.made)-1].file
	for file, harm := range map[string]func(b []byte) []byte{
		first: func(b []byte) []byte { b[rand.IntN(len(b)/2)+len(b)/4] ^= 1 << rand.IntN(8); return b },
		last:  func(b []byte) []byte { return b[:len(b)-1-rand.IntN(len(b)/2)] },
	} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 || filepath.Dir(file) != d.to {
			t.Fatalf("%s: %v, %v", file, info, err)
		}
		b, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(file, harm(b), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	verify := exec.CommandContext(t.Context(), "ironhook", append([]string{"backup", "verify", d.to}, d.secrets...)...)
	verify.Env = append(os.Environ(), "SCHEMA="+schemaFile(t))
	said, err := verify.CombinedOutput()
	if err == nil || !strings.Contains(string(said), fmt.Sprintf("%d of %d", len(d.made), len(d.made))) ||
		strings.Contains(string(said), ": whole\n") { // all need the first
		t.Errorf("verify finds no damage: %v\n%s", err, said)
	}
}

// TestBackupOfAStoppedAppliance needs no process, and is not to be had over the network.
func TestBackupOfAStoppedAppliance(t *testing.T) {
	data := t.TempDir()
	r := start(t, data, "--auth", "none")
	if status, text := r.call(t, "POST", "/ironhook/v1/backup?volumes=true", ""); status != http.StatusForbidden ||
		strings.Contains(text, "SQLite") {
		t.Errorf("a backup over the network = %d %.100s, want 403", status, text)
	}
	stop(t, r)
	file := filepath.Join(t.TempDir(), "b")
	ironhook(t, "backup", "--data", data, "--to", file, "--unencrypted", "--volumes")
	ironhook(t, "restore", "--data", filepath.Join(t.TempDir(), "new"), file)
}
