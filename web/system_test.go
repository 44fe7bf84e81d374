package web

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/store"
)

// The page of the system shows accounts, links and the log to administrators only.
func TestSystemPage(t *testing.T) {
	role := baremetal.RoleAdmin
	r := newRoom(t, func(w *Web) {
		w.Role = func(string) baremetal.Role { return role }
		w.FileUsers = func() []string { return []string{"admin"} }
		w.System = func() System {
			return System{Host: "lab", LogLevel: "warn", Log: []string{`level=WARN msg="<b>careful"`}, Started: time.Now().Add(-time.Hour),
				Backups: &Backups{To: "/srv", Keep: 7, Made: []time.Time{time.Now()}}, Limits: []Limit{{"things", 4, 4}}}
		}
		w.Metrics = http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { fmt.Fprint(rw, "ironhook_nodes 1\n") })
	}).enter()
	r.hang("lobby", "the-token")
	r.update(func(tx *store.Tx) error {
		if err := tx.Users().Insert(&baremetal.User{Name: "ada", Role: baremetal.RoleViewer, Digest: "$2a$digest"}); err != nil {
			return err
		}
		return tx.Append(baremetal.Event{Kind: baremetal.EventError, Detail: "backup: disk <full>"})
	})
	r.pagesSay("/ui/system", []string{"1.2.3", "lab", "1; the newest 7 and what they need", "4 of 4, reached", "&lt;b&gt;careful",
		"disk &lt;full&gt;", `data-path="/ironhook/v1/users/ada"`,
		`data-path="/ironhook/v1/walls/lobby"`, "in the file htpasswd", `<option selected>warn`, "Plain HTTP"}, "$2a$", "the-token",
		baremetal.TokenHash("the-token"))
	r.pagesSay("/ui/metrics", []string{"ironhook_nodes 1"})
	role = baremetal.RoleOperator
	r.pagesSay("/ui/system", []string{"1.2.3", "disk &lt;full&gt;"}, "careful", "ada", "lobby", "/ironhook/v1/users")
}

// The first steps are ticked when they are seen to work.
func TestStartPage(t *testing.T) {
	network := Network{Interface: "br0", Prefix: netip.MustParsePrefix("10.0.0.1/24"), Mode: "full", Why: "It leases.", Rival: true}
	r := newRoom(t, func(w *Web) { w.Networks = func() []Network { return []Network{network} } }).enter()
	done := func() int { return strings.Count(r.get("/ui/start").body, `class="card done"`) }
	if got := done(); got != 0 {
		t.Errorf("with a rival and nothing else, %d steps are done", got)
	}
	r.pagesSay("/ui/start", []string{"This step is ticked when"})
	network.Rival = false
	if got := done(); got != 1 {
		t.Errorf("with a network, %d steps are done", got)
	}
	r.update(func(tx *store.Tx) error {
		return tx.Images().Insert(&baremetal.Image{UUID: "i-1", Name: "debian", Status: baremetal.ImageActive})
	})
	if got := done(); got != 2 {
		t.Errorf("with an image, %d steps are done", got)
	}
	r.enroll(&baremetal.Node{UUID: "node-1", Name: "pc-1", PowerState: baremetal.PowerOn}, "52:54:00:00:00:01")
	if got := done(); got != 2 {
		t.Errorf("with a machine that never booted, %d steps are done", got)
	}
	network.Rival = true
	r.happen("node-1", baremetal.BootSteps[:5]...)
	if got := done(); got != 2 || strings.Contains(r.get("/ui/start").body, "This step is ticked when") {
		t.Errorf("with a machine that got its script beside a rival, %d steps are done", got)
	}
	r.happen("node-1", baremetal.BootSteps[5:]...)
	if got := done(); got != 3 {
		t.Errorf("with a machine that is up, %d steps are done", got)
	}
}

