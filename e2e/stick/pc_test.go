package stick_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"ironhook/e2e/lab"
)

// pc is an emulated PC, or machine of 64-bit ARM, with the stick in a USB port and a cable in the lab's network.
type pc struct {
	*lab.Lab
	firmware
	t       *testing.T
	image   string // the stick's contents
	vars    string // the firmware's variables
	stick   *flash
	process *lab.Process
	serial  net.Conn
	disk    string // a second one, a file; "" for none
}

// firmware is a kind of firmware, for machines of one architecture.
type firmware struct {
	name, arch string
	code, from string // UEFI and its variables in a new machine, files; "" for BIOS
}

// The kinds of firmware.
var (
	bios      = firmware{name: "SeaBIOS", arch: "amd64"}
	uefi      = firmware{"OVMF", "amd64", "/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"}
	secure    = firmware{"OVMF, Secure Boot", "amd64", "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"}
	arm       = firmware{"AAVMF", "arm64", "/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"}
	armSecure = firmware{"AAVMF, Secure Boot", "arm64", "/usr/share/AAVMF/AAVMF_CODE.ms.fd", "/usr/share/AAVMF/AAVMF_VARS.ms.fd"}
)

// secureBoot is what the stick's screen must say of Secure Boot.
func (f firmware) secureBoot() string {
	if f == secure || f == armSecure {
		return "on"
	}
	return "off"
}

// bootLimit bounds one boot of an emulated PC on a busy host. It is no expectation.
const bootLimit = 6 * time.Minute

// own is the address of the stick where nobody else gives one.
const own = "10.77.77.1"

// stickSize is that of the stick: larger than its image.
const stickSize = 2 << 30

// newPC puts a fresh stick into a PC of this firmware, in a lab of its own.
func newPC(t *testing.T, name string, f firmware) *pc {
	t.Helper()
	im, err := build(f.arch)
	must(t, "build the image", err)
	l, err := lab.New("stick-" + name)
	must(t, "lab", err)
	p := &pc{Lab: l, t: t, firmware: f, image: filepath.Join(l.Dir, "stick.img"), vars: filepath.Join(l.Dir, "stick-vars.fd")}
	t.Cleanup(func() { must(t, "close the lab", l.Close()) })
	_, err = l.Output(t.Context(), nil, "cp", "--sparse=always", im.image, p.image)
	must(t, "copy the image", err)
	must(t, "size of the stick", os.Truncate(p.image, stickSize))
	must(t, "network", l.IP("address add 10.77.77.9/24 dev "+lab.Bridge+
		"\ntuntap add dev tapstick mode tap\nlink set tapstick master "+lab.Bridge+" up\n"))
	if f != bios {
		_, err = l.Output(t.Context(), nil, "cp", "--sparse=always", f.from, p.vars)
		must(t, "firmware (packages ovmf, qemu-efi-aarch64)", err)
	}
	return p
}

// on switches the PC on. Its serial line is what the process prints.
func (p *pc) on() { p.onFor(0) }

// onFor switches the PC on until the stick was written to so often, for 0 for long.
func (p *pc) onFor(writes int) {
	p.t.Helper()
	socket, medium := filepath.Join(p.Dir, "serial"), filepath.Join(p.Dir, "flash")
	p.stick = plugIn(p.t, p.image, medium, writes)
	args := []string{
		"-nodefaults", "-no-user-config", "-display", "none",
		"-chardev", "socket,id=serial,server=on,wait=off,logfile=/dev/stdout,path=" + socket,
		"-device", "qemu-xhci", "-blockdev", "driver=nbd,node-name=stick,server.type=unix,server.path=" + medium,
		"-device", "usb-storage,drive=stick,bootindex=1",
		"-netdev", "tap,id=net,ifname=tapstick,script=no,downscript=no", "-device", "e1000,netdev=net,romfile=,mac=52:54:00:77:01:01",
	}
	program := "qemu-system-x86_64"
	if p.arch == "arm64" {
		program = "qemu-system-aarch64"
		args = append(args, "-machine", "virt,accel=tcg", "-cpu", "cortex-a57", "-m", "1024",
			"-device", "ramfb", "-device", "virtio-rng-pci", "-serial", "chardev:serial")
	} else {
		args = append(args, "-machine", "q35,accel=tcg,smm=on", "-cpu", "max", "-m", "768", "-vga", "std", "-device", "isa-serial,chardev=serial",
			"-global", "driver=cfi.pflash01,property=secure,value=on")
	}
	if p.firmware != bios {
		args = append(args, "-drive", "if=pflash,format=raw,readonly=on,file="+p.code, "-drive", "if=pflash,format=raw,file="+p.vars)
	}
	if p.disk != "" {
		args = append(args, "-drive", "if=none,id=disk,format=raw,file="+p.disk, "-device", "nvme,drive=disk,serial=disk")
	}
	var err error
	p.process, err = p.Start("stick", program, args...)
	must(p.t, "switch on", err)
	p.serial = nil
}

// expect waits for a line on the serial line and returns the pattern's first group.
func (p *pc) expect(pattern string) (string, time.Duration) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), bootLimit)
	defer cancel()
	want := regexp.MustCompile(pattern)
	line, err := p.process.Log.Wait(ctx, want, regexp.MustCompile(`Neither slot`))
	must(p.t, "expect "+pattern, err)
	return want.FindStringSubmatch(line.Text)[1], line.At.Sub(p.process.Log.Start())
}

// page waits until the pages answer at this address and returns how long after power-on.
func (p *pc) page(address string) time.Duration {
	p.t.Helper()
	c := http.Client{Transport: &http.Transport{DialContext: p.Dial, DisableKeepAlives: true}, Timeout: 5 * time.Second}
	for end := time.Now().Add(bootLimit); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		r, err := c.Get("http://" + address + ":6385/ui/")
		if err != nil {
			continue
		}
		r.Body.Close()
		if r.StatusCode < 400 {
			return time.Since(p.process.Log.Start())
		}
	}
	p.t.Fatalf("%s: no page at %s; its serial line: %v", p.name, address, p.process.Log.Lines())
	return 0
}

// must ends the test on an error, saying what was being done.
func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
