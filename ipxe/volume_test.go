package ipxe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"ironhook/baremetal"
)

func text(t testing.TB, s Script) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := s.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// properties reads them as the API does, so numbers are float64.
func properties(t testing.TB, text string) baremetal.Object {
	t.Helper()
	var o baremetal.Object
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

func target(t testing.TB, index int64, text string) *baremetal.VolumeTarget {
	t.Helper()
	return &baremetal.VolumeTarget{
		UUID: "t" + string(rune('0'+index)), VolumeType: "iscsi", BootIndex: index, Properties: properties(t, text),
	}
}

const plain = `{"target_portal": "10.0.0.1:3260", "target_iqn": "iqn.2026-01.test:v1", "target_lun": 1}`

func TestBootVolumesAttaches(t *testing.T) {
	chap := `{"target_portal": "10.0.0.2:3261", "target_iqn": "iqn.2026-01.test:v2", "target_lun": "10",
		"auth_method": "CHAP", "auth_username": "u2", "auth_password": "p2"}`
	mutual := `{"target_portal": "[fd00::1]:3260", "target_iqn": "iqn.2026-01.test:v3", "target_lun": 0,
		"auth_method": "chap", "auth_username": "u3", "auth_password": "p3#;$\\",
		"reverse_auth_username": "ru", "reverse_auth_password": "rp"}`
	paths := `{"target_portals": ["10.0.0.1:3260", "10.0.0.2"], "target_iqns": ["iqn.2026-01.test:a", "iqn.2026-01.test:b"], "target_luns": ` +
		`[1, "255"]}`
	shared := `{"target_portals": ["10.0.0.1:3260", "array.example:3260"], "target_iqn": "iqn.2026-01.test:a", "target_lun": 2}`
	const me = "iqn.2026-01.test:pc-07"
	for _, c := range []struct {
		name      string
		initiator string
		targets   []*baremetal.VolumeTarget
		want      []hook
	}{
		{"no CHAP", me, []*baremetal.VolumeTarget{target(t, 0, plain)}, []hook{
			{drive: "0x80", initiator: me, described: true, uris: []string{"iscsi:10.0.0.1::3260:1:iqn.2026-01.test:v1"}},
		}},
		{"no initiator of its own", "", []*baremetal.VolumeTarget{target(t, 0, plain)}, []hook{
			{drive: "0x80", described: true, uris: []string{"iscsi:10.0.0.1::3260:1:iqn.2026-01.test:v1"}},
		}},
		{"LUN as text, in hexadecimal", me, []*baremetal.VolumeTarget{target(t, 0, chap)}, []hook{
			{drive: "0x80", initiator: me, user: "u2", password: "p2", described: true,
				uris: []string{"iscsi:10.0.0.2::3261:a:iqn.2026-01.test:v2"}},
		}},
		{"mutual CHAP, IPv6, a secret that ends in a backslash", me, []*baremetal.VolumeTarget{target(t, 0, mutual)}, []hook{
			{
				drive: "0x80", initiator: me, user: "u3", password: `p3#;$\`, reverseUser: "ru", reversePassword: "rp",
				described: true, uris: []string{"iscsi:[fd00::1]::3260:0:iqn.2026-01.test:v3"},
			},
		}},
		{"each path with its own IQN and LUN", me, []*baremetal.VolumeTarget{target(t, 0, paths)},
			withProbes(me, "iscsi:10.0.0.1::3260:1:iqn.2026-01.test:a", "iscsi:10.0.0.2:::ff:iqn.2026-01.test:b")},
		{"paths that share an IQN and a LUN", me, []*baremetal.VolumeTarget{target(t, 0, shared)},
			withProbes(me, "iscsi:10.0.0.1::3260:2:iqn.2026-01.test:a", "iscsi:array.example::3260:2:iqn.2026-01.test:a")},
		{
			"others behind the first, in order of boot index, none with another's secret", me,
			[]*baremetal.VolumeTarget{target(t, 2, plain), target(t, 0, mutual), target(t, 1, chap)},
			[]hook{
				{
					drive: "0x80", initiator: me, user: "u3", password: `p3#;$\`, reverseUser: "ru", reversePassword: "rp",
					described: true, uris: []string{"iscsi:[fd00::1]::3260:0:iqn.2026-01.test:v3"},
				},
				{drive: "0x81", initiator: me, user: "u2", password: "p2", described: true,
					uris: []string{"iscsi:10.0.0.2::3261:a:iqn.2026-01.test:v2"}},
				{drive: "0x82", initiator: me, uris: []string{"iscsi:10.0.0.1::3260:1:iqn.2026-01.test:v1"}},
			},
		},
	} {
		s, err := BootVolumes(VolumeBoot{Node: "pc-07", Initiator: c.initiator, Targets: c.targets})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		m := run(text(t, s), &machine{settings: map[string]string{"username": "stale", "reverse-username": "stale", "initiator-iqn": "stale"}})
		if m.defect != "" || m.end != "boot --no-describe --drive 0x80" {
			t.Errorf("%s: ended %q, defect %q", c.name, m.end, m.defect)
		}
		if !reflect.DeepEqual(m.hooks, c.want) {
			t.Errorf("%s:\nhooks %+v\nwant  %+v", c.name, m.hooks, c.want)
		}
	}
}

// A failing array is tried a bounded number of times; then the machine reports
// which step failed and switches itself off.
func TestBootVolumesGivesUp(t *testing.T) {
	for _, c := range []struct{ failing, report string }{
		{"sanhook", "aa/failed/attach/2c0d603b"},
		{"sanboot", "aa/failed/boot/2c0d603b"},
	} {
		s, err := BootVolumes(VolumeBoot{Node: "pc-07", Targets: []*baremetal.VolumeTarget{target(t, 0, plain)}, Self: "aa"})
		if err != nil {
			t.Fatal(err)
		}
		tries := 0
		m := run(text(t, s), &machine{failing: func(command string, _ []string) bool {
			if command == c.failing {
				tries++
			}
			return command == c.failing
		}, settings: map[string]string{"platform": "pcbios"}})
		if m.end != "poweroff" || m.defect != "" || tries != attempts || len(m.drives) != 0 {
			t.Errorf("%s fails: %d tries, end %q, drives %v, defect %q", c.failing, tries, m.end, m.drives, m.defect)
		}
		if len(m.fetched) != 1 || m.fetched[0] != c.report {
			t.Errorf("%s fails: reported %q, want %q", c.failing, m.fetched, c.report)
		}

		if m = run(text(t, s), &machine{present: true, failing: func(command string, _ []string) bool {
			return command == c.failing
		}}); m.end != "chain" || m.fetched[len(m.fetched)-1] != "aa" {
			t.Errorf("%s fails, then a key is pressed: end %q, fetched %q, want a fresh script", c.failing, m.end, m.fetched)
		}
		if user := m.settings["username"]; user != "" {
			t.Errorf("%s fails: user %q is left for the next script", c.failing, user)
		}
	}
}

// A UEFI volume without a loader at the common place boots the one that its
// operating system has put elsewhere; a BIOS has no such places.
func TestBootVolumesFindsTheLoader(t *testing.T) {
	s, err := BootVolumes(VolumeBoot{Node: "pc-07", Targets: []*baremetal.VolumeTarget{target(t, 0, plain)}})
	if err != nil {
		t.Fatal(err)
	}
	const found = "boot --no-describe --drive 0x80 --filename "
	for _, c := range []struct{ platform, arch, loader, want string }{
		{"efi", "x86_64", `\EFI\fedora\shimx64.efi`, found + `\EFI\fedora\shimx64.efi`},
		{"efi", "arm64", `\EFI\debian\grubaa64.efi`, found + `\EFI\debian\grubaa64.efi`},
		{"efi", "arm64", `\EFI\debian\grubx64.efi`, "poweroff"},
		{"pcbios", "i386", `\EFI\fedora\shimx64.efi`, "poweroff"},
	} {
		m := run(text(t, s), &machine{settings: map[string]string{"platform": c.platform, "buildarch": c.arch},
			failing: func(command string, args []string) bool {
				return command == "sanboot" && args[len(args)-1] != c.loader
			}})
		if m.end != c.want || m.defect != "" {
			t.Errorf("%s on %s of %s: end %q, defect %q, want %q", c.loader, c.platform, c.arch, m.end, m.defect, c.want)
		}
	}
}

// An array that comes back is met again, with all drives attached anew.
func TestBootVolumesTriesAgain(t *testing.T) {
	targets := []*baremetal.VolumeTarget{target(t, 0, plain), target(t, 1, plain)}
	s, err := BootVolumes(VolumeBoot{Node: "pc-07", Targets: targets})
	if err != nil {
		t.Fatal(err)
	}
	hooks := 0
	m := run(text(t, s), &machine{failing: func(command string, _ []string) bool {
		if command == "sanhook" {
			hooks++
		}
		return command == "sanhook" && hooks == 2 // the second drive, the first time
	}})
	if want := []string{"0x80", "0x81"}; !strings.HasPrefix(m.end, "boot") || !reflect.DeepEqual(m.drives, want) {
		t.Errorf("end %q with drives %v, want a boot with %v (defect %q)", m.end, m.drives, want, m.defect)
	}
}

// More paths than a BIOS iBFT has room for are used where there is room only.
func TestBootVolumesFitsTheIBFT(t *testing.T) {
	many := target(t, 0, `{"target_portals": ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"], "target_iqn": "iqn.2026-01.test:a", `+
		`"target_lun": 0}`)
	s, err := BootVolumes(VolumeBoot{Node: "pc-07", Targets: []*baremetal.VolumeTarget{many}})
	if err != nil {
		t.Fatal(err)
	}
	for platform, want := range map[string]int{"pcbios": 2, "efi": 4} {
		m := run(text(t, s), &machine{settings: map[string]string{"platform": platform}})
		if len(m.hooks) != want+1 || len(m.hooks[want].uris) != want || m.defect != "" {
			t.Errorf("on %s: hooks %+v, want one with %d paths after as many probes (defect %q)", platform, m.hooks, want, m.defect)
		}
	}
}

// The iBFT names a target once: its other units are found by the operating system.
func TestBootVolumesDescribesATargetOnce(t *testing.T) {
	at := func(index int64, iqn string, lun int) *baremetal.VolumeTarget {
		return target(t, index, fmt.Sprintf(`{"target_portal": "10.0.0.1:3260", "target_iqn": %q, "target_lun": %d}`, iqn, lun))
	}
	const a, b = "iqn.2026-01.test:a", "iqn.2026-01.test:b"
	for name, c := range map[string]struct {
		targets   []*baremetal.VolumeTarget
		described []bool
	}{
		"two units":   {[]*baremetal.VolumeTarget{at(0, a, 0), at(1, a, 1)}, []bool{true, false}},
		"two targets": {[]*baremetal.VolumeTarget{at(0, a, 0), at(1, b, 0)}, []bool{true, true}},
	} {
		s, err := BootVolumes(VolumeBoot{Node: "pc-07", Targets: c.targets})
		if err != nil {
			t.Fatal(err)
		}
		for i, described := range c.described {
			flag := map[bool]string{true: "", false: " --no-describe"}[described]
			if want := fmt.Sprintf("sanhook%s --drive %#x ", flag, 0x80+i); !strings.Contains(text(t, s), want) {
				t.Errorf("%s: the script has not %q:\n%s", name, want, text(t, s))
			}
		}
	}
}

func TestBootVolumesRefuses(t *testing.T) {
	with := func(key, value string) string {
		p := properties(t, plain)
		p["auth_username"], p["auth_password"] = "user", "secret-secret"
		var v any
		if err := json.Unmarshal([]byte(value), &v); err != nil {
			t.Fatal(err)
		}
		if p[key] = v; v == nil {
			delete(p, key)
		}
		b, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for _, c := range []struct{ key, value string }{
		{"target_portal", `null`}, {"target_portal", `""`}, {"target_portal", `7`},
		{"target_portal", `"10.0.0.1:"`}, {"target_portal", `"10.0.0.1:0"`}, {"target_portal", `"10.0.0.1:99999"`},
		{"target_portal", `"a b:3260"`}, {"target_portal", `"${net0/ip}:3260"`}, {"target_portal", `"host\nshell:3260"`},
		{"target_portal", `"fe80::1%eth0"`}, {"target_portal", `"[10.0.0.1]:3260"`}, {"target_portal", `"[fd00::1:3260"`},
		{"target_portal", `"::ffff:1.2.3.4%x"`},
		{"target_iqn", `null`}, {"target_iqn", `"disk"`}, {"target_iqn", `"iqn.a b"`}, {"target_iqn", `"iqn.2026-01.test:${x}"`},
		{"target_iqn", `"iqn.2026-01.test:a\nshell"`}, {"target_iqn", `"iqn.` + strings.Repeat("a", 223) + `"`}, {"target_iqn", `"iqn.ä"`},
		{"target_lun", `null`}, {"target_lun", `-1`}, {"target_lun", `1.5`}, {"target_lun", `65536`}, {"target_lun", `"x"`},
		{"target_lun", `"0x10"`}, {"target_lun", `true`}, {"target_lun", `1e300`},
		{"auth_method", `"KRB5"`},
		{"auth_username", `"a b"`}, {"auth_username", `"#a"`}, {"auth_username", `"||"`}, {"auth_username", `null`},
		{"auth_password", `"sesame open"`}, {"auth_password", `"open\nsesame"`}, {"auth_password", `"${sesame}"`},
		{"auth_password", `"sesame\u0000"`}, {"auth_password", `"sésame"`}, {"auth_password", `"&&"`}, {"auth_password", `";"`},
		{"auth_password", `null`}, {"auth_password", `"` + strings.Repeat("s", 256) + `"`},
		{"reverse_auth_username", `"lonely"`},
	} {
		_, err := BootVolumes(VolumeBoot{Targets: []*baremetal.VolumeTarget{target(t, 0, with(c.key, c.value))}})
		field := c.key
		if field == "reverse_auth_username" {
			field = "reverse_auth_password"
		}
		if !errors.Is(err, baremetal.ErrInvalid) || !strings.Contains(err.Error(), "t0") || !strings.Contains(err.Error(), field) {
			t.Errorf("%s = %s: error %v, want ErrInvalid that names t0 and %s", c.key, c.value, err, field)
		}
		if err != nil && strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s = %s: error %q contains the secret", c.key, c.value, err)
		}
	}
}

// fibre is a Fibre Channel target.
func fibre(t testing.TB, index int64, text string) *baremetal.VolumeTarget {
	t.Helper()
	v := target(t, index, text)
	v.VolumeType = "fibre_channel"
	return v
}

func TestBootVolumesOverFibreChannel(t *testing.T) {
	one, iscsi := fibre(t, 0, `{"target_wwn": "5006016012345678", "target_lun": 17}`), target(t, 1, plain)
	many := fibre(t, 2, `{"target_wwns": ["50:06:01:60:AB:CD:EF:01", "5006016000000002"], "target_luns": [1, "2"]}`)
	s, err := BootVolumes(VolumeBoot{Node: "pc-07", Fibre: true, Targets: []*baremetal.VolumeTarget{many, iscsi, one}, Self: "aa"})
	if err != nil {
		t.Fatal(err)
	}
	want := []hook{
		{drive: "0x80", described: true, uris: []string{"fcp:50:06:01:60:12:34:56:78:11"}},
		{drive: "0x81", uris: []string{"fcp:50:06:01:60:ab:cd:ef:01:1"}},
		{drive: "0x81", uris: []string{"fcp:50:06:01:60:00:00:00:02:2"}},
		{drive: "0x81", described: true, uris: []string{"fcp:50:06:01:60:ab:cd:ef:01:1", "fcp:50:06:01:60:00:00:00:02:2"}},
	}
	if m := run(text(t, s), &machine{}); m.defect != "" || m.end != "boot --no-describe --drive 0x80" || !reflect.DeepEqual(m.hooks, want) {
		t.Errorf("end %q, defect %q, hooks %+v, want %+v", m.end, m.defect, m.hooks, want)
	}
	m := run(text(t, s), &machine{failing: func(command string, _ []string) bool { return command == "sanhook" }})
	if said := strings.Join(m.said, " "); m.end != "poweroff" || !strings.Contains(said, "built with Fibre Channel over Ethernet") {
		t.Errorf("without FCoE in iPXE: end %q, said %q", m.end, said)
	}
	for _, bad := range []string{
		`{"target_lun": 0}`, `{"target_wwn": "5006016012345678"}`, `{"target_wwn": "500601601234567", "target_lun": 0}`,
		`{"target_wwn": "50060160123456zz", "target_lun": 0}`, `{"target_wwn": 7, "target_lun": 0}`,
		`{"target_wwn": "5006016012345678 x", "target_lun": 0}`,
		`{"target_wwns": ["5006016012345678", "5006016012345679"], "target_luns": [1, 2, 3]}`,
		`{"target_wwn": "5006016012345678", "target_lun": "0x1"}`,
	} {
		if _, err := BootVolumes(VolumeBoot{Fibre: true, Targets: []*baremetal.VolumeTarget{fibre(t, 0, bad)}}); !errors.Is(err,
			baremetal.ErrInvalid) {
			t.Errorf("%s: error %v, want ErrInvalid", bad, err)
		}
	}
}

// Whatever the properties are, a URI is iPXE's fcp:WWPN:LUN, or there is no script.
func FuzzFibreChannel(f *testing.F) {
	f.Add("5006016012345678", "1")
	f.Add("50:06:01:60:12:34:56:78", "65535")
	f.Add("5006016012345678\nshell", "${x}")
	uri := regexp.MustCompile(`^fcp(:[0-9a-f]{2}){8}:[0-9a-f]{1,4}$`)
	f.Fuzz(func(t *testing.T, name, lun string) {
		v := &baremetal.VolumeTarget{UUID: "t", VolumeType: "fibre_channel", Properties: baremetal.Object{"target_wwn": name, "target_lun": lun}}
		s, err := BootVolumes(VolumeBoot{Fibre: true, Targets: []*baremetal.VolumeTarget{v}})
		if err != nil {
			return
		}
		if m := run(text(t, s), &machine{}); m.defect != "" || len(m.hooks) != 1 || len(m.hooks[0].uris) != 1 ||
			!uri.MatchString(m.hooks[0].uris[0]) {
			t.Fatalf("hooks %+v, defect %q of %q, %q", m.hooks, m.defect, name, lun)
		}
	})
}

func TestBootVolumesNeedsABootVolume(t *testing.T) {
	fc := target(t, 0, plain)
	fc.VolumeType = "fibre_channel"
	for name, targets := range map[string][]*baremetal.VolumeTarget{
		"none": nil, "only index 1": {target(t, 1, plain)}, "only Fibre Channel": {fc},
	} {
		if _, err := BootVolumes(VolumeBoot{Targets: targets}); !errors.Is(err, baremetal.ErrInvalid) {
			t.Errorf("targets %s: error %v, want ErrInvalid", name, err)
		}
	}
	if _, err := BootVolumes(VolumeBoot{Initiator: "pc-07 ${x}", Targets: []*baremetal.VolumeTarget{target(t, 0, plain)}}); !errors.Is(err,
		baremetal.ErrInvalid) {
		t.Errorf("initiator that is no IQN: error %v, want ErrInvalid", err)
	}
}

// Whatever the properties are, iPXE ends up with exactly these values, or there
// is no script.
func FuzzBootVolumes(f *testing.F) {
	f.Add("pc-07", "iqn.a:i", "10.0.0.1:3260", "iqn.a:t", "1", "user", "secret")
	f.Add("pc\n07", "iqn.a:i", "[fd00::1]:3260", "eui.0123", "10", `a\`, `b\`)
	f.Add("${ip}", "iqn.a:i\nshell", "a\nb", "iqn.a\rb", "0x1", "#", "||")
	f.Add("; shell", "iqn.a:i", "fd00::1", "naa.1", "65535", "$", "{a}")
	f.Add("-n", "iqn.a:i", "h", "iqn.a:t#x", "07", "--help", "-p")
	f.Fuzz(func(t *testing.T, node, initiator, portal, name, lun, user, password string) {
		p := baremetal.Object{"target_portal": portal, "target_iqn": name, "target_lun": lun, "auth_username": user, "auth_password": password}
		tgt := &baremetal.VolumeTarget{UUID: "t", VolumeType: "iscsi", Properties: p}
		s, err := BootVolumes(VolumeBoot{Node: node, Initiator: initiator, Targets: []*baremetal.VolumeTarget{tgt}, Self: "m"})
		if err != nil {
			return
		}
		for _, failing := range []string{"", "sanhook", "sanboot"} {
			m := run(text(t, s), &machine{failing: func(command string, _ []string) bool { return command == failing }})
			if m.defect != "" || (failing == "") != strings.HasPrefix(m.end, "boot ") {
				t.Fatalf("end %q, defect %q of:\n%s", m.end, m.defect, text(t, s))
			}
			for _, h := range m.hooks {
				if h.initiator != initiator || h.user != user || h.password != password || len(h.uris) != 1 || !strings.HasSuffix(h.uris[0], ":"+name) {
					t.Fatalf("hook %+v of initiator %q, user %q, password %q, name %q", h, initiator, user, password, name)
				}
			}
		}
	})
}

// Whatever the properties are, a root path has its five fields, each one word, or there is
// none.
func FuzzRootPath(f *testing.F) {
	f.Add("10.0.0.1:3260", "iqn.a:t", "1")
	f.Add("[fd00::1]", "iqn.a:t\nshell", "0x1")
	f.Add("h:9", "eui.02:${x}", "65535")
	form := regexp.MustCompile(`^iscsi:([A-Za-z0-9.-]+|\[[0-9a-f:.]+\]):(:[0-9]{0,5}):([0-9a-f]{1,4}):[A-Za-z0-9.:_-]+$`)
	f.Fuzz(func(t *testing.T, portal, name, lun string) {
		p := baremetal.Object{"target_portal": portal, "target_iqn": name, "target_lun": lun}
		path, err := RootPath(&baremetal.VolumeTarget{UUID: "t", VolumeType: "iscsi", Properties: p})
		if err == nil && (!form.MatchString(path) || !strings.HasSuffix(path, ":"+name)) {
			t.Fatalf("%q of %q, %q, %q", path, portal, name, lun)
		}
	})
}
