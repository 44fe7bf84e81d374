package volumes_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"ironhook/e2e/lab"
	"ironhook/internal/asked"
)

// TestHands deploys a machine that a person switches, and kills the program while the plan waits: it goes on
// waiting, until it is confirmed, aborted, or nobody has come. The volume is the machine's no longer than that.
func TestHands(t *testing.T) {
	if testing.Short() {
		t.Skip("kills the program")
	}
	p := byHand(t)
	p.enrollByHand()
	p.must(p.verb("active"))
	p.rest()
	p.waitsForHand("press its power button", 1)
	p.kill()
	p.kill = p.serve(p.program, "none")
	p.waitsForHand("press its power button", 1)
	p.confirm()
	p.settles("active", "power on", "<nil>", 1)

	p.must(p.verb("rebuild"))
	p.rest()
	p.waitsForHand("switch it off", 1)
	p.confirm()
	p.waitsForHand("press its power button", 1)
	p.must(p.verb("abort"))
	p.settles("deploy failed", "power off", "which waited for a hand: press its power button", 0)

	p.ok("PATCH", "/v1/nodes/pc", `[{"op": "add", "path": "/driver_info/manual_wait", "value": 1}]`)
	p.must(p.verb("active"))
	p.settles("deploy failed", "power off", "waited 1s for a hand: press its power button", 0)
}

// TestHandsCut kills the program before the n-th change of its files while it takes a person's word, as
// [TestCrashMatrix] does with verbs: the word is kept, or can be given again.
func TestHandsCut(t *testing.T) {
	if testing.Short() {
		t.Skip("kills the program")
	}
	p := byHand(t)
	total := p.cutConfirmation(0)
	if total == 0 {
		t.Fatal("a confirmation, not cut, has changed nothing on the disk")
	}
	points := asked.Points(t, total, 3)
	for _, point := range points {
		p.cutConfirmation(point)
		if t.Failed() {
			t.Fatalf("a confirmation, cut at point %d of %d", point, total)
		}
	}
	t.Logf("a confirmation cut at %d of %d points", len(points), total)
}

// cutConfirmation has a new machine wait for a hand, and cuts what comes when it is confirmed.
func (p *planner) cutConfirmation(point int) (changes int) {
	p.Helper()
	p.enrollByHand()
	p.must(p.verb("active"))
	p.waitsForHand("press its power button", 1)
	c := cut(p.T, p.pid, filepath.Join(p.dir, "data"), point)
	err := p.tryConfirm()
	for err == nil && p.alive() && p.state() != "active" {
	}
	changes = c.done(p.T)
	p.kill()
	p.kill = p.serve(p.program, "none")
	p.rest()
	switch state := p.state(); state {
	case "active":
	case "deploy failed":
		if p.field("/v1/nodes/pc", "power_state") != "power off" || p.grants() != 0 {
			p.Errorf("failed, the machine is %s with %d volumes", p.field("/v1/nodes/pc", "power_state"), p.grants())
		}
		p.must(p.verb("active"))
		p.waitsForHand("press its power button", 1)
		p.confirm()
	default:
		_ = p.tryConfirm() // refused where the word was kept, and is acted upon by now
	}
	p.settles("active", "power on", "<nil>", 1)
	return changes
}

// byHand starts the program for machines that a person switches.
func byHand(t *testing.T) *planner {
	t.Helper()
	program, err := lab.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := &planner{pointed: &pointed{cloud: &cloud{T: t, dir: t.TempDir(), options: []string{"--hardware-types", "manual-management"}},
		program: program}}
	p.kill = p.serve(program, "none")
	p.version = "1.110" // from which a deployment that waits is aborted
	p.images = []string{p.upload("golden", 2<<20)}
	return p
}

// enrollByHand makes the node anew, and available.
func (p *planner) enrollByHand() {
	p.Helper()
	p.removed()
	p.ok("POST", "/v1/nodes",
		fmt.Sprintf(`{"name": "pc", "driver": "manual-management", "storage_interface": "iscsi", "boot_interface": "ipxe",
		"driver_info": {"manual_wait": 600}, "properties": {"capabilities": "iscsi_boot:True"}, "instance_info": {"image_source": %q}}`, p.images[0]))
	p.ok("POST", "/v1/ports", fmt.Sprintf(`{"address": "52:54:00:00:00:01", "node_uuid": %q}`, p.field("/v1/nodes/pc", "uuid")))
	for _, word := range []string{"manage", "provide"} {
		p.must(p.verb(word))
		p.rest()
	}
}

// waitsForHand holds the node against one that waits for a person.
func (p *planner) waitsForHand(chore string, grants int) {
	p.Helper()
	p.reach("the node to wait for a hand", func() bool { return p.rests() && p.state() == "wait call-back" })
	if waits := p.field("/v1/nodes/pc", "driver_internal_info"); !strings.Contains(waits, chore) || p.grants() != grants {
		p.Fatalf("it waits for %s with %d volumes, want %q and %d", waits, p.grants(), chore, grants)
	}
}

// confirm says that it is done, as an operator does.
func (p *planner) confirm() {
	p.Helper()
	p.must(p.tryConfirm())
	p.rest()
}

func (p *planner) tryConfirm() error {
	cmd := exec.CommandContext(p.Context(), p.program, "node", "confirm", "pc")
	cmd.Env = append(os.Environ(), "IRONHOOK_URL="+p.base)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("node confirm: %w %s", err, out)
	}
	return nil
}

func (p *planner) settles(state, power, says string, grants int) {
	p.Helper()
	p.reach("the node to be "+state, func() bool { return p.rests() && p.state() == state })
	if got, failed := p.field("/v1/nodes/pc", "power_state"), p.field("/v1/nodes/pc", "last_error"); got != power ||
		!strings.Contains(failed, says) || p.grants() != grants {
		p.Errorf("%s: %s, %s, %d volumes, want %s, %s, %d", state, got, failed, p.grants(), power, says, grants)
	}
}
