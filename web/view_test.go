package web

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/boot"
)

var dawn = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)

// events reads a log from text: "power-on@0s discover@3.2s refused/script@4s:no_volume".
func events(t testing.TB, text string) []*baremetal.Event {
	t.Helper()
	var list []*baremetal.Event
	for i, word := range strings.Fields(text) {
		word, detail, _ := strings.Cut(word, ":")
		kind, at, _ := strings.Cut(word, "@")
		kind, step, _ := strings.Cut(kind, "/")
		since, err := time.ParseDuration(at)
		if err != nil {
			t.Fatalf("event %q: %v", word, err)
		}
		list = append(list, &baremetal.Event{
			Seq: int64(i + 1), At: dawn.Add(since), Kind: baremetal.EventKind(kind), Step: baremetal.EventKind(step),
			Detail: strings.ReplaceAll(detail, "_", " "),
		})
	}
	return list
}

const (
	whole   = "power-on@0s discover@3s offer@3.1s file@3.5s script@5s login@5.5s first-read@5.6s system@10s up@12s "
	byHand  = "discover@0s offer@1s file@2s script@3s login@4s first-read@5s system@6s up@7s "
	halfway = "power-on@0s discover@3s offer@3.1s "
)

func TestBarView(t *testing.T) {
	for _, test := range []struct {
		name, in     string
		power        baremetal.PowerState
		link         boot.Link
		now          time.Duration
		mood, remark string
		ticking      bool
		classes      string // first letters
	}{
		{"idle", "", "", boot.LinkUnknown, 0, "idle", "No boot seen yet", false, "wwwwwwwww"},
		{"running", halfway, baremetal.PowerOn, boot.LinkUnknown, 4 * time.Second, "running", "Waiting for Loader", true, "dddnwwwww"},
		{"stuck", halfway, baremetal.PowerOn, boot.LinkUnknown, time.Hour, "stuck", "Stuck before Loader", true, "dddswwwww"},
		{"failed", halfway + "refused@4s:no", baremetal.PowerOn, boot.LinkUnknown, time.Hour, "failed", "Loader failed", false, "dddfwwwww"},
		{"up", whole, baremetal.PowerOn, boot.LinkUnknown, time.Hour, "up", "Up", false, "ddddddddd"},
		{"off without an event", halfway, baremetal.PowerOff, boot.LinkUnknown, time.Hour, "over", "Ended before Loader", false, "dddwwwwww"},
		{"off after it was up", whole + "power-off@20s", baremetal.PowerOff, boot.LinkUnknown, time.Hour, "over", "Was up", false, "ddddddddd"},
		{"up, linked", whole, baremetal.PowerOn, boot.LinkUp, time.Hour, "up", "Up", false, "ddddddddd"},
		{"up, the session gone", whole, baremetal.PowerOn, boot.LinkDown, time.Hour, "over", "Was up", false, "ddddddddd"},
		{"session renewed, not in the log", whole + "logout@60s", baremetal.PowerOn, boot.LinkUp, time.Hour, "up", "Up", false, "ddddddddd"},
		{"session renewed", whole + "logout@60s system@61s", baremetal.PowerOn, boot.LinkUnknown, time.Hour, "up", "Up", false, "ddddddddd"},
		{"refused while it renewed", whole +
			"logout@60s refused/login@61s:busy system@62s", baremetal.PowerOn, boot.LinkUp, time.Hour, "up", "Up", false, "ddddddddd"},
		{"an old answer about its power", whole, baremetal.PowerOff, boot.LinkUp, time.Hour, "up", "Up", false, "ddddddddd"},
		{"its boot is not in the log", "", "", boot.LinkUp, time.Hour, "up", "Up", false, "wwwwwwwww"},
		{"its root is read-only", strings.TrimSuffix(whole, "up@12s "), baremetal.PowerOn, boot.LinkUp, time.Hour, "up", "Up", false,
			"ddddddddw"},
		{"the loader's session", "script@0s login@1s", baremetal.PowerOn, boot.LinkUp, 2 * time.Second, "running", "Waiting for Read", true,
			"ssssddnww"},
		{"between the loader and the system", "script@0s login@1s", baremetal.PowerOn, boot.LinkDown, 2 * time.Second, "running",
			"Waiting for Read", true, "ssssddnww"},
	} {
		last := boot.NewHistory(events(t, test.in)).Last()
		v := newBarView(last, last.Status(boot.Sight{At: dawn.Add(test.now), Power: test.power, Link: test.link}))
		var classes strings.Builder
		for _, s := range v.Segments {
			classes.WriteByte(s.Class[0])
		}
		if v.Mood != test.mood || v.Caption != test.remark || (v.Since != 0) != test.ticking || classes.String() != test.classes {
			t.Errorf("%s: newBarView = %s, %q, since %d, %s; want %s, %q, ticking %v, %s",
				test.name, v.Mood, v.Caption, v.Since, &classes, test.mood, test.remark, test.ticking, test.classes)
		}
	}
}

