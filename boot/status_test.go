package boot

import (
	"strings"
	"testing"
	"time"

	"ironhook/baremetal"
)

func TestStatus(t *testing.T) {
	const on, off = baremetal.PowerOn, baremetal.PowerOff
	readOnly := strings.TrimSuffix(whole, "up@12s ")
	for _, test := range []struct {
		in    string
		power baremetal.PowerState
		link  Link
		now   time.Duration
		want  State
		took  time.Duration
		stuck baremetal.EventKind // whose remedy is the problem
	}{
		{"", "", LinkUnknown, time.Hour, StateIdle, 0, ""},
		{"", on, LinkDown, time.Hour, StateIdle, 0, ""},
		{"", "", LinkUp, time.Hour, StateUp, 0, ""},
		{"power-on@0s", on, LinkUnknown, 5 * time.Minute, StateRunning, 5 * time.Minute, ""},
		{"power-on@0s", on, LinkUnknown, 6 * time.Minute, StateStuck, 6 * time.Minute, "discover"},
		{halfway, on, LinkUnknown, 30 * time.Second, StateRunning, 30 * time.Second, ""},
		{halfway, on, LinkDown, 70 * time.Second, StateStuck, 70 * time.Second, "file"},
		{halfway + "discover@60s", on, LinkDown, 70 * time.Second, StateRunning, 70 * time.Second, ""},
		{halfway + "power-off@8s", off, LinkUnknown, time.Hour, StateOver, 3100 * time.Millisecond, ""},
		{halfway, off, LinkUnknown, time.Hour, StateOver, 3100 * time.Millisecond, ""},
		{whole, on, LinkUnknown, time.Hour, StateUp, 12 * time.Second, ""},
		{whole, on, LinkUp, time.Hour, StateUp, 12 * time.Second, ""},
		{whole, off, LinkUp, time.Hour, StateUp, 12 * time.Second, ""},
		{whole, on, LinkDown, time.Hour, StateOver, 12 * time.Second, ""},
		{whole + "logout@20s", on, LinkUnknown, time.Hour, StateOver, 12 * time.Second, ""},
		{whole + "logout@20s", on, LinkUp, time.Hour, StateUp, 12 * time.Second, ""},
		{whole + "logout@20s system@21s", on, LinkUnknown, time.Hour, StateUp, 12 * time.Second, ""},
		{readOnly, on, LinkUp, 20 * time.Second, StateRunning, 20 * time.Second, ""},
		{readOnly, on, LinkUp, time.Hour, StateUp, 0, ""},
		{readOnly, on, LinkDown, time.Hour, StateStuck, time.Hour, "up"},

		// A request in the machine's name while it runs is no boot of it.
		{whole + "script@60s", on, LinkUp, 90 * time.Second, StateRunning, 30 * time.Second, ""},
		{whole + "script@60s", on, LinkUp, time.Hour, StateUp, 0, ""},
		{whole + "script@60s", on, LinkDown, time.Hour, StateStuck, time.Hour - time.Minute, "login"},
		{"script@0s login@1s", on, LinkUp, time.Hour, StateStuck, time.Hour, "first-read"},
	} {
		h := NewHistory(events(t, test.in))
		got := h.Last().Status(Sight{At: dawn.Add(test.now), Power: test.power, Link: test.link})
		seen := test.want != StateIdle && (test.want != StateUp || test.took != 0)
		if want := (Status{State: test.want, Problem: Remedy(test.stuck), Elapsed: test.took, Seen: seen}); got != want {
			t.Errorf("%q, power %q, link %d: Status(%v) = %+v, want %+v", test.in, test.power, test.link, test.now, got, want)
		}
	}
}

func TestStatusOfAFailure(t *testing.T) {
	b := NewHistory(events(t, halfway+"refused@5s:no")).Last()
	for _, now := range []Sight{{Power: baremetal.PowerOn}, {Power: baremetal.PowerOff}, {Link: LinkUp}, {Link: LinkDown}} {
		now.At = dawn.Add(time.Hour)
		if got, want := b.Status(now), (Status{State: StateFailed, Problem: "no", Elapsed: 5 * time.Second, Seen: true}); got != want {
			t.Errorf("Status(%+v) = %+v, want %+v", now, got, want)
		}
	}
}

