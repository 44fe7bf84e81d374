package boot

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
			Seq: int64(i + 1), At: dawn.Add(since), Kind: baremetal.EventKind(kind), Step: baremetal.EventKind(step),
			Detail: strings.ReplaceAll(detail, "_", " "),
		})
	}
	return list
}

// sketch draws a bar: done #, skipped /, failed !, waiting a dot.
func sketch(b *Boot) string {
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

func TestBoot(t *testing.T) {
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
		{"refused without a reason", "discover@0s refused@1s", "/#!...... because " + Remedy(baremetal.EventOffer)},
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
		{"two disks, the second not attached", halfway + "file@4s script@5s login@6s error/login@9s:gave_up", "#####!... because gave up"},
		{"attached at the second attempt", halfway + "file@4s script@5s login@6s error/login@9s:gave_up login@12s", "######..."},
		{"attached after two failures", "login@6s error/first-read@7s:one error/login@9s:two login@12s", "/////#..."},
		{"refused a step that it had skipped", "refused/discover@1s:one refused/power-on@2s:two", "/!....... because one"},
		{"off, then a login", whole + "power-off@60s login@70s", "/////#..."},
		{"an offer after the logout", whole + "logout@60s offer@70s", "//#......"},
		{"a script after the end, from another DHCP server", whole + "logout@60s script@70s", "////#...."},
		{"a script while it is up, from another DHCP server", whole + "script@70s", "////#...."},
		{"a loader while it is up, from another DHCP server", whole + "file@70s script@71s", "///##...."},
		{"a second script before the login", halfway + "file@4s script@5s script@9s", "#####...."},
		{"the old session ends after a reset", whole + "discover@60s", "/#......."},
		{"found to be on, by its script", "script@0s login@2s power-on@25s", "////##..."},
		{"found to be on while the system starts", "discover@0s offer@1s script@3s login@4s system@9s power-on@25s up@26s", "/##/##/##"},
		{"the log begins halfway", "login@0s first-read@1s", "/////##.."},
		{"two refusals", "discover@0s refused@1s:one refused@2s:two", "/#!...... because two"},
	} {
		if got := sketch(NewHistory(events(t, test.in)).Last()); got != test.want {
			t.Errorf("%s: the boot of %q is %s, want %s", test.name, test.in, got, test.want)
		}
	}
}
