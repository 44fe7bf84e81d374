package conductor

import (
	"cmp"
	"context"
	"strings"
	"time"

	"ironhook/baremetal"
)

// Probe is one question to the BMC of a machine, and what came of it.
type Probe struct {
	What    string
	Answer  string // in words; "" if there is an error
	Err     error
	Took    time.Duration
	Skipped bool // because an earlier one failed
}

// Probing is an optional interface of a Power that can tell more of its BMC than its power.
type Probing interface {
	// Probes are further questions, in their order. They change nothing on the machine.
	Probes(n *baremetal.Node) []baremetal.Question
}

// probeTime bounds one question.
const probeTime = time.Minute

// Probe asks the BMC of a node all that it may be asked without changing anything, one question
// after the other: what it says and how long each answer took. After the first that fails the
// others, which would fail in the same way, are left out.
func (c *Conductor) Probe(ctx context.Context, ident string) ([]Probe, error) {
	n, err := c.node(ctx, ident)
	if err != nil {
		return nil, err
	}
	power, err := c.powerOf(n, "power")
	if err != nil {
		return nil, err
	}
	var probes []Probe
	failed := false
	for _, q := range c.questions(n, power) {
		p := Probe{What: q.What, Skipped: failed}
		if !failed {
			asking, cancel := context.WithTimeout(ctx, probeTime)
			begun := time.Now()
			p.Answer, p.Err = q.Ask(asking)
			p.Took = time.Since(begun)
			cancel()
			failed = p.Err != nil
		}
		probes = append(probes, p)
	}
	return probes, nil
}

func (c *Conductor) questions(n *baremetal.Node, power Power) []baremetal.Question {
	list := []baremetal.Question{
		{What: "driver_info", Ask: func(context.Context) (string, error) {
			return "complete for the power interface " + n.Interfaces["power"], power.Validate(n)
		}},
		{What: "power state", Ask: func(ctx context.Context) (string, error) {
			state, err := power.State(ctx, n)
			return cmp.Or(string(state), "not known: this interface cannot read it"), err
		}},
	}
	if management, err := c.powerOf(n, "management"); err == nil {
		list = append(list, baremetal.Question{What: "boot device", Ask: func(ctx context.Context) (string, error) {
			device, persistent, err := management.BootDevice(ctx, n)
			return cmp.Or(device, "the machine's own order") + map[bool]string{true: ", persistently"}[persistent] +
				"; can be set: " + cmp.Or(strings.Join(management.BootDevices(), ", "), "none"), ignoring(err, baremetal.ErrUnsupported)
		}})
	}
	if probing, ok := power.(Probing); ok {
		list = append(list, probing.Probes(n)...)
	}
	return list
}
