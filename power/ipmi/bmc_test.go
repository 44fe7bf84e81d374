package ipmi

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bougou/go-ipmi/pkg/bmc"
	"github.com/bougou/go-ipmi/pkg/clock"
	"github.com/bougou/go-ipmi/pkg/hal"
	"github.com/bougou/go-ipmi/pkg/hal/mock"
	"github.com/bougou/go-ipmi/pkg/server"
	"github.com/bougou/go-ipmi/pkg/transport/udp"
	"github.com/bougou/go-ipmi/pkg/types"
	"go.uber.org/goleak"

	"ironhook/baremetal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const user, password = "ADMIN", "correct horse 16"

// hurried does not make tests wait.
var hurried = Config{Pause: time.Millisecond, Patience: 10 * time.Second, Hard: 10 * time.Second, Soft: 10 * time.Second, Poll: 10 * time.Millisecond}

// machine is the hardware behind a BMC that somebody else wrote: what the BMC was
// told to do with it, and what it does.
type machine struct {
	*mock.HAL
	chassis *mock.Chassis

	mu    sync.Mutex
	told  []string // orders, in their order
	stuck bool     // orders change nothing
}

func (m *machine) tell(order string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.told = append(m.told, order)
	return !m.stuck
}

func (m *machine) orders() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return strings.Join(m.told, " ")
}

// chassis is how the BMC reaches it.
type chassis struct {
	*mock.Chassis
	m *machine
}

func (m *machine) Chassis() hal.ChassisHAL { return chassis{m.chassis, m} }

func (c chassis) SetPower(ctx context.Context, on bool) error {
	if !c.m.tell(map[bool]string{true: "on", false: "off"}[on]) {
		return nil
	}
	return c.Chassis.SetPower(ctx, on)
}

func (c chassis) WarmReset(ctx context.Context) error { // what the BMC makes of "soft"
	if !c.m.tell("soft") {
		return nil
	}
	return c.Chassis.SetPower(ctx, false)
}

// startBMC starts such a BMC on loopback. It has room for one session at a time.
func startBMC(t *testing.T, suites []types.CipherSuiteID, options ...bmc.Option) (*machine, *baremetal.Node) {
	t.Helper()
	m := &machine{HAL: mock.New(), chassis: &mock.Chassis{}}
	b := bmc.New(bmc.DeviceInfo{IPMIVersion: 0x20}, [16]byte{1, 2, 3}, m, options...)
	b.Sessions = bmc.NewSessionStoreWithOptions(clock.Real, bmc.WithMaxSessions(1))
	u, err := b.Users.Add(2, user)
	if err != nil {
		t.Fatal(err)
	}
	u.SetPassword([]byte(password))
	u.Enabled = true
	u.ChannelAccess[1] = bmc.UserChannelAccess{MaxPrivilege: bmc.PrivilegeLevelAdministrator, Enabled: true}
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	srv := server.NewServer(b, udp.Wrap(conn), server.WithCipherSuites(suites))
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- srv.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		srv.Close()
		<-done
	})
	return m, nodeAt(conn.LocalAddr().(*net.UDPAddr).Port, user, password)
}

func nodeAt(port int, user, password string) *baremetal.Node {
	return &baremetal.Node{UUID: "c0ffee00-0000-4000-8000-000000000007", Name: "pc-07", Driver: "ipmi", DriverInfo: baremetal.Object{
		"ipmi_address": "127.0.0.1", "ipmi_port": float64(port), "ipmi_username": user, "ipmi_password": password,
	}}
}

var both = []types.CipherSuiteID{types.CipherSuiteID3, types.CipherSuiteID17}

// startSim starts OpenIPMI's simulator, the BMC of another kind.
func startSim(t *testing.T) *baremetal.Node {
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
	for name, text := range map[string]string{"lan.conf": simLAN, "emu": simBMC, "chassis": simChassis} {
		text = strings.NewReplacer("DIR", dir, "PORT", fmt.Sprint(port)).Replace(text)
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
  user 2 true "ipmiusr" "test" admin 10 none md2 md5 straight
`
	simBMC = `mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
mc_enable 0x20
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
