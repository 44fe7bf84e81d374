package ipmi

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bougou/go-ipmi/pkg/bmc"
	"github.com/bougou/go-ipmi/pkg/types"
	"go.uber.org/goleak"

	"ironhook/baremetal"
	"ironhook/power/ipmi/bmctest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const user, password = bmctest.User, bmctest.Password

// hurried does not make tests wait.
var hurried = Config{Pause: time.Millisecond, Turn: time.Millisecond, Patience: 10 * time.Second, Hard: 10 * time.Second,
	Soft: 10 * time.Second, Poll: 10 * time.Millisecond,
	HardAgain: 20 * time.Millisecond, SoftAgain: 20 * time.Millisecond}

// startBMC starts a third party's BMC on loopback. It has room for one
// session at a time.
func startBMC(t *testing.T, suites []types.CipherSuiteID, options ...bmc.Option) (*bmctest.BMC, *baremetal.Node) {
	t.Helper()
	return startQuirky(t, bmctest.Quirks{}, suites, options...)
}

// startQuirky starts one with bad manners.
func startQuirky(t *testing.T, q bmctest.Quirks, suites []types.CipherSuiteID, options ...bmc.Option) (*bmctest.BMC, *baremetal.Node) {
	t.Helper()
	m, err := bmctest.Start(q, suites, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m, nodeAt(m.Port, user, password)
}

func nodeAt(port int, user, password string) *baremetal.Node {
	return &baremetal.Node{UUID: "c0ffee00-0000-4000-8000-000000000007", Name: "pc-07", Driver: "ipmi", DriverInfo: baremetal.Object{
		"ipmi_address": "127.0.0.1", "ipmi_port": float64(port), "ipmi_username": user, "ipmi_password": password,
	}}
}

var both = []types.CipherSuiteID{types.CipherSuiteID3, types.CipherSuiteID17}

// startSim starts OpenIPMI's simulator, the BMC of another kind, with more lines of lan.conf, which are
// indented, or of its emulation.
func startSim(t *testing.T, more ...string) *baremetal.Node {
	t.Helper()
	if testing.Short() {
		t.Skip("needs openipmi")
	}
	path, err := exec.LookPath("ipmi_sim")
	if err != nil {
		t.Fatalf("%v: install the package openipmi", err)
	}
	dir := t.TempDir()
	port := freePort(t)
	var lan, emu string
	for _, lines := range more {
		if strings.HasPrefix(lines, " ") {
			lan += lines + "\n"
		} else {
			emu += lines + "\n"
		}
	}
	for name, text := range map[string]string{"lan.conf": simLAN, "emu": simBMC, "chassis": simChassis} {
		text = strings.NewReplacer("DIR", dir, "PORT", fmt.Sprint(port), "LAN", lan, "EMU", emu).Replace(text)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	sim := exec.Command(path, "-n", "-c", filepath.Join(dir, "lan.conf"), "-f", filepath.Join(dir, "emu"), "-s", dir)
	if err := sim.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		sim.Process.Kill()
		sim.Wait()
	})
	return nodeAt(port, "ipmiusr", "test")
}

const (
	simLAN = `name "vm"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 PORT
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
  chassis_control "DIR/chassis DIR"
LAN  user 2 true "ipmiusr" "test" admin 10 none md2 md5 straight
`
	simBMC = `mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
EMUmc_enable 0x20
`
	simChassis = `#!/bin/sh
cd "$1"; op=$2; shift 2
while [ $# -gt 0 ]; do
	case $op-$1 in
	get-power) echo "power:$(cat power 2>/dev/null || echo 0)" ;;
	get-boot) echo "boot:$(cat boot 2>/dev/null || echo none)" ;;
	set-power) echo "$2" >power; shift ;;
	set-reset) echo 1 >power; shift ;;
	set-shutdown) echo 0 >power; shift ;;
	set-boot) echo "$2" >boot; shift ;;
	esac
	shift
done
`
)

func freePort(t *testing.T) int {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).Port
}
