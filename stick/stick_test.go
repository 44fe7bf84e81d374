package stick

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

func TestLeased(t *testing.T) {
	now := time.Unix(1000, 0)
	ack, err := dhcpv4.New(dhcpv4.WithYourIP(net.IPv4(192, 168, 1, 7)), dhcpv4.WithNetmask(net.CIDRMask(24, 32)),
		dhcpv4.WithRouter(net.IPv4(192, 168, 1, 1)),
		dhcpv4.WithDNS(net.IPv4(192, 168, 1, 2)), dhcpv4.WithLeaseTime(7200),
		dhcpv4.WithOption(dhcpv4.OptServerIdentifier(net.IPv4(192, 168, 1, 3))))
	if err != nil {
		t.Fatal(err)
	}
	a, err := leased("eth0", ack, now)
	if err != nil || a.Prefix != netip.MustParsePrefix("192.168.1.7/24") || a.Gateway != netip.MustParseAddr("192.168.1.1") ||
		!slices.Equal(a.DNS, []netip.Addr{netip.MustParseAddr("192.168.1.2")}) || a.Server != "192.168.1.3" || a.Range != "" ||
		a.Until != now.Add(time.Hour) {
		t.Errorf("%+v, %v", a, err)
	}
	bare, err := dhcpv4.New()
	if err != nil {
		t.Fatal(err)
	}
	if a, err := leased("eth0", bare, now); err == nil {
		t.Errorf("an answer without an address is taken as %+v", a)
	}
}

// TestEnvironment holds the appliance to serving addresses only where nobody else does.
func TestEnvironment(t *testing.T) {
	for _, test := range []struct {
		a      address
		serves bool
	}{{own("eth0"), true}, {address{Interface: "eth0", Server: "192.168.1.1"}, false}, {address{Interface: "eth0"}, false}} {
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
	v := view{Version: "1.2", Slot: "b", SecureBoot: true, Failed: "a", Page: "http://10.77.77.1:6385/ui/", Password: "SECRET",
		Link:    "http://10.77.77.1:6385/ui/welcome?key=ABCDEFGHIJKLMNOPQRSTUVWXYZ",
		Network: "eth0 has 10.77.77.1/24", State: "ready", Trouble: strings.Repeat("much ", 400)}
	for i := range 20 {
		v.Machines = append(v.Machines,
			machine{Name: "pc-" + string('a'+rune(i)), Provision: "active", Power: "power on", LastError: strings.Repeat("long ", 30)})
	}
	text := v.text(menu())
	for _, want := range []string{"Ironhook 1.2, slot b, Secure Boot on ", "http://10.77.77.1:6385/ui/", "SECRET", "slot a did not",
		"pc-a: active, on, long", " more", "s shut down", "█"} {
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
	want := settings{Leased: true, Address: netip.MustParsePrefix("192.168.1.5/24"), Gateway: netip.MustParseAddr("192.168.1.1"), Images: "AB",
		Version: "1"}
	if err := want.write(path); err != nil {
		t.Fatal(err)
	}
	if got, err := readSettings(path); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestPowerButton(t *testing.T) {
	var events bytes.Buffer
	for _, e := range []inputEvent{{Type: typeKey, Code: 30, Value: 1}, {Type: typeKey, Code: keyPower, Value: 1}, {Type: 0},
		{Type: typeKey, Code: keyPower, Value: 0}} {
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
