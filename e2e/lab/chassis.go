package lab

import (
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

// chassisCommand is the first argument that makes this program ipmi_sim's
// chassis program.
const chassisCommand = "lab-chassis"

// chassisMain passes one question of ipmi_sim on to the lab and prints the
// answer: SOCKET get|set|check NAME [VALUE]...
func chassisMain(args []string) int {
	if err := askChassis(args[0], args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "chassis:", err)
		return 1
	}
	return 0
}

func askChassis(socket string, question []string, out io.Writer) error {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := fmt.Fprintln(conn, strings.Join(question, " ")); err != nil {
		return err
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		return err
	}
	if complaint, bad := strings.CutPrefix(string(answer), "error:"); bad {
		return fmt.Errorf("%s", strings.TrimSpace(complaint))
	}
	_, err = out.Write(answer)
	return err
}

// chassis answers a question: what ipmi_sim gives its chassis program, and what
// it wants to read.
// Source: OpenIPMI, ipmi_lan.5, "chassis_control".
func (m *Machine) chassis(question []string) (string, error) {
	if len(question) == 0 {
		return "", fmt.Errorf("empty question")
	}
	switch question[0] {
	case "get":
		return m.chassisGet(question[1:]), nil
	case "set":
		return "", m.chassisSet(question[1:])
	}
	return "", nil // "check": whether we are here at all
}

func (m *Machine) chassisGet(names []string) string {
	var answer strings.Builder
	for _, name := range names {
		switch name {
		case "power":
			on := 0
			if m.On() {
				on = 1
			}
			fmt.Fprintf(&answer, "power:%d\n", on)
		case "boot":
			fmt.Fprintf(&answer, "boot:%s\n", m.bootDevice())
		}
	}
	return answer.String()
}

func (m *Machine) chassisSet(pairs []string) error {
	for i := 0; i+1 < len(pairs); i += 2 {
		name, value := pairs[i], pairs[i+1]
		switch {
		case name == "power" && value == "1":
			return m.PowerOn()
		case name == "power", name == "shutdown":
			m.PowerOff()
		case name == "reset":
			m.PowerOff()
			return m.PowerOn()
		case name == "boot":
			m.setBootDevice(value)
		}
	}
	return nil
}
