package storage

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"ironhook/baremetal"
	"ironhook/block/iscsi"
	"ironhook/block/iscsi/initiatortest"
	"ironhook/storage/pool"
	"ironhook/store"
	"ironhook/volume"
)

// The ISIDs of one machine: those of its firmware and of its operating systems.
var (
	loader  = iscsi.ISID{0x40, 0x00, 0x27, 0x23, 0, 0}
	linux   = iscsi.ISID{0x00, 0x02, 0x3d, 1, 2, 3}
	windows = iscsi.ISID{0x40, 0x00, 0x01, 0x37, 0, 1}
	edk2    = iscsi.ISID{0x80, 0x12, 0x34, 0x56, 0, 1}
)

// serve starts the iSCSI target of a house and returns its address.
func (h *house) serve() (exports *Exports, address string, stop func()) {
	h.Helper()
	exports = NewExports(h.store, h.volumes, h.logger())
	exports.target.Limits.Drain = 50 * time.Millisecond // our initiator ignores requests to log out
	h.managed = NewManaged(h.store, h.pool, h.volumes, fixedPortal, exports.Withdraw)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	h.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- exports.Serve(ctx, l) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		h.must(<-done)
	}
	h.Cleanup(stop)
	return exports, l.Addr().String(), stop
}

// dial logs in as the machine of an export.
func (h *house) dial(address string, x *baremetal.Grant, isid iscsi.ISID) *initiatortest.Initiator {
	h.Helper()
	i, err := h.tryDial(address, x, isid)
	h.must(err)
	h.Cleanup(func() { i.Close() })
	h.must(i.Settle())
	return i
}

func (h *house) tryDial(address string, x *baremetal.Grant, isid iscsi.ISID) (*initiatortest.Initiator, error) {
	ctx, cancel := initiatortest.Patience(context.Background())
	defer cancel()
	return initiatortest.Dial(ctx, address,
		initiatortest.Options{Name: x.Initiator, Target: x.IQN, ISID: isid, User: x.User, Secret: x.Secret})
}

// until waits for the kinds of the events of a node to become want.
func (h *house) until(n *baremetal.Node, want string) {
	h.Helper()
	late := time.After(30 * time.Second)
	for {
		changed := h.store.Changed()
		got := h.kindsOf(n)
		if got == want {
			return
		}
		if !strings.HasPrefix(want, got) {
			h.Fatalf("events = %q, want %q\n%s", got, want, h.logged())
		}
		select {
		case <-changed:
		case <-late:
			h.Fatalf("events = %q after a long time, want %q", got, want)
		}
	}
}

func TestEventsOfABoot(t *testing.T) {
	h := newHouse(t)
	n, _ := h.machine("pc-07")
	_, address, stop := h.serve()
	h.must(h.managed.Attach(t.Context(), n))
	x := h.grant()

	firmware := h.dial(address, x, loader)
	h.until(n, "attach login")
	for range 2 {
		_, err := firmware.Read(0, 512)
		h.must(err)
	}
	h.until(n, "attach login first-read")
	system := h.dial(address, x, linux)
	_, err := system.Read(4096, 4096)
	h.must(err)
	h.until(n, "attach login first-read system")
	h.must(system.Write(4096, bytes.Repeat([]byte{7}, 4096)))
	h.must(system.Flush())
	h.until(n, "attach login first-read system up")
	h.must(firmware.Close())

	// A restart in the middle of the boot: the machine logs in with the same secret, and no
	// event comes twice.
	stop()
	system.Close()
	_, address, _ = h.serve()
	system = h.dial(address, x, linux)
	got, err := system.Read(4096, 4096)
	if err != nil || got[0] != 7 {
		t.Fatalf("read after the restart = %x..., %v", got[:1], err)
	}
	h.must(system.Write(4096, got))
	h.must(system.Logout())
	h.until(n, "attach login first-read system up logout")

	// The operating system reboots: another boot.
	h.must(h.store.Append(t.Context(), baremetal.Event{Node: n.UUID, Kind: baremetal.EventScript}))
	firmware = h.dial(address, x, loader)
	_, err = firmware.Read(0, 512)
	h.must(err)
	h.until(n, "attach login first-read system up logout script login first-read")
	h.keepsSecret()
}

// The ISID identifies sessions of iPXE; other firmware is recognised by being first.
func TestFirmware(t *testing.T) {
	for _, c := range []struct {
		isid iscsi.ISID
		want bool
	}{{loader, true}, {edk2, false}, {linux, false}, {windows, false}} {
		if got := firmware(c.isid); got != c.want {
			t.Errorf("firmware(%x) = %v, want %v", c.isid, got, c.want)
		}
	}
}

