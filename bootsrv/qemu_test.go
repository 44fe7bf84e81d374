package bootsrv

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
	"ironhook/store/storetest"
)

const (
	qemu = "qemu-system-x86_64 of qemu-system-x86"
	ovmf = "/usr/share/OVMF/OVMF_CODE_4M.fd"
	vars = "/usr/share/OVMF/OVMF_VARS_4M.fd"
)

// firmware is a machine that comes to its volume in a way of its own.
type firmware struct {
	name string
	args []string
	asks []string // the steps of its boot, in order
}

var (
	uefi     = []string{"-vga", "std", "-device", "virtio-rng-pci", "-device", "virtio-net-pci,romfile=,bootindex=1,netdev=n,mac=MAC"}
	httpOnly = []string{ // fw_cfg switches that OVMF has for the purpose
		"-fw_cfg", "name=opt/org.tianocore/IPv4PXESupport,string=n", "-fw_cfg", "name=opt/org.tianocore/IPv6PXESupport,string=n",
	}
	firmwares = []firmware{
		{"SeaBIOS, iPXE in a virtio card's ROM", []string{"-device", "virtio-net-pci,bootindex=1,netdev=n,mac=MAC"},
			[]string{"discover: iPXE on BIOS"}},
		{"SeaBIOS, iPXE in an e1000's ROM", []string{"-device", "e1000,bootindex=1,netdev=n,mac=MAC"}, []string{"discover: iPXE on BIOS"}},
		{"OVMF, PXE", uefi, []string{"discover: PXE, UEFI x64", "file: snponly.efi over TFTP", "discover: iPXE on UEFI x64"}},
		{"OVMF, HTTP boot", append(httpOnly, uefi...),
			[]string{"discover: HTTP boot, UEFI x64", "file: snponly.efi over HTTP", "discover: iPXE on UEFI x64"}},
	}
)

// Every firmware comes as far as its iSCSI login, with us leasing the addresses
// and with us beside dnsmasq, and none waits for an IPv6 router.
func TestFirmware(t *testing.T) {
	needs(t, iproute, nsenter, dnsmasq, qemu)
	for _, path := range []string{ovmf, vars} {
		if _, err := os.Stat(path); err != nil {
			t.Fatalf("%v: apt-get install ovmf", err)
		}
	}
	for _, mode := range []Mode{Full, Proxy} {
		t.Run(string(mode), func(t *testing.T) {
			newLAN(t)
			if mode == Proxy {
				server := newHost(t, "52:54:00:77:00:02")
				server.run("ip", "address", "add", "10.77.0.2/24", "dev", "eth0")
				server.start("dnsmasq", "--conf-file=/dev/null", "--port=0", "--no-daemon", "--leasefile-ro", "--no-ping",
					"--interface=eth0", "--bind-interfaces", "--dhcp-range=10.77.0.200,10.77.0.220,1h")
			}
			s := storetest.Open(t)
			r := serve(t, s, config(t, s, mode))
			var all sync.WaitGroup
			for i, f := range firmwares {
				mac := enrolled[:len(enrolled)-1] + string(rune('0'+i))
				login := portal(t, s, mac)
				switchOn(t, mac, f.args)
				all.Go(func() { r.watch(f, mac, login) })
			}
			all.Wait()
		})
	}
}

// portal is a node's iSCSI target as far as the first word of a login; it closes
// the channel when that was said.
func portal(t *testing.T, s *store.Store, mac string) <-chan struct{} {
	t.Helper()
	l := hold(t, "tcp", "10.77.0.1:0")
	t.Cleanup(func() { l.Close() })
	enrol(t, s, mac, l.Addr().String())
	said := make(chan struct{})
	go func() {
		defer close(said)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		header := make([]byte, 48)
		if _, err := io.ReadFull(c, header); err != nil || header[0] != 0x43 { // Login Request, immediate (RFC 7143 section 11.12)
			t.Errorf("%s said %x to its portal, %v, which is no login", mac, header, err)
		}
	}()
	return said
}

// switchOn switches a machine on; it is off at the end of the test.
func switchOn(t *testing.T, mac string, args []string) {
	t.Helper()
	tap := "t" + strings.ReplaceAll(mac[9:], ":", "")
	command(t, "ip", "tuntap", "add", "dev", tap, "mode", "tap")
	command(t, "ip", "link", "set", tap, "master", "br0", "up")
	variables, err := os.ReadFile(vars)
	if err != nil {
		t.Fatal(err)
	}
	mine := filepath.Join(t.TempDir(), "vars.fd")
	if err := os.WriteFile(mine, variables, 0o600); err != nil {
		t.Fatal(err)
	}
	all := []string{
		"-machine", "q35,accel=tcg,graphics=off", "-cpu", "max", "-m", "256", "-nodefaults", "-display", "none", "-boot", "menu=off,strict=on",
		"-netdev", "tap,id=n,script=no,downscript=no,ifname=" + tap,
	}
	for _, arg := range args {
		all = append(all, strings.ReplaceAll(arg, "MAC", mac))
		if arg == "std" { // a UEFI machine
			all = append(all, "-drive", "if=pflash,format=raw,readonly=on,file="+ovmf, "-drive", "if=pflash,format=raw,file="+mine)
		}
	}
	machine := exec.CommandContext(context.Background(), "qemu-system-x86_64", all...)
	machine.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := machine.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = machine.Process.Kill()
		_ = machine.Wait()
		_ = exec.Command("ip", "link", "del", tap).Run()
	})
}

// watch waits for a machine's login and judges its story.
func (r *rig) watch(f firmware, mac string, login <-chan struct{}) {
	select {
	case <-login:
	case <-time.After(90 * time.Second):
		r.t.Errorf("%s never came to its login:\n%s", f.name, r.story(mac))
		return
	}
	story := r.story(mac)
	rest := story
	for _, step := range append(f.asks, "script: boots from volume debian") {
		_, after, ok := strings.Cut(rest, step)
		if !ok {
			r.t.Errorf("%s: no %q in its place in\n%s", f.name, step, story)
		}
		rest = after
	}
	// iPXE that waits for a router does so between its address and its script.
	asked, got := r.at(mac, baremetal.EventOffer), r.at(mac, baremetal.EventScript)
	r.t.Logf("%s: script %v after iPXE's offer", f.name, got.Sub(asked).Round(time.Millisecond))
	if got.Sub(asked) > 10*time.Second {
		r.t.Errorf("%s: its script came %v after its address:\n%s", f.name, got.Sub(asked), story)
	}
}

// at is the time of the machine's last event of this kind.
func (r *rig) at(mac string, kind baremetal.EventKind) (at time.Time) {
	err := r.store.View(context.Background(), func(tx *store.Tx) error {
		events, err := tx.Events(store.EventQuery{Kinds: []baremetal.EventKind{kind}})
		for _, e := range events {
			if e.MAC == mac {
				at = e.At
			}
		}
		return err
	})
	if err != nil {
		r.t.Error(err)
	}
	return at
}
