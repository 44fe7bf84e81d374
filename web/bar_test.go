package web

import (
	"strings"
	"testing"
	"time"

	"ironhook/baremetal"
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
			Seq: int64(i + 1), At: dawn.Add(since), Kind: baremetal.EventKind(kind), Step: baremetal.EventKind(step), Detail: strings.ReplaceAll(detail, "_", " "),
		})
	}
	return list
}

// sketch draws a bar: done #, skipped /, failed !, waiting a dot.
func sketch(b Bar) string {
	var s strings.Builder
	for _, step := range b.Steps {
		s.WriteByte(map[StepState]byte{StepDone: '#', StepSkipped: '/', StepFailed: '!', StepWaiting: '.'}[step.State])
	}
	if b.Ended {
		s.WriteString(" ended")
	}
	if b.Reason != "" {
		s.WriteString(" because " + b.Reason)
	}
	return s.String()
}

const (
	whole   = "power-on@0s discover@3s offer@3.1s file@3.5s script@5s login@5.5s first-read@5.6s system@10s up@12s "
	byHand  = "discover@0s offer@1s file@2s script@3s login@4s first-read@5s system@6s up@7s "
	halfway = "power-on@0s discover@3s offer@3.1s "
)

func TestBootBar(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"never booted", "", "........."},
		{"only management", "node@0s provision@1s attach@2s", "........."},
		{"the log begins with the end of a boot", "power-off@0s", "........."},
		{"switched on", "power-on@0s", "#........"},
		{"halfway", halfway, "###......"},
		{"up", whole, "#########"},
		{"iPXE in ROM fetches no program", "power-on@0s discover@3s offer@4s script@5s", "###/#...."},
		{"switched on by hand", byHand, "/########"},
		{"firmware and iPXE both ask", halfway + "file@4s discover@6s offer@6.1s script@7s", "#####...."},
		{"refused", halfway + "refused@4s:no_volume_to_boot_from", "###!..... because no volume to boot from"},
		{"refused without a reason", "discover@0s refused@1s", "/#!...... because " + captions[baremetal.EventOffer].stuck},
		{"asks again after a refusal", halfway + "refused@4s:no discover@9s offer@9.1s", "###!..... because no"},
		{"gets past a refusal", halfway + "refused@4s:no file@9s", "####....."},
		{"gets past a refused step unseen", halfway + "refused@4s:no script@9s", "###/#...."},
		{"refused a script, without a loader before", halfway + "refused/script@4s:no_volume", "###/!.... because no volume"},
		{"refused an offer", "power-on@0s discover@3s refused/offer@3s:no_address_left", "##!...... because no address left"},
		{"refused a login", halfway + "file@4s script@5s refused/login@6s:wrong_secret", "#####!... because wrong secret"},
		{"another asks for its script", halfway + "file@4s script@5s refused/script@5.2s:other login@6s", "######..."},
		{"another asks after it is up", whole + "refused/script@60s:other", "#########"},
		{"an old refusal", halfway + "file@4s script@5s login@6s refused/offer@7s:late", "######..."},
		{"the BMC fails", "power-on@0s error/power-on@5s:no_route_to_host", "!........ because no route to host"},
		{"the BMC fails after an earlier boot", whole + "power-off@60s error/power-on@90s:no_route", "!........ because no route"},
		{"it started in spite of the BMC", "power-on@0s error/power-on@5s:timeout discover@9s", "/#......."},
		{"an error after the end is not the boot's", whole + "error@60s:power_sync", "#########"},
		{"switched off", whole + "power-off@60s", "######### ended"},
		{"switched off halfway", halfway + "power-off@60s", "###...... ended"},
		{"let go of its volume", whole + "logout@60s", "######### ended"},
		{"came back to its volume", whole + "logout@60s system@61s", "#########"},
		{"refused while it came back", whole + "logout@60s refused/login@61s:busy", "######### ended"},
		{"power on is a new boot", whole + "power-on@20s", "#........"},
		{"asks after a pause", byHand + "discover@128s", "/#......."},
		{"asks after the end", byHand + "logout@10s discover@30s", "/#......."},
		{"reset in the middle", halfway + "file@4s script@5s login@6s discover@9s", "/#......."},
		{"found to be on", "discover@0s offer@1s power-on@25s file@26s", "/###....."},
		{"found to be on, up already", byHand + "power-on@25s", "/########"},
		{"switched on long after it asked", "discover@0s offer@1s power-on@70s", "#........"},
		{"the log begins halfway", "login@0s first-read@1s", "/////##.."},
		{"two refusals", "discover@0s refused@1s:one refused@2s:two", "/#!...... because two"},
	} {
		if got := sketch(bootBar(events(t, test.in))); got != test.want {
			t.Errorf("%s: bootBar(%s) = %s, want %s", test.name, test.in, got, test.want)
		}
	}
}