// A range of addresses is drawn with what each is.
func TestRangeMaps(t *testing.T) {
	a := netip.MustParseAddr
	maps := rangeMaps([]Network{{Interface: "br0"}, {Interface: "br1", First: a("10.0.0.100"), Last: a("10.0.0.139")}}, []leaseRow{
		{Address: a("10.0.0.100"), Node: "pc-1"}, {Address: a("10.0.0.101"), MAC: "52:54:00:00:00:01", Foreign: true},
		{Address: a("10.0.0.139"), MAC: "m", Over: true}, {Address: a("10.0.0.9")},
	})
	if len(maps) != 1 || maps[0].Used != 2 || len(maps[0].Cells) != 40 || maps[0].Rows() != 2 {
		t.Fatalf("maps %+v", maps)
	}
	for i, want := range map[int]string{0: "ours 10.0.0.100: pc-1", 1: "foreign 10.0.0.101: 52:54:00:00:00:01, given by another server",
		2: "free 10.0.0.102: free", 39: "over 10.0.0.139: m, until lately"} {
		if c := maps[0].Cells[i]; c.Class+" "+c.Title != want {
			t.Errorf("cell %d is %s %s, want %s", i, c.Class, c.Title, want)
		}
	}
	if c := maps[0].Cells[39]; c.X != 7 || c.Y != 1 {
		t.Errorf("the last cell is at %d, %d", c.X, c.Y)
	}
	huge := rangeMaps([]Network{{First: a("10.0.0.0"), Last: a("10.255.255.255")}}, nil)
	if len(huge[0].Cells) != mapCells {
		t.Errorf("a huge range has %d cells", len(huge[0].Cells))
	}
}

// The page of boots draws those of its hours, and names the slowest step.
func TestBootsPage(t *testing.T) {
	r := newRoom(t).enter()
	r.enroll(&baremetal.Node{UUID: "node-1", Name: "pc-<1>", PowerState: baremetal.PowerOn}, "52:54:00:00:00:01")
	r.enroll(&baremetal.Node{UUID: "node-2", Name: "pc-2"}, "52:54:00:00:00:02")
	r.happen("node-1", baremetal.BootSteps[:4]...)
	r.pagesSay("/ui/boots?hours=1", []string{"1 machine booted", "pc-&lt;1&gt;", "<rect", `aria-current="page"`}, "pc-2", "NaN")
	r.pagesSay("/ui/boots?hours=0", []string{`hours=3" aria-current="page"`})
	r.pagesSay("/ui/boots?hours=%3Cscript", []string{`hours=3" aria-current="page"`})
}

func TestPlaceInLane(t *testing.T) {
	at := func(m int) time.Time { return time.Unix(0, 0).Add(time.Duration(m) * time.Minute) }
	for _, c := range []struct {
		a, b     int
		x, width int
		seen     bool
	}{
		{0, 60, 0, 1000, true}, {15, 30, 250, 250, true}, {-60, 30, 0, 500, true}, {-20, -10, 0, 0, false}, {60, 61, 0, 0, false},
		{30, 30, 500, 4, true},
	} {
		if x, width, seen := place(at(c.a), at(c.b), at(0), at(60)); x != c.x || width != c.width || seen != c.seen {
			t.Errorf("from %d to %d = %d, %d, %t, want %+v", c.a, c.b, x, width, seen, c)
		}
	}
	b := &boot.Boot{Began: at(0), Steps: []boot.Step{
		{Kind: baremetal.EventPowerOn, State: boot.StepDone, At: at(0)}, {Kind: baremetal.EventDiscover, State: boot.StepDone, At: at(3)},
		{Kind: baremetal.EventOffer, State: boot.StepDone, At: at(4)}, {Kind: baremetal.EventFile, State: boot.StepWaiting},
	}}
	if s := slowestStep(b); s.Took != 3*time.Minute || s.Step != "DHCP" {
		t.Errorf("the slowest step is %+v", s)
	}
}
