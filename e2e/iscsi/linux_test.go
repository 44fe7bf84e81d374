package iscsi_test

import (
	"context"
	_ "embed"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

//go:embed guest/init
var guestInit []byte

//go:embed guest/verify.fio
var guestJobs []byte

var guestTrouble = regexp.MustCompile(`guest: FAIL|Kernel panic`)

// A Linux guest with open-iscsi: discovery, mutual CHAP with SHA3-256 and with SHA-256,
// data verified by fio with and without digests, ext4 made, filled and checked. Three
// times the server is killed or stopped under it and started again: that is a stall, and
// no I/O error.
func TestLinux(t *testing.T) {
	needsPeers(t, map[string]string{"qemu-system-x86_64": "qemu-system-x86", "mke2fs": "e2fsprogs", "ip": "iproute2", "fio": "fio"})
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	l, err := lab.New("iscsi-linux")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	serve := exporterIn(t, l)
	server := serve()
	guest := startGuest(ctx, t, l)
	defer func() {
		for _, line := range guest.Log.Lines() {
			t.Log(line.At.Format("15:04:05.00"), line.Text)
		}
	}()
	expect := func(pattern string) {
		t.Helper()
		if _, err := guest.Log.Wait(ctx, regexp.MustCompile(pattern), guestTrouble); err != nil {
			t.Fatal(err)
		}
	}
	expect(`guest: login digest=CRC32C chap=SHA3-256`)
	kill := func() error { server.Kill(); return nil }
	stop := func() error { return server.Stop(ctx) }
	for _, end := range []func() error{kill, stop, kill} {
		pause(ctx, 2*time.Second) // let it write
		if err := end(); err != nil {
			t.Fatal(err)
		}
		pause(ctx, time.Second) // let it notice
		server = serve()
	}
	expect(`guest: verified digest=CRC32C`)
	expect(`guest: login digest=None chap=SHA256`)
	expect(`guest: verified digest=None`)
	expect(`guest: filesystem ok`)
	expect(`guest: done io-errors=0`)
}

// exporterIn returns a function that starts the export in the lab's network, always on
// the same disk.
func exporterIn(t *testing.T, l *lab.Lab) func() *lab.Process {
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"iscsi", "export", "--listen", lab.Address + ":3260", "--chap", "alice:" + secret(t, "alice", "wonderland12"),
		"--mutual-chap", "bob:" + secret(t, "bob", "looking-glass"), diskImage(t, 128<<20)}
	return func() *lab.Process {
		p, err := l.Start("export", path, args...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Log.Wait(t.Context(), regexp.MustCompile(`^iscsi://`)); err != nil {
			t.Fatal(err)
		}
		return p
	}
}

// startGuest builds the guest and starts it at a port of the lab's bridge.
func startGuest(ctx context.Context, t *testing.T, l *lab.Lab) *lab.Process {
	t.Helper()
	root, err := lab.Root()
	if err != nil {
		t.Fatal(err)
	}
	k, err := image.Initiator(ctx, filepath.Join(root, "build", "image", "debs"), t.TempDir(),
		map[string][]byte{"init": guestInit, "verify.fio": guestJobs})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.IP("tuntap add dev tap0 mode tap\nlink set tap0 master " + lab.Bridge + " up\n"); err != nil {
		t.Fatal(err)
	}
	p, err := l.Start("linux", "qemu-system-x86_64", "-machine", "q35,accel=tcg,graphics=off", "-cpu", "max", "-m", "512",
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		"-chardev", "stdio,id=serial0,signal=off", "-device", "isa-serial,chardev=serial0",
		"-netdev", "tap,id=net0,ifname=tap0,script=no,downscript=no", "-device", "virtio-net-pci,netdev=net0",
		"-kernel", k.Vmlinuz, "-initrd", k.Initramfs,
		"-append", "console=ttyS0 quiet panic=-1 portal="+lab.Address+":3260 target=iqn.2026-11.io.ironhook:export seconds=15")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// pause lets time pass for the guest, of whose inside nothing can be waited for.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