func TestBootsAreCutAtTheirBeginnings(t *testing.T) {
	log := halfway + "power-off@60s power-on@90s discover@93s node@94s refused@95s:no discover@400s offer@401s"
	var got []string
	for _, b := range boots(events(t, log)) {
		var kinds []string
		for _, e := range b {
			kinds = append(kinds, string(e.Kind))
		}
		got = append(got, strings.Join(kinds, " "))
	}
	want := "power-on discover offer power-off | power-on discover refused | discover offer"
	if s := strings.Join(got, " | "); s != want {
		t.Errorf("boots(%s) = %s, want %s", log, s, want)
	}
}

func TestBarInTime(t *testing.T) {
	stuck := func(kind baremetal.EventKind) string { return captions[kind].stuck }
	for _, test := range []struct {
		in      string
		now     time.Duration
		elapsed time.Duration
		stuck   string
	}{
		{"", time.Hour, 0, ""},
		{"power-on@0s", 5 * time.Minute, 5 * time.Minute, ""},
		{"power-on@0s", 6 * time.Minute, 6 * time.Minute, stuck(baremetal.EventDiscover)},
		{halfway, 30 * time.Second, 30 * time.Second, ""},
		{halfway, 70 * time.Second, 70 * time.Second, stuck(baremetal.EventFile)},
		{halfway + "discover@60s", 70 * time.Second, 70 * time.Second, ""},
		{halfway + "refused@5s:no", time.Hour, 5 * time.Second, ""},
		{halfway + "power-off@8s", time.Hour, 3100 * time.Millisecond, ""},
		{whole, time.Hour, 12 * time.Second, ""},
	} {
		bar, now := bootBar(events(t, test.in)), dawn.Add(test.now)
		if got := bar.Elapsed(now); got != test.elapsed {
			t.Errorf("bootBar(%s).Elapsed(%v) = %v, want %v", test.in, test.now, got, test.elapsed)
		}
		if got := bar.Stuck(now); got != test.stuck {
			t.Errorf("bootBar(%s).Stuck(%v) = %q, want %q", test.in, test.now, got, test.stuck)
		}
	}
}

func TestEveryStepHasItsCaption(t *testing.T) {
	for _, kind := range baremetal.BootSteps {
		if c := captions[kind]; c.label == "" || c.done == "" || c.stuck == "" || c.patience == 0 {
			t.Errorf("captions[%s] = %+v, want all of it", kind, c)
		}
	}
	if got, want := len(captions), len(baremetal.BootSteps); got != want {
		t.Errorf("%d captions, want %d", got, want)
	}
}

func FuzzBootBar(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8}, []byte{1})
	f.Add([]byte{0, 12, 1, 9, 10, 11, 1, 3, 5, 1}, []byte{0, 200})
	f.Fuzz(func(t *testing.T, kinds, gaps []byte) {
		all := append(bootKinds[4:len(bootKinds):len(bootKinds)], append(bootKinds[:4:4], baremetal.EventNode)...)
		var log []*baremetal.Event
		at, parts := dawn, 0
		for i, k := range kinds {
			if len(gaps) > 0 {
				at = at.Add(time.Duration(gaps[i%len(gaps)]) * time.Second)
			}
			log = append(log, &baremetal.Event{At: at, Kind: all[int(k)%len(all)]})
		}
		for _, b := range boots(log) {
			parts += len(b)
			bar := barOf(b)
			if bar.Elapsed(at) < 0 || bar.Reached() > len(bar.Steps) || bar.Up() && bar.Running() || bar.Began.IsZero() {
				t.Errorf("barOf(%v) = %+v", b, bar)
			}
		}
		if parts > len(log) {
			t.Errorf("boots of %d events have %d", len(log), parts)
		}
	})
}