func TestABootThatAnotherFollowedIsOver(t *testing.T) {
	h := NewHistory(events(t, byHand+"power-on@300s"))
	now := Sight{At: dawn.Add(301 * time.Second), Power: baremetal.PowerOn, Link: LinkUp}
	if first, last := h.Status(0, now).State, h.Status(1, now).State; first != StateOver || last != StateRunning {
		t.Errorf("states = %s, %s, want over, running", first, last)
	}
}

// A failure is red until the machine is switched off or nothing is deployed to it any more.
func TestAFailureEndsWithItsCause(t *testing.T) {
	failed := halfway + "refused@5s:no"
	for _, test := range []struct {
		in    string
		rests time.Duration
		want  State
	}{
		{failed, 0, StateFailed},
		{failed, 4 * time.Second, StateFailed}, // it was refused because nothing is deployed to it
		{failed, 6 * time.Second, StateOver},
		{failed + " power-off@9s", 0, StateOver},
		{failed + " power-off@9s error/attach@10s:no_volume", 0, StateFailed}, // the next deployment failed
		{failed + " power-off@9s error/attach@10s:no_volume", 11 * time.Second, StateOver},
	} {
		now := Sight{At: dawn.Add(time.Hour), Power: baremetal.PowerOff}
		if test.rests > 0 {
			now.Rests = dawn.Add(test.rests)
		}
		if got := NewHistory(events(t, test.in)).Last().Status(now).State; got != test.want {
			t.Errorf("%q, resting since %v: %s, want %s", test.in, test.rests, got, test.want)
		}
	}
	h := NewHistory(events(t, failed+" power-off@9s power-on@20s"))
	if got := h.Status(0, Sight{At: dawn.Add(time.Hour)}).State; got != StateFailed {
		t.Errorf("an earlier boot that failed is %s", got)
	}
}

func TestTheCauseIsNamed(t *testing.T) {
	for in, want := range map[string]baremetal.EventKind{
		"error/attach@5s:no_volume":                       baremetal.EventAttach,
		"error/power-on@5s:no_route":                      "",
		"power-on@0s error@5s:gave_up":                    "",
		"power-on@0s error/attach@5s:no power-on@9s":      "",
		"error/attach@5s:no_volume error/power-on@9s:bmc": "",
	} {
		if got := NewHistory(events(t, in)).Last().Cause; got != want {
			t.Errorf("%q: cause %q, want %q", in, got, want)
		}
	}
}

func TestAPersonPressesTheButton(t *testing.T) {
	for _, test := range []struct {
		in     string
		byHand bool
		want   State
		chore  bool
	}{
		{"power-on@0s", true, StateRunning, true}, // for as long as it takes
		{"power-on@0s", false, StateStuck, false},
		{"power-on@0s discover@1s offer@2s", true, StateStuck, false},
		{whole, true, StateUp, false},
		{"", true, StateIdle, false},
	} {
		got := NewHistory(events(t, test.in)).Last().Status(Sight{At: dawn.Add(time.Hour), Power: baremetal.PowerOn, ByHand: test.byHand})
		if got.State != test.want || (got.Chore != "") != test.chore {
			t.Errorf("%q, by hand %v: %+v, want %s, a chore: %v", test.in, test.byHand, got, test.want, test.chore)
		}
	}
}

// A UEFI that fetches iPXE and does not start it most often refuses it for Secure Boot; a
// BIOS, and an iPXE that started, have other causes.
func TestSecureBootIsNamed(t *testing.T) {
	const uefi, bios = "power-on@0s discover@1s:PXE,_UEFI_x64 offer@2s file@3s ", "power-on@0s discover@1s:PXE,_BIOS offer@2s file@3s "
	for in, named := range map[string]bool{
		uefi: true,
		uefi + "discover@9s:HTTP_boot,_UEFI_x64_HTTP offer@9s file@10s": true,
		uefi + "discover@9s:PXE,_UEFI_x64":                              true, // it goes on with the next card
		uefi + "discover@4s:iPXE_on_UEFI_x64 offer@4s":                  false,
		bios: false,
		"power-on@0s discover@1s:PXE,_UEFI_x64 offer@2s": false,
	} {
		got := NewHistory(events(t, in)).Last().Status(Sight{At: dawn.Add(90 * time.Second)})
		if got.State != StateStuck || strings.Contains(got.Problem, "Secure Boot") != named {
			t.Errorf("%q: %+v, want Secure Boot named: %v", in, got, named)
		}
	}
}
