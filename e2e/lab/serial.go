package lab

import (
	"bytes"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
)

// SerialBMC is the BMC of a machine that has nothing but a switch and a serial port: what is typed there it answers, line by line,
// in brackets. It is on the loopback outside of every Lab, where a browser and an appliance without one reach it.
type SerialBMC struct {
	port    int
	argv    []string // of ipmi_sim
	sim     *exec.Cmd
	machine net.Listener
}

// Who may use it.
const (
	serialUser     = "ironhook"
	serialPassword = "bmc-secret"
)

// alwaysOn is ipmi_sim's chassis program for a machine that is on, and boots from what it likes: get NAME...
const alwaysOn = `[ "$1" = get ] || exit 0
for name; do
	case $name in power) echo power:1 ;; boot) echo boot:none ;; esac
done
`

// NewSerialBMC starts one, with its files in dir, until it is cut or closed.
func NewSerialBMC(dir string) (*SerialBMC, error) {
	u, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &SerialBMC{port: u.LocalAddr().(*net.UDPAddr).Port}
	if err := u.Close(); err != nil { // ipmi_sim takes the port
		return nil, err
	}
	if b.machine, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	go answerLines(b.machine)
	chassis := filepath.Join(dir, "chassis.sh")
	machine := fmt.Sprintf("sol \"tcp:%s\" 115200\n  chassis_control \"sh %s\"", b.machine.Addr(), chassis)
	b.argv, err = prepareSim(dir, fmt.Sprintf(lanConf, "serial", "127.0.0.1", b.port, 0xa1, machine, serialUser, serialPassword))
	if err == nil {
		err = writeFile(chassis, alwaysOn)
	}
	if err == nil {
		err = b.Mend()
	}
	if err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// Info is the driver_info of a node that has this BMC.
func (b *SerialBMC) Info() map[string]string {
	return map[string]string{"ipmi_address": "127.0.0.1", "ipmi_port": fmt.Sprint(b.port), "ipmi_username": serialUser,
		"ipmi_password": serialPassword}
}

// Options are those of "ironhook node create" for such a node.
func (b *SerialBMC) Options() []string {
	options := []string{"--driver", "ipmi"}
	for key, value := range b.Info() {
		options = append(options, "--driver-info", key+"="+value)
	}
	return options
}

// Cut takes the BMC off the network; its machine goes on.
func (b *SerialBMC) Cut() {
	if b.sim != nil {
		b.sim.Process.Kill() //nolint:errcheck // fails only when it has ended
		b.sim.Wait()         //nolint:errcheck // it was killed
		b.sim = nil
	}
}

// Mend brings it back.
func (b *SerialBMC) Mend() error {
	sim := exec.Command(b.argv[0], b.argv[1:]...)
	if err := sim.Start(); err != nil {
		return fmt.Errorf("%w (package openipmi)", err)
	}
	b.sim = sim
	return nil
}

// Close ends the BMC and its machine.
func (b *SerialBMC) Close() {
	b.Cut()
	b.machine.Close()
}

// answerLines is the machine: the listener is its serial port.
func answerLines(port net.Listener) {
	for {
		c, err := port.Accept()
		if err != nil {
			return // closed
		}
		go answerLine(c)
	}
}

func answerLine(c net.Conn) {
	defer c.Close()
	var line []byte
	for b := make([]byte, 1); ; {
		if _, err := c.Read(b); err != nil {
			return
		}
		if line = append(line, b...); b[0] != '\r' {
			continue
		}
		if _, err := fmt.Fprintf(c, "[%s]", bytes.TrimSpace(line)); err != nil {
			return
		}
		line = nil
	}
}
