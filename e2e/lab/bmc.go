package lab

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// BMC is a machine's management controller, ipmi_sim: it speaks IPMI 2.0
// (RMCP+, cipher suite 3) and knows nothing of Ironhook. Asked for the power, it
// runs a program, which is this program again (see chassisMain) and asks the
// Machine through a socket.
type BMC struct {
	Address  netip.Addr // port 623
	Username string
	Password string
}

// emulator is ipmi_sim's description of a controller without sensors.
const emulator = `mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
mc_enable 0x20
`

// lanConf is ipmi_sim's configuration: name, address, port, GUID, what its machine is, user, password.
const lanConf = `name "%s"
set_working_mc 0x20
  startlan 1
    addr %s %d
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid %032x
  endlan
  %s
  user 1 true "" "" user 10 none md2 md5 straight
  user 2 true "%s" "%s" admin 10 none md2 md5 straight
`

// startBMC gives the machine a BMC at addr and waits until it answers.
func (l *Lab) startBMC(ctx context.Context, m *Machine, addr netip.Addr) (BMC, error) {
	bmc := BMC{Address: addr, Username: "ironhook", Password: "bmc-" + tap(m.MAC)}
	if err := l.IP("address add " + addr.String() + "/32 dev lo\n"); err != nil {
		return bmc, err
	}
	socket := "@ironhook-lab/" + m.Name // abstract: lives and dies with the network namespace
	if err := l.serveChassis(socket, m); err != nil {
		return bmc, err
	}
	self, err := os.Executable()
	if err != nil {
		return bmc, err
	}
	dir := filepath.Join(l.Dir, "bmc-"+m.Name)
	machine := fmt.Sprintf("chassis_control %q", self+" "+chassisCommand+" "+socket)
	argv, err := prepareSim(dir, fmt.Sprintf(lanConf, m.Name, addr, 623, addr.AsSlice(), machine, bmc.Username, bmc.Password))
	if err != nil {
		return bmc, err
	}
	p, err := l.Start("bmc-"+m.Name, argv[0], argv[1:]...)
	if err != nil {
		return bmc, err
	}
	return bmc, l.awaitPong(ctx, p, netip.AddrPortFrom(addr, 623))
}

// prepareSim writes what ipmi_sim reads to a folder, and returns its command line.
func prepareSim(dir, conf string) (argv []string, err error) {
	for name, text := range map[string]string{"lan.conf": conf, "sim.emu": emulator} {
		if err := writeFile(filepath.Join(dir, name), text); err != nil {
			return nil, err
		}
	}
	return []string{"ipmi_sim", "-n", "-c", filepath.Join(dir, "lan.conf"), "-f", filepath.Join(dir, "sim.emu"), "-s", dir}, nil
}

// awaitPong pings a BMC, as RMCP defines it, until it answers.
// Source: ASF 2.0, section 3.2.4.3 (Presence Ping).
func (l *Lab) awaitPong(ctx context.Context, p *Process, to netip.AddrPort) error {
	ping := []byte{0x06, 0, 0xff, 0x06, 0, 0, 0x11, 0xbe, 0x80, 0, 0, 0}
	return p.until(ctx, "answer", func() bool {
		conn, err := l.Dial(ctx, "udp", to.String())
		if err != nil {
			return false
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(50 * time.Millisecond))
		if _, err := conn.Write(ping); err != nil {
			return false
		}
		_, err = conn.Read(make([]byte, 64))
		return err == nil // refused at once while nothing listens
	})
}

// serveChassis answers the chassis program's questions about m until the lab is closed.
func (l *Lab) serveChassis(socket string, m *Machine) error {
	listener, err := l.Listen("unix", socket)
	if err != nil {
		return err
	}
	l.tasks.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // closed by Lab.Close
			}
			answerChassis(conn, m)
		}
	})
	return nil
}

// answerChassis serves one question: the program's arguments on one line, the
// answer on the lines after.
func answerChassis(conn net.Conn, m *Machine) {
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return
	}
	answer, err := m.chassis(strings.Fields(line))
	if err != nil {
		fmt.Fprintf(conn, "error:%v\n", err)
		return
	}
	fmt.Fprint(conn, answer)
}

func writeFile(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o600)
}