func TestWaterfall(t *testing.T) {
	b := bootViews(boot.NewHistory(events(t, byHand+"power-on@300s discover@304s offer@305s")),
		boot.Sight{At: dawn.Add(306 * time.Second), Power: baremetal.PowerOn})
	if len(b) != 2 || b[0].Bar.Mood != "running" || b[1].Bar.Mood != "over" {
		t.Fatalf("bootViews = %+v, want a running boot, then one that is over", b)
	}
	s := b[0].Steps
	if s[1].At != "+4.0 s" || s[1].Delta != "4.0 s" || s[1].X != 0 || s[0].Delta != "" ||
		s[3].Since != dawn.Add(305*time.Second).UnixMilli() || s[3].Delta != "1.0 s" || s[1].Width != 800 || s[2].X != 800 || s[2].Width != 200 ||
		s[3].Width != 0 {
		t.Errorf("steps = %+v, want DHCP over the first 800, Offer over the last 200, no more", s[:4])
	}
}

func TestElapsed(t *testing.T) {
	for in, want := range map[time.Duration]string{
		0: "0 ms", 999 * time.Millisecond: "999 ms", 12390 * time.Millisecond: "12.3 s", 59999 * time.Millisecond: "59.9 s",
		185 * time.Second: "3 min 05 s", 2*time.Hour + 10*time.Minute: "2 h 10 min",
	} {
		if got := elapsed(in); got != want {
			t.Errorf("elapsed(%v) = %q, want %q", in, got, want)
		}
	}
}

func TestNatural(t *testing.T) {
	names := []string{"pc-10", "pc-2", "pc-02b", "PC-1", "pc-", "9", "10", "pc-2a", "µ-1", "pc-2٣", "pc-00"}
	slices.SortFunc(names, natural)
	got, want := strings.Join(names, " "), "9 10 PC-1 pc- pc-00 pc-2 pc-2a pc-02b pc-2٣ pc-10 µ-1"
	if got != want {
		t.Errorf("sorted by natural = %s, want %s", got, want)
	}
}

func TestGuarded(t *testing.T) {
	var got []string
	for _, f := range guarded(baremetal.Object{
		"ipmi_address": "10.0.0.7", "ipmi_password": "hunter2", "ipmi_hex_kg_key": "00ff", "target_lun": float64(1),
		"redfish_address": "https://root:calvin@bmc.example", "auth_username": "u", "something": map[string]any{"token": "x"},
		"reset_on_boot": true,
	}) {
		got = append(got, f.Name+"="+f.Value)
	}
	want := "auth_username=****** ipmi_address=10.0.0.7 ipmi_hex_kg_key=****** ipmi_password=****** " +
		"redfish_address=https://root:******@bmc.example reset_on_boot=true something=****** target_lun=1"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("guarded = %s, want %s", s, want)
	}
}

func TestActionsAreTheLegalOnes(t *testing.T) {
	for _, test := range []struct {
		power baremetal.PowerState
		state baremetal.ProvisionState
		want  string
	}{
		{"", baremetal.Enroll, "Power on, Reboot, Power off, Manage"},
		{baremetal.PowerOff, baremetal.Manageable, "Power on, Provide"},
		{baremetal.PowerOff, baremetal.Available, "Power on, Manage, Deploy"},
		{baremetal.PowerOn, baremetal.Active, "Reboot, Power off, Undeploy"},
		{baremetal.PowerOn, baremetal.DeployFailed, "Reboot, Power off, Deploy, Undeploy"},
		{baremetal.PowerOn, baremetal.DeployWait, "Reboot, Power off, Abort, Undeploy"},
		{baremetal.PowerOn, baremetal.Deploying, "Reboot, Power off"},
	} {
		var labels []string
		for _, a := range actions(&baremetal.Node{PowerState: test.power, ProvisionState: test.state}) {
			labels = append(labels, a.Label)
		}
		if got := strings.Join(labels, ", "); got != test.want {
			t.Errorf("actions(%q, %q) = %s, want %s", test.power, test.state, got, test.want)
		}
	}
}

func TestStrangers(t *testing.T) {
	log := []*baremetal.Event{
		{At: dawn.Add(-25 * time.Hour), MAC: "52:54:00:00:00:01", Kind: baremetal.EventDiscover},
		{At: dawn, MAC: "52:54:00:00:00:02", Kind: baremetal.EventDiscover},
		{At: dawn, MAC: "52:54:00:00:00:03", Kind: baremetal.EventDiscover},
		{At: dawn, MAC: "52:54:00:00:00:04", Node: "a-node", Kind: baremetal.EventDiscover},
		{At: dawn, MAC: "$(reboot)", Kind: baremetal.EventDiscover},
		{At: dawn, Kind: baremetal.EventDiscover},
		{At: dawn.Add(time.Second), MAC: "52:54:00:00:00:02", Kind: baremetal.EventRefused, Detail: "not enrolled"},
	}
	ports := []*baremetal.Port{{Address: "52:54:00:00:00:03"}}
	leases := []*baremetal.Lease{{MAC: "52:54:00:00:00:02", Address: netip.MustParseAddr("10.0.0.2")}}
	got := strangers(log, ports, leases, dawn.Add(time.Minute))
	want := stranger{MAC: "52:54:00:00:00:02", Address: "10.0.0.2", Seen: dawn.Add(time.Second), Last: "Refused: not enrolled",
		Name: "pc-000002"}
	if len(got) != 1 || got[0] != want {
		t.Errorf("strangers = %+v, want only %+v", got, want)
	}
}

