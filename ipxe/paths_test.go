package ipxe

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ironhook/baremetal"
)

// withProbes is what attaching the first drive by several paths does: each alone, undescribed,
// then all of them.
func withProbes(initiator string, uris ...string) (list []hook) {
	for _, uri := range uris {
		list = append(list, hook{drive: "0x80", initiator: initiator, uris: []string{uri}})
	}
	return append(list, hook{drive: "0x80", initiator: initiator, described: true, uris: uris})
}

// Which paths of a disk are attached and described, by what the machine and its network have.
func TestPaths(t *testing.T) {
	const a4, b4, c6, d6 = "iscsi:10.0.0.1::3260:0:iqn.2026-01.test:a", "iscsi:b.example::3260:0:iqn.2026-01.test:a",
		"iscsi:[fd00::1]::3260:0:iqn.2026-01.test:a", "iscsi:[fd00::2]::3260:0:iqn.2026-01.test:a"
	const e4 = "iscsi:e.example::3260:0:iqn.2026-01.test:a"
	at := map[string]string{a4: "10.0.0.1:3260", b4: "b.example:3260", c6: "[fd00::1]:3260", d6: "[fd00::2]:3260", e4: "e.example:3260"}
	for _, c := range []struct {
		name       string
		paths      []string
		six        bool     // the machine asks over IPv6
		ip         string   // its IPv4 address
		dead       []string // paths that do not answer
		configured []string // families that are asked for beside
		want       []string // of the described hook, nil for none
	}{
		{name: "one path", paths: []string{a4}, ip: "10.0.0.9", want: []string{a4}},
		{name: "one path, dead", paths: []string{a4}, ip: "10.0.0.9", dead: []string{a4}},
		{name: "two paths", paths: []string{a4, b4}, ip: "10.0.0.9", want: []string{a4, b4}},
		{name: "the first is dead", paths: []string{a4, b4}, ip: "10.0.0.9", dead: []string{a4}, want: []string{b4}},
		{name: "the second is dead", paths: []string{a4, b4}, ip: "10.0.0.9", dead: []string{b4}, want: []string{a4}},
		{name: "the first of three is dead", paths: []string{a4, b4, c6}, ip: "10.0.0.9", dead: []string{a4}, want: []string{b4}},
		{name: "the last of three is dead", paths: []string{a4, b4, e4}, ip: "10.0.0.9", dead: []string{e4}, want: []string{a4}},
		{name: "both are dead", paths: []string{a4, b4}, ip: "10.0.0.9", dead: []string{a4, b4}},
		{name: "IPv6 over IPv6", paths: []string{c6}, six: true, want: []string{c6}},
		{name: "IPv6 over IPv4", paths: []string{c6}, ip: "10.0.0.9", configured: []string{"--configurator ipv6 netX"}, want: []string{c6}},
		{name: "IPv4 over IPv6", paths: []string{a4}, six: true, configured: []string{"--configurator dhcp netX"}, want: []string{a4}},
		{name: "both families, over IPv4", paths: []string{c6, a4, d6}, ip: "10.0.0.9", want: []string{a4}},
		{name: "both families, no IPv4 there", paths: []string{a4, c6, d6}, six: true, configured: []string{"--configurator dhcp netX"},
			want: []string{c6, d6}},
		{name: "both families, one of IPv6 is dead", paths: []string{a4, c6, d6}, six: true, dead: []string{c6},
			configured: []string{"--configurator dhcp netX"}, want: []string{d6}},
		{name: "both families, an IPv4 address already", paths: []string{c6, a4}, six: true, ip: "10.0.0.9", want: []string{a4}},
	} {
		var portals []any
		for _, path := range c.paths {
			portals = append(portals, at[path])
		}
		v := &baremetal.VolumeTarget{UUID: "t0", VolumeType: "iscsi",
			Properties: baremetal.Object{"target_portals": portals, "target_iqn": "iqn.2026-01.test:a", "target_lun": 0}}
		s, err := BootVolumes(VolumeBoot{Node: "pc-07", Six: c.six, Targets: []*baremetal.VolumeTarget{v}})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		waits := 0 // for dead paths, half a minute each
		m := run(text(t, s), &machine{settings: map[string]string{"netX/ip": c.ip, "platform": "efi"},
			failing: func(command string, args []string) bool {
				alive := func(uri string) bool { return strings.HasPrefix(uri, "iscsi:") && !slices.Contains(c.dead, uri) }
				dead := command == "sanhook" && !slices.ContainsFunc(args, alive)
				if dead {
					waits++
				}
				return dead
			}})
		if c.want != nil && waits > len(c.dead) {
			t.Errorf("%s: waits %d times for %d dead paths", c.name, waits, len(c.dead))
		}
		var described []string
		for _, h := range m.hooks {
			if h.described {
				described = h.uris
			}
		}
		if m.defect != "" || !reflect.DeepEqual(described, c.want) || (c.want != nil) != strings.HasPrefix(m.end, "boot") {
			t.Errorf("%s: described %q, end %q, defect %q, want %q in:\n%s", c.name, described, m.end, m.defect, c.want, text(t, s))
		}
		if got := slices.Compact(m.configured); !reflect.DeepEqual(got, c.configured) {
			t.Errorf("%s: asked for %q, want %q", c.name, got, c.configured)
		}
	}
}

