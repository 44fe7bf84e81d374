package grub

import (
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"ironhook/baremetal"
)

func text(t testing.TB, c Config) string {
	t.Helper()
	var b strings.Builder
	if _, err := c.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestBoot(t *testing.T) {
	c, err := Boot(Load{Node: "pc-07", Kernel: "http://10.0.0.1:8000/a%20b?c=1", Ramdisk: "http://web/r",
		Args: "root=/dev/ram0 ds=nocloud;s=x $y", Card: "52-54-00-77-00-10", Report: "http://10.0.0.2:8080/boot/m/loaded"})
	const want = `echo 'Ironhook boots pc-07 from what GRUB loads over the network'
if linux '(http,10.0.0.1:8000)/a%20b?c=1' 'root=/dev/ram0' 'ds=nocloud;s=x' '$y' 'BOOTIF=01-52-54-00-77-00-10'; then
  if initrd '(http,web)/r'; then
  if source '(http,10.0.0.2:8080)/boot/m/loaded'; then true; fi
  boot
  fi
fi
echo 'GRUB could not load it. Is the web server of the kernel reachable, and the kernel signed?'
sleep 5
halt
exit
`
	if got := text(t, c); err != nil || got != want {
		t.Errorf("Boot =\n%s, %v, want\n%s", got, err, want)
	}
	for _, wrong := range []Load{{}, {Kernel: "https://a/b"}, {Kernel: "http://[fd77::1]/k"}, {Kernel: "http://u:p@a/k"},
		{Kernel: "http://a,b/k"},
		{Kernel: "http://a/k'"}, {Kernel: "http://a/k", Ramdisk: "ftp://a/r"}, {Kernel: "http://a/k", Args: `a="b`},
		{Kernel: "http://a/k", Args: "a\tb"}} {
		if _, err := Boot(wrong); !errors.Is(err, baremetal.ErrInvalid) {
			t.Errorf("Boot(%+v) = %v, want a refusal", wrong, err)
		}
	}
}

// All configurations are of GRUB's own grammar.
func TestGrammar(t *testing.T) {
	boot, err := Boot(Load{Node: "pc", Kernel: "http://a/k", Args: "a b"})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]Config{"boot": boot, "notice": Notice(true, "it's $x \\"),
		"dispatcher": Dispatcher(netip.MustParseAddrPort("10.0.0.1:80"), "snponly.efi")} {
		check(t, name, text(t, c))
	}
}

// check holds a configuration against grub-script-check.
func check(t testing.TB, name, config string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "grub.cfg")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "grub-script-check", file).CombinedOutput(); err != nil {
		t.Errorf("%s: grub-script-check (package grub-common): %v: %s\n%s", name, err, out, config)
	}
}

// FuzzBoot holds that no value leaves its place: however it is written, the configuration has
// the same lines, and within quotes no quote.
func FuzzBoot(f *testing.F) {
	f.Add("pc", "http://a/k", "http://a/r", "a b")
	f.Add("pc'\nhalt", "http://a/k'; halt", "http://a/r\nhalt", "a'\nhalt;")
	f.Add("$pc", "http://a:1/$k", "http://a/r?'", "$(halt) `x` {}")
	plain, err := Boot(Load{Node: "pc", Kernel: "http://a/k", Ramdisk: "http://a/r", Args: "a"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, node, kernel, ramdisk, args string) {
		c, err := Boot(Load{Node: node, Kernel: kernel, Ramdisk: ramdisk, Args: args})
		if err != nil || ramdisk == "" {
			return
		}
		got, want := strings.Split(text(t, c), "\n"), strings.Split(text(t, plain), "\n")
		if len(got) != len(want) {
			t.Fatalf("%d lines, want %d: %q", len(got), len(want), got)
		}
		for i, line := range got {
			if bare, plainBare := outside(line), outside(want[i]); bare != plainBare && !(strings.HasPrefix(line, "if linux") &&
				strings.TrimSpace(strings.Join(strings.Fields(bare), " ")) == strings.Join(strings.Fields(plainBare), " ")) {
				t.Errorf("line %q has %q outside of quotes, want %q", line, bare, plainBare)
			}
		}
	})
}

// FuzzNotice holds that what is said stays within its quotes, a line each.
func FuzzNotice(f *testing.F) {
	f.Add("pc is not enrolled")
	f.Add("pc'\nhalt")
	f.Add("$(halt) `x` \\' ; {")
	f.Fuzz(func(t *testing.T, line string) {
		got, want := strings.Split(text(t, Notice(false, line)), "\n"), strings.Split(text(t, Notice(false, "x")), "\n")
		if len(got) != len(want) {
			t.Fatalf("%d lines, want %d: %q", len(got), len(want), got)
		}
		for i := range got {
			if outside(got[i]) != outside(want[i]) {
				t.Errorf("line %q has %q outside of quotes, want %q", got[i], outside(got[i]), outside(want[i]))
			}
		}
	})
}

// outside is what a line has outside of single quotes, the quoted words being one x each, and
// several in a row one.
func outside(line string) string {
	var b strings.Builder
	for i, part := range strings.Split(line, "'") {
		if i%2 == 0 {
			b.WriteString(part)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
