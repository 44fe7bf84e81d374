package ipmi

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/power/ipmi/bmctest"
	"ironhook/power/ipmi/rmcp"
)

// expect reads until a text has come.
func expect(t *testing.T, r io.Reader, text string) {
	t.Helper()
	var got strings.Builder
	buf := make([]byte, 256)
	for !strings.Contains(got.String(), text) {
		n, err := r.Read(buf)
		got.Write(buf[:n])
		if err != nil {
			t.Fatalf("%q, then %v; want %q", got.String(), err, text)
		}
	}
}

// pasted is more than a packet holds, and than the numbers of packets reach.
var pasted = strings.Repeat("0123456789abcdef", 200) + "."

// A console over another implementation's BMC: both directions, a break, while other calls switch the
// machine; and the BMC has its session again when it is closed.
func TestConsole(t *testing.T) {
	m, n := startQuirky(t, bmctest.Quirks{Sessions: 2}, both)
	d := New(hurried)
	for range 3 {
		c, err := d.OpenConsole(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		m.Serial.Say("pc-07 login: ")
		expect(t, c, "login: ")
		if state, err := d.State(t.Context(), n); err != nil || state != baremetal.PowerOff {
			t.Errorf("power beside a console = %v, %v", state, err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("read after close = %d, %v", n, err)
		}
		if _, err := c.Write([]byte("x")); !errors.Is(err, rmcp.ErrEnded) {
			t.Errorf("write after close = %v", err)
		}
	}
	c, err := d.OpenConsole(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	m.Serial.Echo()
	if err := c.Break(); err != nil {
		t.Error(err)
	}
	go c.Write([]byte(pasted))
	expect(t, c, ".")
	if typed, breaks := m.Serial.Typed(); typed != pasted || breaks != 1 {
		t.Errorf("the machine got %d characters and %d breaks, want %d and 1", len(typed), breaks, len(pasted))
	}
}

// Another session holds the console, as after a crash of this program: it is taken over.
func TestConsoleIsTakenOver(t *testing.T) {
	m, n := startQuirky(t, bmctest.Quirks{Sessions: 3}, both)
	first, err := New(hurried).OpenConsole(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	second, err := New(hurried).OpenConsole(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	m.Serial.Say("here")
	expect(t, second, "here")
}

// OpenIPMI's simulator connects its line to a socket of ours.
func TestConsoleOfSimulator(t *testing.T) {
	serial, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer serial.Close()
	n := startSim(t, fmt.Sprintf(`  sol "tcp:%s" 115200`, serial.Addr()))
	machine, err := serial.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer machine.Close()
	d := New(hurried)
	if _, err := d.State(t.Context(), n); err != nil { // it waits until the simulator answers
		t.Fatal(err)
	}
	c, err := d.OpenConsole(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(machine, "pc-07 login: ")
	expect(t, c, "login: ")
	go c.Write([]byte(pasted))
	if got, err := bufio.NewReader(machine).ReadString('.'); err != nil || got != pasted {
		t.Errorf("the machine got %d characters, %v, want %d", len(got), err, len(pasted))
	}
}

func TestConsoleRefusals(t *testing.T) {
	_, n := startBMC(t, both)
	d := New(hurried)
	n.DriverInfo["ipmi_protocol_version"] = 1.5
	if err := d.ValidateConsole(n); !errors.Is(err, baremetal.ErrInvalid) || !strings.Contains(err.Error(), "Serial over lan only works") {
		t.Errorf("IPMI 1.5: %v", err)
	}
	if _, err := d.OpenConsole(t.Context(), n); !errors.Is(err, rmcp.ErrNoConsole) || !strings.Contains(err.Error(), "pc-07") {
		t.Errorf("IPMI 1.5: %v", err)
	}
}