// A machine that is switched on by hand may be up before the power sync notices. The late
// power-on event does not split the boot, and neither does a flood of refusals.
func TestSeenOnLate(t *testing.T) {
	h := newHouse(t)
	n, _ := h.machine("pc-07")
	_, address, _ := h.serve()
	h.must(h.managed.Attach(t.Context(), n))
	happen := func(kinds ...baremetal.EventKind) {
		for _, kind := range kinds {
			h.must(h.store.Append(t.Context(), baremetal.Event{Node: n.UUID, Kind: kind}))
		}
	}
	happen(baremetal.EventDiscover, baremetal.EventScript)
	x := h.grant()
	h.dial(address, x, loader)
	h.until(n, "attach discover script login")
	system := h.dial(address, x, linux)
	h.until(n, "attach discover script login system")
	happen(baremetal.EventPowerOn)
	refusals := slices.Repeat([]baremetal.EventKind{baremetal.EventRefused}, recentEvents)
	h.update(func(tx *store.Tx) error {
		for _, kind := range refusals {
			if err := tx.Append(baremetal.Event{Node: n.UUID, Kind: kind, Step: baremetal.EventLogin}); err != nil {
				return err
			}
		}
		return nil
	})
	h.must(system.Write(4096, bytes.Repeat([]byte{7}, 4096)))
	h.until(n, "attach discover script login system power-on"+strings.Repeat(" refused", recentEvents)+" up")
}

func TestWhoIsRefused(t *testing.T) {
	h := newHouse(t)
	n, _ := h.machine("pc-07")
	stranger, _ := h.machine("pc-08")
	_, address, _ := h.serve()
	h.must(h.managed.Attach(t.Context(), n))
	x := h.grant()
	h.must(h.managed.Attach(t.Context(), stranger))
	var other *baremetal.Grant
	for _, e := range h.grants() {
		if e.Node == stranger.UUID {
			other = e
		}
	}
	for name, who := range map[string]baremetal.Grant{
		"a wrong secret":       {Initiator: x.Initiator, IQN: x.IQN, User: x.User, Secret: "wrong wrong wrong"},
		"a wrong user":         {Initiator: x.Initiator, IQN: x.IQN, User: "somebody", Secret: x.Secret},
		"no secret":            {Initiator: x.Initiator, IQN: x.IQN},
		"another's own secret": {Initiator: other.Initiator, IQN: x.IQN, User: other.User, Secret: other.Secret},
		"another's name":       {Initiator: other.Initiator, IQN: x.IQN, User: x.User, Secret: x.Secret},
		"an unknown target":    {Initiator: x.Initiator, IQN: iqnPrefix + "none", User: x.User, Secret: x.Secret},
		"a UUID for a name":    {Initiator: x.Initiator, IQN: x.Target, User: x.User, Secret: x.Secret},
	} {
		if i, err := h.tryDial(address, &who, linux); err == nil {
			i.Close()
			t.Errorf("%s opened the disk", name)
		}
	}
	h.until(n, "attach refused") // one event in the interval
	h.keepsSecret()
	if _, err := h.tryDial(address, x, linux); err != nil {
		t.Errorf("the machine itself: %v", err)
	}
}

func TestNamesAreReadInEitherCase(t *testing.T) {
	h := newHouse(t)
	n, _ := h.machine("pc-07")
	h.update(func(tx *store.Tx) error {
		return tx.Connectors().Insert(&baremetal.VolumeConnector{UUID: "c", NodeUUID: n.UUID, Type: "iqn",
			ConnectorID: "iqn.2017-08.org.Example:PC-07"})
	})
	_, address, _ := h.serve()
	h.must(h.managed.Attach(t.Context(), n))
	h.dial(address, h.grant(), linux)
}

