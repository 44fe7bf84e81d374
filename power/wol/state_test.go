package wol

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/conductor"
	"ironhook/power/powertest"
)

// A driver that sees the machine passes the same suite: off is known where ssh has switched it off.
func TestSuiteWithState(t *testing.T) {
	powertest.Run(t, func(t *testing.T) (conductor.Power, *baremetal.Node) {
		s := running(t)
		return s.power(t), s.node(baremetal.Object{"wol_state": "ping", "wol_ping_address": s.address})
	})
}

// signs is a machine that has a session or answers, or neither.
type signs struct {
	session, answers bool
	err              error // of the store
	asked            []string
}

func (s *signs) power(t *testing.T) Power {
	t.Helper()
	p := driver(nil, "52:54:00:aa:bb:01")
	p.pause = 0
	p.session = func(_ context.Context, node string) (bool, error) {
		s.asked = append(s.asked, "session of "+node)
		return s.session, s.err
	}
	p.dial = func(_ context.Context, _, address string) (net.Conn, error) {
		s.asked = append(s.asked, address)
		if s.answers {
			c, other := net.Pipe()
			t.Cleanup(func() { other.Close() })
			return c, nil
		}
		return nil, errors.New("timeout")
	}
	return p
}

// What each source makes of what a machine shows, which was seen on before or not.
func TestState(t *testing.T) {
	const on, off, unknown = baremetal.PowerOn, baremetal.PowerOff, baremetal.PowerState("")
	for _, c := range []struct {
		state, address string
		signs          signs
		before         time.Duration // since it was seen on; 0 is never
		want           baremetal.PowerState
		asked          string
	}{
		{"", "", signs{session: true, answers: true}, time.Hour, unknown, ""},
		{"", "192.0.2.7", signs{session: true, answers: true}, time.Hour, unknown, ""},
		{"session", "", signs{session: true}, 0, on, "session of u7"},
		{"session", "", signs{}, time.Hour, unknown, "session of u7"},
		{"session", "192.0.2.7", signs{session: true}, 0, on, "session of u7"},
		{"session", "192.0.2.7", signs{answers: true}, 0, on, "session of u7 192.0.2.7:22"},
		{"session", "192.0.2.7:80", signs{}, time.Hour, off, "session of u7 192.0.2.7:80 192.0.2.7:80"},
		{"session", "192.0.2.7", signs{}, time.Minute, unknown, "session of u7 192.0.2.7:22 192.0.2.7:22"},
		{"session", "192.0.2.7", signs{}, 0, unknown, "session of u7 192.0.2.7:22 192.0.2.7:22"},
		{"ping", "192.0.2.7", signs{session: true, answers: true}, 0, on, "192.0.2.7:22"},
		{"ping", "[2001:db8::7]:80", signs{session: true}, time.Hour, off, "[2001:db8::7]:80 [2001:db8::7]:80"},
	} {
		p := c.signs.power(t)
		if c.before > 0 {
			p.seen.on("u7", time.Now().Add(-c.before))
		}
		n := &baremetal.Node{UUID: "u7", Name: "pc-07", DriverInfo: baremetal.Object{"wol_state": c.state, "wol_ping_address": c.address}}
		got, err := p.State(t.Context(), n)
		if asked := strings.Join(c.signs.asked, " "); got != c.want || err != nil || asked != c.asked {
			t.Errorf("%+v: %q, %v, asked %q", c, got, err, asked)
		}
	}
	s := signs{err: errors.New("disk full")}
	_, err := s.power(t).State(t.Context(), &baremetal.Node{Name: "pc-07", DriverInfo: baremetal.Object{"wol_state": "session"}})
	if !errors.Is(err, s.err) || !strings.Contains(err.Error(), "pc-07") {
		t.Errorf("State = %v", err)
	}
}

// A machine that is switched on is not off because it does not answer yet, however long its firmware takes: its
// volumes would be taken away. One that was shut down is off at once.
func TestSwitchingBeginsAnew(t *testing.T) {
	_, port := listen(t, "127.0.0.1:0")
	for action, want := range map[baremetal.PowerState]baremetal.PowerState{baremetal.PowerOn: "", baremetal.PowerOff: "",
		baremetal.Reboot: "", "refused": baremetal.PowerOff} {
		s := &signs{}
		p := s.power(t)
		n := &baremetal.Node{UUID: "u7", DriverInfo: baremetal.Object{"wol_host": "127.0.0.1", "wol_port": port, "wol_off": "by-hand",
			"wol_state": "session", "wol_ping_address": "192.0.2.7"}}
		p.seen.on("u7", time.Now().Add(-time.Hour))
		if action == "refused" {
			n.DriverInfo["wol_off"], action = "refuse", baremetal.PowerOff
			if err := p.Set(t.Context(), n, action); !errors.Is(err, baremetal.ErrUnsupported) {
				t.Errorf("Set = %v", err)
			}
		} else if err := p.Set(t.Context(), n, action); err != nil {
			t.Fatal(err)
		}
		if got, err := p.State(t.Context(), n); got != want || err != nil {
			t.Errorf("State after %s = %q, %v, want %q", action, got, err, want)
		}
		p.seen.shut("u7")
		if got, err := p.State(t.Context(), n); got != baremetal.PowerOff || err != nil {
			t.Errorf("State of a machine that was shut down = %q, %v", got, err)
		}
	}
}

// Time that runs out is no sign that a machine is off.
func TestStateInNoTime(t *testing.T) {
	s := &signs{}
	p := s.power(t)
	p.seen.shut("u7")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n := &baremetal.Node{UUID: "u7", DriverInfo: baremetal.Object{"wol_state": "ping", "wol_ping_address": "192.0.2.7"}}
	if got, err := p.State(ctx, n); got != "" || !errors.Is(err, context.Canceled) {
		t.Errorf("State = %q, %v", got, err)
	}
}

func TestStateValidate(t *testing.T) {
	for _, c := range []struct {
		info baremetal.Object
		want string
	}{
		{baremetal.Object{"wol_state": "magic"}, `Invalid driver_info: wol_state is "magic", want one of unknown, session, ping.`},
		{baremetal.Object{"wol_state": "ping"}, "Invalid driver_info: wol_state=ping needs wol_ping_address."},
		{baremetal.Object{"wol_state": "session", "wol_ping_address": ":22"}, "Invalid driver_info: wol_ping_address has no host."},
		{baremetal.Object{"wol_state": "session", "wol_ping_silence": 0},
			`Invalid driver_info: wol_ping_silence is "0", want a number from 1 to 600.`},
	} {
		err := driver(nil).Validate(&baremetal.Node{DriverInfo: c.info})
		if !errors.Is(err, baremetal.ErrInvalid) || fmt.Sprint(err) != c.want {
			t.Errorf("Validate(%v) = %v, want %s", c.info, err, c.want)
		}
	}
}
