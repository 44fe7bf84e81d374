package boot

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"ironhook/baremetal"
)

// cut shows where boots begin: the kinds of their events, a bar between boots.
func cut(h History) string {
	var boots []string
	for _, b := range h {
		var kinds []string
		for _, e := range b.Events {
			kinds = append(kinds, string(e.Kind))
		}
		boots = append(boots, strings.Join(kinds, " "))
	}
	return strings.Join(boots, " | ")
}

func TestHistory(t *testing.T) {
	const up = "script@0s login@1s system@2s up@3s "
	for _, test := range []struct{ in, want string }{
		{"", ""},
		{"node@0s attach@1s", ""},
		{"power-off@0s logout@1s", ""},
		{"power-off@0s power-on@1s power-off@2s power-off@3s", "power-on power-off power-off"},
		{halfway + "power-off@60s power-on@90s discover@93s node@94s refused@95s:no discover@400s offer@401s",
			"power-on discover offer power-off | power-on discover refused | discover offer"},
		{"power-on@0s power-on@1s", "power-on | power-on"},

		// After a logout the system may come back; what only firmware asks for is a boot.
		{up + "logout@4s login@5s system@6s logout@7s", "script login system up logout login system logout"},
		{up + "logout@4s refused/login@5s system@6s", "script login system up logout refused system"},
		{up + "logout@4s refused/login@5s discover@6s", "script login system up logout refused | discover"},
		{up + "logout@4s refused/login@5s refused/offer@6s", "script login system up logout refused | refused"},
		{up + "logout@4s refused@5s", "script login system up logout | refused"},
		{up + "logout@4s error/power-on@5s", "script login system up logout | error"},
		{up + "logout@4s offer@5s", "script login system up logout | offer"},
		{up + "logout@4s file@5s script@6s", "script login system up logout | file script"},

		// After a power-off everything is.
		{up + "power-off@4s login@5s", "script login system up power-off | login"},
		{up + "power-off@4s logout@5s login@6s", "script login system up power-off logout | login"},
		{up + "power-off@4s refused/login@5s", "script login system up power-off | refused"},
		{up + "power-off@4s script@5s", "script login system up power-off | script"},

		// A reset is seen by what firmware asks for.
		{"discover@0s offer@1s discover@5s offer@6s script@7s", "discover offer discover offer script"},
		{"discover@0s offer@1s discover@2m1s", "discover offer discover"},
		{"discover@0s offer@1s discover@2m2s", "discover offer | discover"},
		{"discover@0s offer@1s file@1h", "discover offer file"},
		{"discover@0s script@1s discover@2s", "discover script | discover"},
		{"discover@0s login@1s discover@2s", "discover login | discover"},
		{"discover@0s refused/script@1s discover@2s", "discover refused discover"},
		{"script@0s script@1s login@2s", "script script login"},
		{"script@0s refused/login@1s script@2s", "script refused script"},
		{"script@0s login@1s script@2s", "script login | script"},
		{"script@0s login@1s file@2s", "script login | file"},
		{"script@0s login@1s offer@2s", "script login offer"},

		// A machine is found to be on by its requests, then by its BMC.
		{"discover@0s power-on@59s login@61s", "discover login"},
		{"discover@0s power-on@1m", "discover | power-on"},
		{"file@0s power-on@1s", "file"},
		{"login@0s power-on@1s", "login | power-on"},
		{"refused@0s power-on@1s", "refused | power-on"},
		{"discover@0s power-off@1s power-on@2s", "discover power-off | power-on"},
	} {
		if got := cut(NewHistory(events(t, test.in))); got != test.want {
			t.Errorf("NewHistory(%s) = %s, want %s", test.in, got, test.want)
		}
	}
}

// others stands for what other machines do in this one's name.
var others = strings.Repeat("refused/login@70s:wrong_secret ", 300)

func TestReadFindsThePresentBoot(t *testing.T) {
	reader := func(log []*baremetal.Event) func([]baremetal.EventKind, int) ([]*baremetal.Event, error) {
		return func(kinds []baremetal.EventKind, limit int) (found []*baremetal.Event, err error) {
			for _, e := range log {
				if slices.Contains(kinds, e.Kind) {
					found = append(found, e)
				}
			}
			return found[max(0, len(found)-limit):], nil
		}
	}
	for _, test := range []struct{ name, in, want string }{
		{"nothing", "", "........."},
		{"a boot", whole, "#########"},
		{"many boots", strings.Repeat(whole, 50), "#########"},
		{"refused since", whole + others, "#########"},
		{"refused before and since", others + whole + others, "#########"},
		{"nothing but refusals", others, "/////!... because wrong secret"},
	} {
		h, err := Read(200, reader(events(t, test.in)))
		if got := sketch(h.Last()); err != nil || got != test.want {
			t.Errorf("%s: Read = %s, %v, want %s", test.name, got, err, test.want)
		}
	}
	broken := errors.New("broken")
	if _, err := Read(1, func([]baremetal.EventKind, int) ([]*baremetal.Event, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("Read = %v, want the error of its source", err)
	}
}

func TestEveryStepHasItsRemedy(t *testing.T) {
	for _, kind := range baremetal.BootSteps {
		if steps[kind].remedy == "" || steps[kind].patience == 0 {
			t.Errorf("steps[%s] = %+v, want a patience and a remedy", kind, steps[kind])
		}
	}
	if got, want := len(steps), len(baremetal.BootSteps); got != want {
		t.Errorf("%d steps, want %d", got, want)
	}
}