// The storage may be in a VLAN, of the card that has booted however often the script begins anew.
func TestVLAN(t *testing.T) {
	six := target(t, 1, `{"target_portal": "[fd00::1]:3260", "target_iqn": "iqn.2026-01.test:v2", "target_lun": 1}`)
	for name, c := range map[string]struct {
		targets    []*baremetal.VolumeTarget
		configured []string
	}{
		"IPv4": {[]*baremetal.VolumeTarget{target(t, 0, plain)}, []string{"--configurator dhcp net1-100"}},
		"both": {[]*baremetal.VolumeTarget{target(t, 0, plain), six}, []string{"--configurator dhcp net1-100", "--configurator ipv6 net1-100"}},
	} {
		s, err := BootVolumes(VolumeBoot{Node: "pc-07", VLAN: 100, Self: "aa", Targets: c.targets})
		if err != nil {
			t.Fatal(err)
		}
		m := run(text(t, s), &machine{settings: map[string]string{"netX/ifname": "net1"}})
		if m.defect != "" || !reflect.DeepEqual(m.vlans, []string{"--tag 100 net1"}) || !reflect.DeepEqual(m.configured, c.configured) {
			t.Errorf("%s: made %q, configured %q, defect %q", name, m.vlans, m.configured, m.defect)
		}
		if got := m.settings["net1-100/mtu"]; got != "1496" {
			t.Errorf("%s: the MTU in the VLAN is %q", name, got)
		}
		again := run(text(t, s), &machine{settings: map[string]string{"netX/ifname": "net1-100", "trunk": "net1"}})
		if !reflect.DeepEqual(again.vlans, m.vlans) {
			t.Errorf("%s: made %q when begun anew", name, again.vlans)
		}
		for _, failing := range []string{"vcreate", "ifconf"} {
			m := run(text(t, s), &machine{failing: func(command string, _ []string) bool { return command == failing }})
			if m.end != "poweroff" || m.defect != "" || !slices.Contains(m.fetched, "aa/failed/reach/2c0d603b") ||
				!strings.Contains(strings.Join(m.said, " "), "VLAN 100") {
				t.Errorf("%s, without %s: end %q, fetched %q, said %q, defect %q", name, failing, m.end, m.fetched, m.said, m.defect)
			}
		}
	}
}