// After Detach no write of the machine reaches the volume, and the next machine can attach
// it at once.
func TestDetachEndsSessions(t *testing.T) {
	h := newHouse(t)
	n, _ := h.machine("shared")
	next := h.node("next")
	h.give(next, 0, "shared", nil)
	exports, address, stop := h.serve()
	for range 5 {
		h.must(h.managed.Attach(t.Context(), n))
		x := h.grant()
		i := h.dial(address, x, linux)
		h.must(i.Write(0, bytes.Repeat([]byte{1}, 512)))
		if err := h.volumes.Delete("shared"); !errors.Is(err, volume.ErrInUse) {
			t.Fatalf("Delete of a volume in use = %v, want %v", err, volume.ErrInUse)
		}
		h.must(h.managed.Detach(t.Context(), n))
		if _, err := i.Read(0, 512); err == nil {
			t.Fatal("read from a withdrawn volume")
		}
		if _, err := h.tryDial(address, x, linux); err == nil {
			t.Fatal("logged in to a withdrawn volume")
		}
		n, next = next, n
	}
	if got := exports.Sessions(); len(got) != 0 {
		t.Errorf("sessions = %v, want none", got)
	}
	h.must(h.volumes.Delete("shared"))
	stop() // the pending observations are recorded now
	if got := h.kindsOf(n) + h.kindsOf(next); strings.Contains(got, "logout") {
		t.Errorf("events = %q: the detach tells it already", got)
	}
}

// Persistent reservations (APTPL) survive a restart, but not the end of their export: the
// next machine does not meet them.
func TestReservationsOutliveARestart(t *testing.T) {
	h := newHouse(t)
	n, _ := h.machine("pc-07")
	_, address, stop := h.serve()
	h.must(h.managed.Attach(t.Context(), n))
	register := make([]byte, 24) // PERSISTENT RESERVE OUT parameter list
	copy(register[8:], "the key.")
	register[20] = 1 // APTPL
	r, err := h.dial(address, h.grant(), linux).Do([]byte{0x5f, 8: 24, 9: 0}, register, 0)
	if err != nil || r.Status != 0 {
		t.Fatalf("REGISTER with APTPL = status %#x, sense %x, %v", r.Status, r.Sense, err)
	}
	keys := func(address string) string {
		r, err := h.dial(address, h.grant(), linux).Do([]byte{0x5e, 8: 64, 9: 0}, nil, 64)
		if err != nil || len(r.Data) < 8 {
			t.Fatalf("READ KEYS = %x, %v", r.Data, err)
		}
		return string(r.Data[8:])
	}
	stop()
	_, address, _ = h.serve()
	if got := keys(address); got != "the key." {
		t.Errorf("keys after a restart = %q, want the one that was registered", got)
	}
	h.must(h.managed.Detach(t.Context(), n))
	h.must(h.managed.Attach(t.Context(), n))
	if got := keys(address); got != "" {
		t.Errorf("keys of a new export = %q, want none", got)
	}
}

// Reservations end with their export even if it was not opened: after a restart, before the
// machine has logged in again.
func TestReservationsOfAnExportNeverOpened(t *testing.T) {
	h := newHouse(t)
	h.volume("disk")
	v, err := h.volumes.Open("disk", false)
	h.must(err)
	defer v.Close()
	old := &baremetal.Grant{IQN: iqnPrefix + "a", CreatedAt: time.UnixMicro(1)}
	h.must(exportKeeper{v.Reservations(), grantID(old)}.Save([]byte(`{"Registrants":null}`)))
	for _, c := range []struct {
		export *baremetal.Grant
		want   string
	}{
		{old, `{"Registrants":null}`},
		{&baremetal.Grant{IQN: old.IQN, CreatedAt: time.UnixMicro(2)}, ""}, // attached again
		{&baremetal.Grant{IQN: iqnPrefix + "b", CreatedAt: old.CreatedAt}, ""},
	} {
		if got, err := (exportKeeper{v.Reservations(), grantID(c.export)}).Load(); err != nil || string(got) != c.want {
			t.Errorf("Load for %q = %q, %v, want %q", grantID(c.export), got, err, c.want)
		}
	}
}

// A logged-in initiator is notified of a new size: CAPACITY DATA HAS CHANGED, and then the
// new capacity.
func TestInitiatorLearnsOfANewSize(t *testing.T) {
	h := newHouse(t)
	n := h.node("pc-07")
	v, err := h.pool.CreateVolume(t.Context(), pool.NewVolume{Size: 1 << 20})
	h.must(err)
	h.give(n, 0, v.UUID, nil)
	_, address, _ := h.serve()
	h.must(h.managed.Attach(t.Context(), n))
	i := h.dial(address, h.grant(), linux)
	h.must(h.pool.Extend(t.Context(), v.UUID, 3<<20))
	r, err := i.Do(make([]byte, 6), nil, 0) // TEST UNIT READY
	if err != nil || len(r.Sense) < 14 || r.Sense[2] != 6 || r.Sense[12] != 0x2a || r.Sense[13] != 9 {
		t.Errorf("the command after the extension = status %#x, sense %x, %v, want 6/2a09", r.Status, r.Sense, err)
	}
	r, err = i.Do([]byte{0x9e, 1: 0x10, 13: 32, 15: 0}, nil, 32) // READ CAPACITY(16)
	if err != nil || len(r.Data) < 8 || binary.BigEndian.Uint64(r.Data)+1 != 3<<20/512 {
		t.Errorf("READ CAPACITY = %x, %v, want %d blocks", r.Data, err, 3<<20/512)
	}
	h.must(i.Write(2<<20, make([]byte, 512)))
}

