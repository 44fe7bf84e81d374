package ipxe

import (
	"reflect"
	"strings"
	"testing"
)

func TestNotice(t *testing.T) {
	for _, c := range []struct {
		end  End
		want string
	}{{NextDevice, "exit 1"}, {PowerOff, "poweroff"}} {
		m := run(text(t, Notice(c.end, "first line", "second: 52:54:00:00:00:01")), &machine{})
		want := []string{"Ironhook: first line", "Ironhook: second: 52:54:00:00:00:01"}
		if m.end != c.want || m.defect != "" || !reflect.DeepEqual(m.said, want) {
			t.Errorf("end %q, defect %q, said %q; want %q saying %q", m.end, m.defect, m.said, c.want, want)
		}
	}
}

// An old iPXE has no poweroff; the machine must not fall into its shell.
func TestNoticeWithoutPoweroff(t *testing.T) {
	m := run(text(t, Notice(PowerOff, "x")), &machine{failing: func(command string, _ []string) bool { return command == "poweroff" }})
	if m.end != "exit 1" || m.defect != "" {
		t.Errorf("end %q, defect %q, want exit 1", m.end, m.defect)
	}
}

func TestDispatcher(t *testing.T) {
	m := run(text(t, Dispatcher()), &machine{settings: map[string]string{"netX/mac": "52-54-00-00-00-01"}})
	if want := []string{"boot/52-54-00-00-00-01"}; !reflect.DeepEqual(m.fetched, want) || m.end != "chain" {
		t.Errorf("fetched %q, end %q, want %q", m.fetched, m.end, want)
	}
}

func TestAutoexec(t *testing.T) {
	s, err := Autoexec("http://10.0.0.1:8080/boot.ipxe")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(text(t, s), "#!ipxe\nifconf --configurator dhcp ") {
		t.Errorf("autoexec does not begin with IPv4 alone:\n%s", text(t, s))
	}
	m := run(text(t, s), &machine{})
	if want := []string{"http://10.0.0.1:8080/boot.ipxe"}; !reflect.DeepEqual(m.fetched, want) || m.defect != "" {
		t.Errorf("fetched %q (defect %q), want %q", m.fetched, m.defect, want)
	}
	m = run(text(t, s), &machine{failing: func(command string, _ []string) bool { return command == "ifconf" }})
	if m.end != "exit 1" || m.defect != "" {
		t.Errorf("without DHCP: end %q, defect %q, want exit 1", m.end, m.defect)
	}
	if _, err := Autoexec("http://x/\nshell"); err == nil {
		t.Error("Autoexec took a URL of two lines")
	}
}

// Whatever is to be said, it is said and nothing else happens.
func FuzzNotice(f *testing.F) {
	for _, s := range []string{"plain", "a\nshell", "${net0/ip}", "x || shell", "; shell", "# x", `ends in \`, "ünïcode",
		strings.Repeat("long ", 99)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		m := run(text(t, Notice(NextDevice, line)), &machine{})
		if m.end != "exit 1" || m.defect != "" || len(m.said) != 1 || strings.ContainsAny(m.said[0], "${}\\|&;#") {
			t.Fatalf("Notice(%q): end %q, defect %q, said %q", line, m.end, m.defect, m.said)
		}
	})
}
