package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ironhook/e2e/lab"
)

// simulated is ipmi_sim's configuration: its port, and the address of the serial port.
const simulated = `name "sim"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 %d
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
  sol "tcp:%s" 115200
  user 1 true "" "" user 10 none md2 md5 straight
  user 2 true "ironhook" "bmc-secret" admin 10 none md2 md5 straight
`

// A command joins the serial console of a BMC: the machine hears what is typed, and what it
// answers is shown, and kept when the BMC is gone.
func TestConsole(t *testing.T) {
	if testing.Short() {
		t.Skip("needs openipmi")
	}
	program, err := lab.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	port, gone := simulate(t, machineThatAnswers(t))
	url := serve(t, program, "none")
	ironhook := func(stdin io.Reader, args ...string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, program, append(args, "--url", url)...)
		cmd.Stdin = stdin
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("ironhook %q: %v\n%s", args, err, out)
		}
		return string(out)
	}
	ironhook(nil, "node", "create", "--name", "pc", "--driver", "ipmi", "--console-interface", "ipmitool-socat", "--driver-info", "ipmi_address=127.0.0.1",
		"--driver-info", fmt.Sprint("ipmi_port=", port), "--driver-info", "ipmi_username=ironhook", "--driver-info", "ipmi_password=bmc-secret")
	ironhook(nil, "node", "console", "enable", "pc")
	typed, done := io.Pipe()
	joined := make(chan string)
	go func() { joined <- ironhook(typed, "node", "console", "pc") }()
	fmt.Fprint(done, "root\r") //nolint:errcheck // the answer is looked for
	until(t, "the machine answers", func() bool { return strings.Contains(ironhook(nil, "node", "console", "pc", "--log"), "[root]") })
	done.Close() //nolint:errcheck // a pipe
	if got := <-joined; !strings.Contains(got, "[root]") {
		t.Errorf("the command shows %q", got)
	}
	gone()
	if got := ironhook(nil, "node", "console", "pc", "--log"); !strings.Contains(got, "[root]") {
		t.Errorf("kept: %q", got)
	}
}

// until waits for a fact for a minute.
func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !so(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not so: %s", what)
		}
	}
}

// machineThatAnswers is the serial port of a machine that answers each line with what it was,
// in brackets.
func machineThatAnswers(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() }) //nolint:errcheck // the test is over
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go talk(c)
		}
	}()
	return l.Addr().String()
}

func talk(c net.Conn) {
	defer c.Close() //nolint:errcheck // nothing is lost
	var line []byte
	b := make([]byte, 1)
	for {
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

// simulate starts a BMC with that serial port, and returns its port and what ends it.
func simulate(t *testing.T, serial string) (port int, end func()) {
	t.Helper()
	u, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port = u.LocalAddr().(*net.UDPAddr).Port
	u.Close() //nolint:errcheck // the simulator takes it
	dir := t.TempDir()
	for name, text := range map[string]string{
		"lan.conf": fmt.Sprintf(simulated, port, serial),
		"emu":      "mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr\nsel_enable 0x20 1000 0x0a\nmc_enable 0x20\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("ipmi_sim", "-n", "-c", filepath.Join(dir, "lan.conf"), "-f", filepath.Join(dir, "emu"), "-s", dir)
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: install the package openipmi", err)
	}
	ended := false
	end = func() {
		if !ended {
			ended = true
			cmd.Process.Kill() //nolint:errcheck // it may have ended
			cmd.Wait()         //nolint:errcheck // it was killed
		}
	}
	t.Cleanup(end)
	return port, end
}