// A machine whose boot volume is kept goes on with its next device when nothing there boots,
// the volume attached; one that cannot attach it is switched off all the same.
func TestKeepSAN(t *testing.T) {
	v := target(t, 0, plain)
	v.Properties["keep_san"] = "true"
	s, err := BootVolumes(VolumeBoot{Node: "pc-07", Targets: []*baremetal.VolumeTarget{v, target(t, 1, plain)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, platform := range []string{"pcbios", "efi"} {
		m := run(text(t, s), &machine{settings: map[string]string{"platform": platform},
			failing: func(command string, _ []string) bool { return command == "sanboot" }})
		if m.end != "exit 1" || m.defect != "" || len(m.drives) != 2 || m.settings["keep-san"] != "1" {
			t.Errorf("on %s: end %q with drives %q, keep-san %q, defect %q", platform, m.end, m.drives, m.settings["keep-san"], m.defect)
		}
	}
	if m := run(text(t, s), &machine{failing: func(command string, _ []string) bool { return command == "sanhook" }}); m.end != "poweroff" ||
		m.settings["keep-san"] != "" {
		t.Errorf("without its volume: end %q, keep-san %q", m.end, m.settings["keep-san"])
	}
}

// A kernel from elsewhere starts with its root on the volume, which is attached first.
func TestKernelOnVolume(t *testing.T) {
	boot := VolumeBoot{Node: "pc-07", Self: "aa", Targets: []*baremetal.VolumeTarget{target(t, 0, plain)}, Kernel: "http://a/k",
		Ramdisk: "http://a/r", Args: "root=LABEL=x quiet"}
	s, err := BootVolumes(boot)
	if err != nil {
		t.Fatal(err)
	}
	m := run(text(t, s), &machine{})
	want := []string{"kernel --name kernel http://a/k initrd=ramdisk root=LABEL=x quiet" + netCard, "initrd --name ramdisk http://a/r"}
	if m.end != "start" || m.defect != "" || !reflect.DeepEqual(m.images, want) || !reflect.DeepEqual(m.drives, []string{"0x80"}) {
		t.Errorf("end %q, defect %q, drives %q, loaded %q, want %q", m.end, m.defect, m.drives, m.images, want)
	}
	for failing, report := range map[string]string{"kernel": "load", "initrd": "load", "boot": "start", "sanhook": "attach"} {
		m := run(text(t, s), &machine{failing: func(command string, _ []string) bool { return command == failing }})
		if m.end != "poweroff" || m.defect != "" || !slices.Contains(m.fetched, "aa/failed/"+report+"/2c0d603b") {
			t.Errorf("%s fails: end %q, fetched %q, defect %q", failing, m.end, m.fetched, m.defect)
		}
	}
	for key, set := range map[string]func(*VolumeBoot, string){
		"kernel":               func(b *VolumeBoot, v string) { b.Kernel = v },
		"ramdisk":              func(b *VolumeBoot, v string) { b.Ramdisk = v },
		"kernel_append_params": func(b *VolumeBoot, v string) { b.Args = v },
	} {
		for _, hostile := range []string{"http://a/\nshell", "http://a/${x}", "||", "#a", "ä", strings.Repeat("a", 256)} {
			b := boot
			set(&b, hostile)
			if _, err := BootVolumes(b); !errors.Is(err, baremetal.ErrInvalid) || !strings.Contains(err.Error(), "instance_info."+key) {
				t.Errorf("%s = %q: error %v, want ErrInvalid that names it", key, hostile, err)
			}
		}
	}
}

// Whatever the portals, the VLAN, the kernel and its arguments are, iPXE attaches and starts
// exactly these, or there is no script.
func FuzzPaths(f *testing.F) {
	f.Add("10.0.0.1:3260", "[fd00::1]:3260", uint16(0), "http://a/k", "quiet", true)
	f.Add("a\nb", "fd00::2", uint16(100), "", "", false)
	f.Add("10.0.0.1", "h || shell", uint16(4094), "http://a/${x}", `a\`, true)
	f.Fuzz(func(t *testing.T, one, other string, vlan uint16, kernel, args string, six bool) {
		v := &baremetal.VolumeTarget{UUID: "t", VolumeType: "iscsi",
			Properties: baremetal.Object{"target_portals": []any{one, other}, "target_iqn": "iqn.a:t", "target_lun": 0}}
		s, err := BootVolumes(VolumeBoot{Node: "m", Targets: []*baremetal.VolumeTarget{v}, VLAN: vlan, Six: six, Kernel: kernel, Args: args,
			Self: "m"})
		if err != nil {
			return
		}
		for _, ip := range []string{"", "10.0.0.9"} {
			m := run(text(t, s), &machine{settings: map[string]string{"netX/ip": ip, "netX/ifname": "net0"}})
			if m.defect != "" || (kernel == "") != strings.HasPrefix(m.end, "boot ") || (kernel != "") != (m.end == "start") {
				t.Fatalf("end %q, defect %q of:\n%s", m.end, m.defect, text(t, s))
			}
			if vlan != 0 && !slices.Equal(m.vlans, []string{fmt.Sprintf("--tag %d net0", vlan)}) {
				t.Fatalf("vlans %q, want tag %d", m.vlans, vlan)
			}
			for _, h := range m.hooks {
				for _, uri := range h.uris {
					if !strings.HasPrefix(uri, "iscsi:") || !strings.HasSuffix(uri, ":0:iqn.a:t") {
						t.Fatalf("attaches %q of:\n%s", uri, text(t, s))
					}
				}
			}
			if want := strings.TrimSuffix("kernel --name kernel "+kernel+" "+args, " ") + netCard; kernel != "" &&
				!slices.Equal(m.images, []string{want}) {
				t.Fatalf("loads %q, want %q", m.images, want)
			}
		}
	})
}
