package stick_test

import (
	"fmt"
	"testing"
	"time"

	"ironhook/e2e/lab"
)

// pull pulls the plug.
func (p *pc) pull() {
	p.t.Helper()
	must(p.t, "pull the plug", p.stick.pull())
	p.process.Kill()
}

// gone waits until the plug was pulled by what the PC wrote, switches it off, and returns how many sectors the stick had in
// its cache.
func (p *pc) gone() int {
	p.t.Helper()
	select {
	case <-p.stick.pulled:
	case <-time.After(bootLimit):
		p.t.Fatalf("the stick was not written to; the serial line: %v", p.process.Log.Lines())
	}
	p.process.Kill()
	return p.stick.lost
}

// pulled registers machines until the plug is pulled, after some writes, and starts again: those of kept and those that were
// acknowledged since are there. It returns all of them.
func (p *pc) pulled(c *lab.Client, round int, kept []string) []string {
	p.t.Helper()
	p.stick.pullAfter(1 + round*7%60)
	for n := 0; ; n++ {
		name := fmt.Sprintf("m-%d-%d", round, n)
		if register(p.t, c, name) != nil {
			break
		}
		kept = append(kept, name)
	}
	cached := p.gone()
	p.on()
	p.t.Logf("plug %d: %d sectors in the cache, page after %.1f s", round+1, cached, p.page(own).Seconds())
	for _, name := range kept {
		if _, err := c.Node(p.t.Context(), name); err != nil {
			p.t.Fatalf("round %d: %s was acknowledged: %v", round, name, err)
		}
	}
	return kept
}

// client is one of the stick's API, for the user admin.
func (p *pc) client(password string) *lab.Client {
	return lab.NewClient(p.Lab, "http://"+own+":6385", "admin", password)
}

func register(t *testing.T, c *lab.Client, name string) error {
	t.Helper()
	return c.Do(t.Context(), "POST", "/v1/nodes", map[string]any{"name": name, "driver": "fake-hardware"}, nil)
}
