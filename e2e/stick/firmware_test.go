//go:build stick

package stick_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

// TestFirmwares boots the stick under each firmware, and beside it a diskless machine of each,
// from a volume of an image that was sent to the stick.
func TestFirmwares(t *testing.T) {
	for _, firmware := range []firmware{bios, uefi, secure} {
		t.Run(firmware.name, func(t *testing.T) {
			p := newPC(t, "firmware", firmware)
			p.on()
			sb, _ := p.expect(`Secure Boot (on|off)`)
			if sb != firmware.secureBoot() {
				t.Errorf("Secure Boot is %s, want %s", sb, firmware.secureBoot())
			}
			password, _ := p.expect(`Password\s+(\S+)`)
			t.Logf("%s: page after %.1f s", firmware.name, p.page(own).Seconds())
			if firmware != uefi {
				p.machine(password, map[bool]lab.Firmware{true: lab.BIOS, false: lab.UEFI}[firmware == bios])
			}
		})
	}
}

// machine boots a diskless machine from the stick.
func (p *pc) machine(password string, firmware lab.Firmware) {
	p.t.Helper()
	root, err := lab.Root()
	must(p.t, "root", err)
	guest, err := image.Build(p.t.Context(), filepath.Join(root, "build", "image"))
	must(p.t, "build the guest", err)
	disk := filepath.Join(p.Dir, "guest.raw")
	must(p.t, "guest", guest.Volume(p.t.Context(), disk, image.Options{}))
	m, err := p.Machine(p.t.Context(), lab.Hardware{Name: "diskless", Firmware: firmware})
	must(p.t, "machine", err)
	p.command(password, "image", "create", "guest", "--file", disk, "--disk-format", "raw", "--wait")
	p.command(password, "volume", "create", "diskless", "--image", "guest", "--wait")
	c := p.client(password)
	var n lab.Node
	must(p.t, "node", c.Do(p.t.Context(), "POST", "/v1/nodes",
		map[string]any{"name": m.Name, "driver": "manual-management", "storage_interface": "iscsi",
			"properties": map[string]any{"capabilities": "iscsi_boot:True"}}, &n))
	must(p.t, "port", c.Do(p.t.Context(), "POST", "/v1/ports", map[string]any{"node_uuid": n.UUID, "address": m.MAC}, nil))
	must(p.t, "target", c.Do(p.t.Context(), "POST", "/v1/volume/targets",
		map[string]any{"node_uuid": n.UUID, "volume_type": "iscsi", "boot_index": 0, "volume_id": "diskless"}, nil))
	must(p.t, "deploy", c.Deploy(p.t.Context(), n.UUID))
	must(p.t, "switch on", m.PowerOn())
	boot, err := m.Boot(p.t.Context(), 1)
	must(p.t, "boot", err)
	line, err := boot.Expect(p.t.Context(), `guest: .*root`)
	must(p.t, "the diskless machine", err)
	p.t.Logf("diskless %s machine: %s after %.1f s", firmware, line.Text, line.At.Sub(boot.Console.Start()).Seconds())
	must(p.t, "the guest's checks", boot.ExpectOff(p.t.Context()))
}

// command is ironhook, which must succeed.
func (p *pc) command(password string, args ...string) {
	p.t.Helper()
	_, err := p.ironhook(password, args...)
	must(p.t, fmt.Sprint("ironhook ", args), err)
}

// TestBesideDHCP puts the stick beside another DHCP server, from which it takes an address, and
// which it waits for at the next start.
func TestBesideDHCP(t *testing.T) {
	p := newPC(t, "dhcp", bios)
	server, err := p.Start("dnsmasq", "dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--port=0", "--interface="+lab.Bridge,
		"--bind-interfaces",
		"--dhcp-range=10.77.0.50,10.77.0.60,2m", "--dhcp-leasefile="+filepath.Join(p.Dir, "leases"), "--user=root", "--leasefile-ro")
	must(t, "dnsmasq", err)
	p.on()
	address, _ := p.expect(`has (10\.77\.0\.\d+)/24 by DHCP from 10\.77\.0\.1`)
	t.Logf("page at %s after %.1f s", address, p.page(address).Seconds())
	server.Kill()
	p.pull()
	p.on()
	p.expect(`(no DHCP server answers), and one has before`)
	if c, err := p.Dial(t.Context(), "tcp", own+":6385"); err == nil {
		c.Close()
		t.Error("the stick serves addresses of its own beside a server that is late")
	}
}

// TestMenu types into the menu: an address, then a factory reset.
func TestMenu(t *testing.T) {
	p := newPC(t, "menu", bios)
	p.on()
	p.page(own)
	p.typed("n", "10.77.0.5/24", "")
	p.expect(`has (10\.77\.0\.5/24) as set`)
	t.Logf("page at the address that was typed after %.1f s", p.page("10.77.0.5").Seconds())
	p.typed("f", "erase")
	p.page(own)
	p.typed("s")
	must(t, "shut down", p.process.Wait(t.Context()))
}