func TestLocal(t *testing.T) {
	for in, want := range map[string]string{
		"":                        "/ui/",
		"/ui/":                    "/ui/",
		"/ui/machines/pc-01":      "/ui/machines/pc-01",
		"/ui/machines/a b":        "/ui/machines/a%20b",
		"//evil.example/ui/":      "/ui/",
		"https://evil.example/":   "/ui/",
		`/\evil.example/ui/`:      "/ui/",
		"/ui/../../evil":          "/ui/",
		"/ui//evil.example":       "/ui/evil.example",
		"javascript:alert(1)//ui": "/ui/",
		"/v1/nodes":               "/ui/",
		"/ui/machines/x?next=y":   "/ui/machines/x",
		"/ui/\r\nSet-Cookie: a":   "/ui/",
	} {
		if got := local(in); got != want {
			t.Errorf("local(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestEveryStepHasItsCaption(t *testing.T) {
	for _, kind := range baremetal.BootSteps {
		if c := captions[kind]; c.label == "" || c.done == "" {
			t.Errorf("captions[%s] = %+v, want all of it", kind, c)
		}
	}
	if got, want := len(captions), len(baremetal.BootSteps); got != want {
		t.Errorf("%d captions, want %d", got, want)
	}
}

// What a page shows when it is asked for some machines: of a kind, and by what is seen.
func TestNarrow(t *testing.T) {
	tiles := []tile{
		{UUID: "1", Name: "pc-1", Power: badge{"on", "good"}, State: badge{"active", "good"}, MAC: "52:54:00:00:00:01",
			Bar: barView{Mood: "up", Caption: "Up"}},
		{UUID: "2", Name: "pc-2", Power: badge{"off", "calm"}, State: badge{"available", "calm"}, Address: "10.0.0.7",
			Bar: barView{Mood: "idle", Caption: "No boot seen yet"}},
		{UUID: "3", Name: "lab-3", Power: badge{"on", "good"}, State: badge{"deploying", "busy"},
			Bar: barView{Mood: "running", Caption: "Waiting for DHCP"}},
		{UUID: "4", Name: "lab-4", Power: badge{"off", "calm"}, State: badge{"deploy failed", "bad"},
			Bar: barView{Mood: "failed", Caption: "Volume failed", Problem: "No volume root."}},
	}
	for _, test := range []struct{ kind, words, want string }{
		{"", "", "1234"}, {"on", "", "13"}, {"trouble", "", "4"}, {"booting", "", "3"}, {"nonsense", "", ""},
		{"", "on", "13"}, {"", "off", "24"}, {"", "up", "1"}, {"", "lab failed", "4"}, {"", "10.0.0.7", "2"}, {"", "ACTIVE", "1"},
		{"on", "lab", "3"}, {"", "provision state", ""}, {"", "offer", ""}, {"", "root", "4"},
	} {
		d := &dashboard{Tiles: slices.Clone(tiles)}
		d.narrow(test.kind, test.words)
		got := ""
		for _, t := range d.Tiles {
			if !t.Hidden {
				got += t.UUID
			}
		}
		if got != test.want {
			t.Errorf("narrow(%q, %q) shows %q, want %q", test.kind, test.words, got, test.want)
		}
	}
	slices.SortStableFunc(tiles, inOrder)
	if tiles[0].UUID != "4" || tiles[1].Name != "lab-3" || tiles[3].Name != "pc-2" {
		t.Errorf("in order: %+v, want trouble first, then by name", tiles)
	}
}

func TestWhatAPersonMustKnow(t *testing.T) {
	for _, test := range []struct {
		node  baremetal.Node
		ports int
		want  string
		alarm bool
	}{
		{baremetal.Node{}, 1, "", false},
		{baremetal.Node{}, 0, "It has no port: add one with its MAC address, by which it is recognised when it boots.", false},
		{baremetal.Node{LastError: "no route"}, 0, "no route", true},
		{baremetal.Node{Maintenance: true, MaintenanceReason: "fan"}, 1, "Maintenance: fan", false},
	} {
		m := &machine{node: &test.node, ports: make([]*baremetal.Port, test.ports)}
		if text, alarm := remarkable(m); text != test.want || alarm != test.alarm {
			t.Errorf("remarkable(%+v) = %q, %v, want %q, %v", test.node, text, alarm, test.want, test.alarm)
		}
	}
}