// A grant that is removed without Detach, here with its node, ends its sessions.
func TestDeletedNodeLosesItsSessions(t *testing.T) {
	h := newHouse(t)
	n, _ := h.machine("pc-07")
	_, address, _ := h.serve()
	h.must(h.managed.Attach(t.Context(), n))
	i := h.dial(address, h.grant(), linux)
	h.update(func(tx *store.Tx) error { return tx.Nodes().Delete(n.UUID) })
	// The connection ends by itself; the initiator's deadline bounds the wait.
	if p, err := i.Receive(); err == nil {
		t.Errorf("received %v, want the end of the connection", p)
	}
}

func TestReadOnlyVolumeIsNotWritten(t *testing.T) {
	h := newHouse(t)
	h.volume("golden")
	_, address, _ := h.serve()
	var machines []*initiatortest.Initiator
	for k := range 2 {
		n := h.node(fmt.Sprint("pc-", k))
		h.give(n, 0, "golden", baremetal.Object{"access_mode": "ro"})
		h.must(h.managed.Attach(t.Context(), n))
		for _, x := range h.grants() {
			if x.Node == n.UUID {
				machines = append(machines, h.dial(address, x, linux))
			}
		}
	}
	for _, i := range machines {
		if _, err := i.Read(0, 512); err != nil {
			t.Error(err)
		}
		if err := i.Write(0, make([]byte, 512)); !errors.Is(err, initiatortest.ErrStatus) {
			t.Errorf("Write = %v, want it refused", err)
		}
	}
}

// An independent initiator: discovery, CHAP, INQUIRY and capacity.
func TestWithLibiscsi(t *testing.T) {
	if testing.Short() {
		t.Skip("needs libiscsi-bin")
	}
	h := newHouse(t)
	n, _ := h.machine("pc-07")
	_, address, _ := h.serve()
	h.must(h.managed.Attach(t.Context(), n))
	x := h.grant()
	run := func(tool string, args ...string) string {
		t.Helper()
		path, err := exec.LookPath(tool)
		if err != nil {
			t.Fatalf("%v: install the package libiscsi-bin", err)
		}
		ctx, cancel := initiatortest.Patience(t.Context())
		defer cancel()
		out, err := exec.CommandContext(ctx, path, append([]string{"-i", x.Initiator}, args...)...).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", tool, err, out)
		}
		return string(out)
	}
	url := fmt.Sprintf("iscsi://%s%%%s@%s/%s/0", x.User, x.Secret, address, x.IQN)
	if got := run("iscsi-ls", "iscsi://"+address); !strings.Contains(got, x.IQN) {
		t.Errorf("iscsi-ls = %q, want %s", got, x.IQN)
	}
	if got := run("iscsi-readcapacity16", url); !strings.Contains(got, "Total size:1048576") {
		t.Errorf("iscsi-readcapacity16 = %q, want 1 MiB", got)
	}
	if got := run("iscsi-inq", "-e", "1", "-c", "128", url); !strings.Contains(got, "["+x.Serial+"]") {
		t.Errorf("serial number page = %q, want %s", got, x.Serial)
	}
}

// Detach and reconcile withdraw the same volume at once: it is closed when either returns.
func TestWithdrawWaitsForTheOther(t *testing.T) {
	h := newHouse(t)
	n, _ := h.machine("pc-07")
	exports, address, _ := h.serve()
	for range 20 {
		h.must(h.managed.Attach(t.Context(), n))
		x := h.grant()
		h.dial(address, x, linux)
		h.update(func(tx *store.Tx) error { return tx.Grants().Delete(x.IQN) })
		var both errgroup.Group
		var mu sync.Mutex
		for range 2 {
			both.Go(func() error {
				exports.Withdraw(x.IQN)
				mu.Lock()
				defer mu.Unlock()
				disk, err := h.volumes.Open(x.Volume, false)
				if err == nil {
					err = disk.Close()
				}
				return err
			})
		}
		h.must(both.Wait())
	}
}
