package ipxe

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"ironhook/baremetal"
)

const netCard = " BOOTIF=01-"

func TestBootLoad(t *testing.T) {
	for _, c := range []struct {
		name   string
		load   LoadBoot
		images []string // as loaded: command and all its words
		end    string
	}{
		{"kernel and ramdisk", LoadBoot{Kernel: "http://a/k", Ramdisk: "https://b/r?x=1#y", Args: "root=/dev/ram0 -- quiet a=b;c"},
			[]string{"kernel --name kernel http://a/k initrd=ramdisk root=/dev/ram0 -- quiet a=b;c" +
				netCard, "initrd --name ramdisk https://b/r?x=1#y"}, "start"},
		{"kernel alone", LoadBoot{Kernel: "http://a/k"}, []string{"kernel --name kernel http://a/k" + netCard}, "start"},
		{"ISO", LoadBoot{ISO: "http://a/i.iso"}, nil, "boot --no-describe --drive 0x80 http://a/i.iso"},
	} {
		c.load.Node, c.load.Self = "pc-07", "aa"
		s, err := BootLoad(c.load)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		m := run(text(t, s), &machine{})
		if m.defect != "" || m.end != c.end || !reflect.DeepEqual(m.images, c.images) || !reflect.DeepEqual(m.fetched, []string{"aa/loaded"}) {
			t.Errorf("%s: end %q, defect %q, reported %q, loaded\n%q, want\n%q", c.name, m.end, m.defect, m.fetched, m.images, c.images)
		}
	}
}

// A web server that fails is asked a bounded number of times; then the machine reports
// which step failed and switches itself off.
func TestBootLoadGivesUp(t *testing.T) {
	for failing, report := range map[string]string{"kernel": "aa/failed/load/2c0d603b", "initrd": "aa/failed/load/2c0d603b",
		"boot": "aa/failed/start/2c0d603b"} {
		s, err := BootLoad(LoadBoot{Node: "pc-07", Kernel: "http://a/k", Ramdisk: "http://a/r", Self: "aa"})
		if err != nil {
			t.Fatal(err)
		}
		tries := 0
		m := run(text(t, s), &machine{failing: func(command string, _ []string) bool {
			if command == failing {
				tries++
			}
			return command == failing
		}})
		if m.end != "poweroff" || m.defect != "" || tries != attempts || m.fetched[len(m.fetched)-1] != report {
			t.Errorf("%s fails: %d tries, end %q, defect %q, fetched %q, want %q", failing, tries, m.end, m.defect, m.fetched, report)
		}
	}
}

func TestBootLoadRefuses(t *testing.T) {
	good := LoadBoot{Kernel: "http://a/k", Ramdisk: "http://a/r", Args: "a"}
	for key, set := range map[string]func(*LoadBoot, string){
		"kernel":               func(b *LoadBoot, v string) { b.Kernel = v },
		"ramdisk":              func(b *LoadBoot, v string) { b.Ramdisk = v },
		"boot_iso":             func(b *LoadBoot, v string) { b.ISO = v },
		"kernel_append_params": func(b *LoadBoot, v string) { b.Args = v },
	} {
		for _, hostile := range []string{"http://a/\nshell", "http://a/${x}", "||", "#a", "ä", strings.Repeat("a", 256)} {
			b := good
			set(&b, hostile)
			if _, err := BootLoad(b); !errors.Is(err, baremetal.ErrInvalid) || !strings.Contains(err.Error(), "instance_info."+key) {
				t.Errorf("%s = %q: error %v, want ErrInvalid that names it", key, hostile, err)
			}
		}
	}
}

// Whatever the URLs and the arguments are, iPXE loads exactly these, or there is no script.
func FuzzBootLoad(f *testing.F) {
	f.Add("pc-07", "http://a/k", "http://a/r", "root=/dev/ram0 quiet")
	f.Add("pc\n07", "http://a/k\nshell", "-x", "a || shell")
	f.Add("${ip}", "http://a/${x}", `a\`, "ds=nocloud;s=http://x/ # y")
	f.Fuzz(func(t *testing.T, node, kernel, ramdisk, args string) {
		s, err := BootLoad(LoadBoot{Node: node, Kernel: kernel, Ramdisk: ramdisk, Args: args, Self: "m"})
		if err != nil {
			return
		}
		want := "kernel --name kernel " + kernel
		var images []string
		if ramdisk != "" {
			want += " initrd=ramdisk"
			images = append(images, "initrd --name ramdisk "+ramdisk)
		}
		if args != "" {
			want += " " + args
		}
		images = append([]string{want + netCard}, images...)
		if m := run(text(t, s), &machine{}); m.defect != "" || m.end != "start" || !reflect.DeepEqual(m.images, images) {
			t.Fatalf("end %q, defect %q, loaded %q, want %q, of:\n%s", m.end, m.defect, m.images, images, text(t, s))
		}
	})
}
