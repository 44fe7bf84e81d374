package stick

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ironhook/agent/network"
)

// TestEnvironment holds the appliance to serving addresses only where nobody else does.
func TestEnvironment(t *testing.T) {
	for _, test := range []struct {
		a      address
		serves bool
	}{{own("eth0"), true},
		{address{network.Address{Card: "eth0", Server: "192.168.1.1"}, ""}, false},
		{address{network.Address{Card: "eth0"}, ""}, false}} {
		env := environment(test.a)
		if got := slices.Contains(env, "IRONHOOK_DHCP_RANGE="+ownRange); got != test.serves {
			t.Errorf("%+v: %q", test.a, env)
		}
		if slices.ContainsFunc(env, func(s string) bool { return strings.HasPrefix(s, "IRONHOOK_DHCP=") }) {
			t.Errorf("%q: the wire is not asked", env)
		}
	}
}

func TestText(t *testing.T) {
	v := view{Version: "1.2", Slot: "b", SecureBoot: true, Failed: "a", Page: "http://10.77.77.1:6385/ui/",
		Password: "SECRET", Link: "http://10.77.77.1:6385/ui/welcome?key=ABCDEFGHIJKLMNOPQRSTUVWXYZ",
		Network: "eth0 has 10.77.77.1/24", State: "ready", Trouble: strings.Repeat("much ", 400)}
	for i := range 20 {
		v.Machines = append(v.Machines, machine{Name: "pc-" + string('a'+rune(i)), Provision: "active",
			Power: "power on", LastError: strings.Repeat("long ", 30)})
	}
	text := v.text(menu())
	for _, want := range []string{"Ironhook 1.2, slot b, Secure Boot on ", "http://10.77.77.1:6385/ui/", "SECRET",
		"slot a did not", "pc-a: active, on, long", " more", "s shut down", "█"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	lines := strings.Split(text, "\n")
	if len(lines) > 25 {
		t.Errorf("%d rows", len(lines))
	}
	for _, line := range lines {
		if n := len([]rune(line)); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if strings.Contains(view{}.text(""), "Password") {
		t.Error("a password is shown when there is none")
	}
}

// TestQuestionIsALine: who reads the serial line by lines, as programs do, sees a question
// before it is answered.
func TestQuestionIsALine(t *testing.T) {
	here, there := net.Pipe()
	defer there.Close()
	c := newConsole([]terminal{{here, false}})
	answer := make(chan string)
	go func() { answer <- c.ask("Yes or %s?", "no") }()
	for lines := bufio.NewScanner(there); lines.Scan(); {
		if strings.TrimSpace(lines.Text()) == "Yes or no?" {
			break
		}
	}
	go io.Copy(io.Discard, there)
	if _, err := io.WriteString(there, "yes\r\n"); err != nil {
		t.Fatal(err)
	}
	if got := <-answer; got != "yes" {
		t.Errorf("the answer is %q", got)
	}
}

// TestTerminals: the screen and the serial line of a machine, whatever its processor calls that.
func TestTerminals(t *testing.T) {
	dev := t.TempDir()
	write(t, dev, map[string]string{"tty0": "", "tty1": "", "ttyS0": "", "ttyAMA0": ""})
	for active, want := range map[string]string{
		"": "", "tty0 ttyS0\n": "tty1 clears, ttyS0",
		"ttyAMA0 tty0\n": "ttyAMA0, tty1 clears", "ttyS1 tty0\n": "tty1 clears"} {
		var got []string
		for _, l := range terminals(dev, active) {
			name := filepath.Base(l.ReadWriter.(*os.File).Name())
			if l.clears {
				name += " clears"
			}
			got = append(got, name)
		}
		if text := strings.Join(got, ", "); text != want {
			t.Errorf("of %q: %s; want %s", active, text, want)
		}
	}
}

// TestCode draws a code whose modules are known: the finder in the corner (ISO 18004).
func TestCode(t *testing.T) {
	lines := strings.Split(code("http://10.77.77.1:6385/ui/"), "\n")
	// Two light rows above, then the seven dark modules of the finder over its hollow.
	if got := string([]rune(lines[1])[2:9]); got != " ▄▄▄▄▄ " {
		t.Errorf("the corner begins with %q", got)
	}
	if code(strings.Repeat("x", 5000)) != "" {
		t.Error("a text that no code holds is drawn")
	}
}

func TestBootOptions(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"cmdline": "BOOT_IMAGE=/vmlinuz quiet ironhook.slot=a ironhook.stick=AB-CD ironhook.failed= panic=10\n",
		"SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c": "\x06\x00\x00\x00\x01"})
	o := bootOptions(filepath.Join(dir, "cmdline"))
	if o["slot"] != "a" || o["stick"] != "AB-CD" || o["failed"] != "" || len(o) != 3 {
		t.Errorf("%q", o)
	}
	if !secureBoot(dir) || secureBoot(t.TempDir()) {
		t.Error("the variable SecureBoot is misread")
	}
}

func TestSettings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stick.json")
	if s, err := readSettings(path); err != nil || s != (settings{}) {
		t.Errorf("no file is %+v, %v", s, err)
	}
	want := settings{Leased: true, Address: netip.MustParsePrefix("192.168.1.5/24"),
		Gateway: netip.MustParseAddr("192.168.1.1"), Images: "AB", Version: "1"}
	if err := want.write(path); err != nil {
		t.Fatal(err)
	}
	if got, err := readSettings(path); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestPowerButton(t *testing.T) {
	var events bytes.Buffer
	for _, e := range []inputEvent{
		{Type: typeKey, Code: 30, Value: 1}, {Type: typeKey, Code: keyPower, Value: 1},
		{Type: 0}, {Type: typeKey, Code: keyPower, Value: 0}} {
		if err := binary.Write(&events, binary.NativeEndian, e); err != nil {
			t.Fatal(err)
		}
	}
	if events.Len() != 4*24 {
		t.Errorf("an event has %d bytes", events.Len()/4)
	}
	pressed := 0
	watchButton(&events, func() { pressed++ })
	if pressed != 1 {
		t.Errorf("pressed %d times", pressed)
	}
}
