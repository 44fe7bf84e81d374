//go:build stick

package stick_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

// TestFirmwares boots the stick under each firmware, and beside it a diskless machine of each,
// from a volume of an image that was sent to the stick.
func TestFirmwares(t *testing.T) {
	for _, firmware := range []string{bios, uefi, secure} {
		t.Run(firmware, func(t *testing.T) {
			p := newPC(t, "firmware", firmware)
			p.on()
			sb, _ := p.expect(`Secure Boot (on|off)`)
			if want := map[bool]string{true: "on", false: "off"}[firmware == secure]; sb != want {
				t.Errorf("Secure Boot is %s, want %s", sb, want)
			}
			password, _ := p.expect(`Password\s+(\S+)`)
			t.Logf("%s: page after %.1f s", firmware, p.page(own).Seconds())
			if firmware != uefi {
				p.machine(password, map[string]lab.Firmware{bios: lab.BIOS, secure: lab.UEFI}[firmware])
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
	p.ironhook(password, "image", "create", "guest", "--file", disk, "--disk-format", "raw", "--wait")
	p.ironhook(password, "volume", "create", "diskless", "--image", "guest", "--wait")
	c := lab.NewClient(p.Lab, "http://"+own+":6385", "admin", password)
	var n lab.Node
	must(p.t, "node", c.Do(p.t.Context(), "POST", "/v1/nodes", map[string]any{"name": m.Name, "driver": "manual-management", "storage_interface": "iscsi",
		"properties": map[string]any{"capabilities": "iscsi_boot:True"}}, &n))
	must(p.t, "port", c.Do(p.t.Context(), "POST", "/v1/ports", map[string]any{"node_uuid": n.UUID, "address": m.MAC}, nil))
	must(p.t, "target", c.Do(p.t.Context(), "POST", "/v1/volume/targets", map[string]any{"node_uuid": n.UUID, "volume_type": "iscsi", "boot_index": 0, "volume_id": "diskless"}, nil))
	must(p.t, "deploy", c.Deploy(p.t.Context(), n.UUID))
	must(p.t, "switch on", m.PowerOn())
	boot, err := m.Boot(p.t.Context(), 1)
	must(p.t, "boot", err)
	line, err := boot.Expect(p.t.Context(), `guest: .*root`)
	must(p.t, "the diskless machine", err)
	p.t.Logf("diskless %s machine: %s after %.1f s", firmware, line.Text, line.At.Sub(boot.Console.Start()).Seconds())
	must(p.t, "the guest's checks", boot.ExpectOff(p.t.Context()))
}

// ironhook runs a command against the stick.
func (p *pc) ironhook(password string, args ...string) string {
	p.t.Helper()
	im, err := build()
	must(p.t, "build", err)
	env := []string{"IRONHOOK_URL=http://" + own + ":6385", "OS_USERNAME=admin", "OS_PASSWORD=" + password}
	out, err := p.Output(p.t.Context(), env, im.program, args...)
	must(p.t, fmt.Sprint("ironhook ", args), err)
	return out
}

// TestBesideDHCP puts the stick beside another DHCP server, from which it takes an address, and
// which it waits for at the next start.
func TestBesideDHCP(t *testing.T) {
	p := newPC(t, "dhcp", bios)
	server, err := p.Start("dnsmasq", "dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--port=0", "--interface="+lab.Bridge, "--bind-interfaces",
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

// TestUpgrades brings the stick to another version and back, and lets a broken one fail.
func TestUpgrades(t *testing.T) {
	p := newPC(t, "upgrade", uefi)
	next := filepath.Join(p.Dir, "next")
	must(t, "build the next version", makeImage(t.Context(), buildVersion(t, p, "second"), next, "second"))
	bad := filepath.Join(p.Dir, "bad")
	must(t, "build a broken version", makeImage(t.Context(), brokenProgram(t, p), bad, "third"))
	p.on()
	password, _ := p.expect(`Password\s+(\S+)`)
	p.page(own)
	c := lab.NewClient(p.Lab, "http://"+own+":6385", "admin", password)
	must(t, "register", c.Do(t.Context(), "POST", "/v1/nodes", map[string]any{"name": "kept", "driver": "fake-hardware"}, nil))
	t.Log(p.ironhook(password, "upgrade", next+".upgrade"))
	p.runs(c, "second", "b", "")
	p.typed("v", "back")
	p.expect(`Back to version development; (all data stay)`)
	p.runs(c, "development", "a", "")
	t.Log(p.ironhook(password, "upgrade", bad+".upgrade"))
	p.expect(`(Attempted to kill init)`)
	p.runs(c, "development", "a", "b")
}

// buildVersion builds the program as another version.
func buildVersion(t *testing.T, p *pc, version string) string {
	t.Helper()
	root, err := lab.Root()
	must(t, "root", err)
	return p.compile("./", root, filepath.Join(p.Dir, version), "-ldflags", "-s -w -X main.version="+version)
}

// brokenProgram builds a first process that ends at once: the kernel panics.
func brokenProgram(t *testing.T, p *pc) string {
	t.Helper()
	dir := filepath.Join(p.Dir, "broken-source")
	must(t, "folder", os.Mkdir(dir, 0o755))
	must(t, "source", os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n\nfunc main() {}\n"), 0o644))
	return p.compile("main.go", dir, filepath.Join(p.Dir, "broken"))
}

// compile builds a static program and returns its path.
func (p *pc) compile(source, dir, out string, flags ...string) string {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), "go", append(append([]string{"build", "-trimpath", "-buildvcs=false", "-o", out}, flags...), source)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		p.t.Fatalf("build %s: %v\n%s", out, err, text)
	}
	return out
}

// runs waits until the stick runs this version, and finds what was registered.
func (p *pc) runs(c *lab.Client, version, slot, failed string) {
	p.t.Helper()
	var told struct {
		Version, Slot string
		Failed        string `json:"failed_slot"`
	}
	for end := time.Now().Add(2 * bootLimit); time.Now().Before(end); time.Sleep(time.Second) {
		if err := c.Do(p.t.Context(), "GET", "/ironhook/v1/stick", nil, &told); err == nil && told.Version == version && told.Slot == slot && told.Failed == failed {
			_, err := c.Node(p.t.Context(), "kept")
			must(p.t, "what was registered", err)
			return
		}
	}
	p.t.Fatalf("the stick runs %+v; want version %s in slot %s, failed %q", told, version, slot, failed)
}
