//go:build stick

package stick_test

import (
	"io"
	"net"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"ironhook/e2e/lab"
)

// ready switches the PC on and waits until the stick serves.
func (p *pc) ready() {
	p.t.Helper()
	p.on()
	p.expect(`State\s+(ready)`)
}

// password is the one that the screen shows, or else a new one.
func (p *pc) password() string {
	p.t.Helper()
	const shown = `Password\s+(\S+)`
	if !slices.ContainsFunc(p.process.Log.Lines(), func(l lab.Line) bool { return regexp.MustCompile(shown).MatchString(l.Text) }) {
		p.typed("p", "new")
	}
	password, _ := p.expect(shown)
	return password
}

// typed types lines on the serial line. What the guest prints goes to the log as well, so that
// here it is only taken.
func (p *pc) typed(lines ...string) {
	p.t.Helper()
	if p.serial == nil {
		var err error
		p.serial, err = net.Dial("unix", filepath.Join(p.Dir, "serial"))
		must(p.t, "serial line", err)
		go io.Copy(io.Discard, p.serial)
	}
	for _, line := range lines {
		_, err := p.serial.Write([]byte(line + "\r"))
		must(p.t, "type", err)
	}
}

// ironhook runs a command against the stick.
func (p *pc) ironhook(password string, args ...string) (string, error) {
	p.t.Helper()
	program, err := client()
	must(p.t, "build", err)
	env := []string{"IRONHOOK_URL=http://" + own + ":6385", "OS_USERNAME=admin", "OS_PASSWORD=" + password}
	return p.Output(p.t.Context(), env, program, args...)
}

// runs waits until the stick runs from this slot, and failed is the one of an upgrade that failed.
func (p *pc) runs(c *lab.Client, slot, failed string) {
	p.t.Helper()
	type answer struct {
		Slot   string
		Failed string `json:"failed_slot"` // left out where none has
	}
	var told answer
	for end := time.Now().Add(2 * bootLimit); time.Now().Before(end); time.Sleep(time.Second) {
		told = answer{}
		if err := c.Do(p.t.Context(), "GET", "/ironhook/v1/stick", nil, &told); err == nil && told.Slot == slot && told.Failed == failed {
			return
		}
	}
	p.t.Fatalf("the stick runs from slot %q, failed %q; want %q, %q; its serial line: %v", told.Slot, told.Failed, slot, failed,
		p.process.Log.Lines())
}
