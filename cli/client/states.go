package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// waiting is the option of everything that takes its time.
var waiting = option{name: "wait", kind: wait, field: "-", usage: "wait until it is done, at most so many seconds (0 is for ever)"}

// apart is the option of verbs that take several machines.
var apart = option{name: "apart", kind: number, field: "-", usage: "with several machines: seconds between one and the next"}

var (
	configDrive = option{name: "config-drive", field: "configdrive",
		usage: "a configuration drive: gzipped and base64-encoded, or a JSON object, or the name of a file of either"}
	deploySteps = option{name: "deploy-steps", kind: document, usage: "steps of the deployment: JSON, a file of it, or -"}
	cleanSteps  = option{name: "clean-steps", kind: document, usage: "steps of the cleaning: JSON, a file of it, or -"}
	serviceStep = option{name: "service-steps", kind: document, usage: "steps of the service: JSON, a file of it, or -"}
	rescueWord  = option{name: "rescue-password", usage: "what lets in as the user rescue", must: true}
	ofRunbook   = option{name: "runbook", usage: "the steps of this runbook, by name or UUID, instead"}
	noRamdisk   = option{name: "disable-ramdisk", kind: yes, usage: "the steps need no ramdisk"}
)

// provisions are the verbs that change the provision state: what is typed, what the
// API calls it, and the state it leads to ("" if there is none to wait for).
var provisions = []struct {
	word, target, reaches, short string
	takes                        []option
}{
	{"manage", "manage", "manageable", "Take a machine under management", nil},
	{"provide", "provide", "available", "Make a machine available for deployment", nil},
	{"deploy", "active", "active", "Deploy a machine", []option{configDrive, deploySteps}},
	{"rebuild", "rebuild", "active", "Deploy a machine again", []option{configDrive, deploySteps}},
	{"undeploy", "deleted", "available", "Take the deployment off a machine", nil},
	{"inspect", "inspect", "manageable", "Find out a machine's properties", nil},
	{"clean", "clean", "manageable", "Clean a machine", []option{cleanSteps, ofRunbook, noRamdisk}},
	{"service", "service", "active", "Do steps on a deployed machine", []option{serviceStep, ofRunbook, noRamdisk}},
	{"rescue", "rescue", "rescue", "Boot a system on a deployed machine from which it is mended", []option{rescueWord}},
	{"unrescue", "unrescue", "active", "Boot a machine's own system again", nil},
	{"unhold", "unhold", "", "Go on with the steps of a machine that is held", nil},
	{"adopt", "adopt", "active", "Take over a machine that is already deployed", nil},
	{"abort", "abort", "", "Abort what a machine is doing", nil},
}

// powers are the verbs that change the power state.
var powers = []struct {
	words, target, soft, reaches, short string
}{
	{"power on", "power on", "", "power on", "Switch a machine on"},
	{"power off", "power off", "soft power off", "power off", "Switch a machine off"},
	{"reboot", "rebooting", "soft rebooting", "power on", "Restart a machine"},
}

// nodeStates are the commands that change a node's state.
func nodeStates() []verb {
	var all []verb
	for _, p := range provisions {
		takes := append([]option{apart}, p.takes...)
		if p.reaches != "" {
			takes = append([]option{waiting}, takes...)
		}
		all = append(all, verb{"node " + p.word + " <node>...", p.short, nothing, takes, func(c *call) error {
			return c.changeAll("/states/provision", p.target, change{"provision state ", p.reaches, provisioned(p.reaches)})
		}})
	}
	for _, p := range powers {
		takes := []option{waiting, apart, {name: "power-timeout", kind: number, field: "timeout",
			usage: "seconds after which the appliance gives up"}}
		if p.soft != "" {
			takes = append(takes, option{name: "soft", kind: yes, field: "-", usage: "ask the operating system to do it"})
		}
		all = append(all, verb{"node " + p.words + " <node>...", p.short, nothing, takes, func(c *call) error {
			target := p.target
			if c.has("soft") {
				target = p.soft
			}
			return c.changeAll("/states/power", target, change{"", p.reaches, powered(p.reaches)})
		}})
	}
	return all
}

// change is the state that a command waits for. reached checks a node; an error means
// that the state will not be reached.
type change struct {
	kind, state string // the kind for messages, with a space at its end; "" where the state says it
	reached     func(node map[string]any) (bool, error)
}

func (ch change) String() string { return ch.kind + ch.state }

// outcome is what came of a verb for one node.
type outcome struct {
	node string
	took time.Duration
	err  error
}

// changeAll asks the nodes for a state, one after the other. With --wait it prints when each
// has reached it; the errors of all the others are returned.
func (c *call) changeAll(path, target string, until change) error {
	body, err := c.order(target)
	if err != nil {
		return err
	}
	seconds, _ := c.value("apart").(int)
	var failed []error
	asked, ended := 0, make(chan outcome, len(c.args))
	for i, node := range c.args {
		if i > 0 && !sleep(c.ctx, time.Duration(seconds)*time.Second) {
			failed = append(failed, fmt.Errorf("%s and those after it were not asked: %w", node, c.ctx.Err()))
			break
		}
		waits, err := c.on(node).begin(path, body, until, ended)
		switch {
		case err != nil && len(c.args) > 1:
			failed = append(failed, fmt.Errorf("%s: %w", node, err))
		case err != nil:
			return err
		case waits:
			asked++
		}
	}
	return errors.Join(append(failed, c.report(until, asked, ended))...)
}

// begin asks one node for a state and, with --wait, waits in the background.
func (c *call) begin(path string, body map[string]any, until change, ended chan<- outcome) (waits bool, err error) {
	_, waits = c.value("wait").(int)
	var after int64
	if waits {
		if after, err = c.lastEvent(c.ctx); err != nil {
			return false, err
		}
	}
	begun := time.Now()
	if _, err := c.do(c.ctx, http.MethodPut, c.part(path), body); err != nil || !waits {
		return false, err
	}
	go func() {
		err := c.await(after, until)
		ended <- outcome{c.args[0], time.Since(begun), err}
	}()
	_, err = fmt.Fprintf(c.out, "Waiting for %s on node %s\n", until, c.args[0])
	return true, err
}

// report prints the outcomes as they come, and returns those that are errors.
func (c *call) report(until change, n int, ended <-chan outcome) error {
	var failed []error
	for range n {
		o := <-ended
		if o.err == nil {
			_, o.err = fmt.Fprintf(c.out, "%s: %s after %.1f s\n", o.node, until.state, o.took.Seconds())
		}
		failed = append(failed, o.err)
	}
	return errors.Join(failed...)
}

// sleep reports whether the time has passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// on is the same call for one of its nodes.
func (c *call) on(node string) *call {
	one := *c
	one.args = []string{node}
	return &one
}

// order is the body of a request for a state.
func (c *call) order(target string) (map[string]any, error) {
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	body["target"] = target
	if drive, ok := body["configdrive"].(string); ok {
		body["configdrive"], err = readDrive(drive)
	}
	return body, err
}

// hold is for how many seconds a request for events is held. It is short because a
// power action that changes nothing ends without an event.
const hold = 1

// await waits until the node has reached a state, for as long as --wait says: it is checked
// after each event of it.
func (c *call) await(after int64, until change) error {
	seconds, _ := c.value("wait").(int)
	ctx, cancel := c.ctx, context.CancelFunc(func() {})
	if seconds > 0 {
		ctx, cancel = context.WithTimeout(ctx, time.Duration(seconds)*time.Second)
	}
	defer cancel()
	for {
		var done bool
		node, err := c.get(ctx, c.part(""))
		if err == nil {
			done, err = until.reached(node)
		}
		if err == nil && !done {
			after, err = c.events(ctx, after, hold)
		}
		switch {
		case errors.Is(err, context.DeadlineExceeded) && c.ctx.Err() == nil:
			return fmt.Errorf("node %s failed to reach %s in %d seconds; it goes on trying", c.args[0], until, seconds)
		case done || err != nil:
			return err
		}
	}
}

// lastEvent is the number of the newest event of the node.
func (c *call) lastEvent(ctx context.Context) (int64, error) {
	for last := int64(0); ; {
		next, err := c.events(ctx, last, 0)
		if err != nil || next == last {
			return last, err
		}
		last = next
	}
}

// events reads the node's events after a number, waiting so many seconds for the
// first, and returns the number of the last.
func (c *call) events(ctx context.Context, after int64, seconds int) (int64, error) {
	q := url.Values{"node": {c.args[0]}, "after": {strconv.FormatInt(after, 10)}}
	if seconds > 0 {
		q.Set("wait", strconv.Itoa(seconds))
	}
	answer, err := c.do(ctx, http.MethodGet, "/ironhook/v1/events?"+q.Encode(), nil)
	if err != nil {
		return after, err
	}
	list, _ := answer.([]any)
	for _, e := range list {
		event, _ := e.(map[string]any)
		if n, err := strconv.ParseInt(plain(event["seq"]), 10, 64); err == nil {
			after = max(after, n)
		}
		if event["kind"] == "progress" && seconds > 0 {
			fmt.Fprintln(c.out, plain(event["detail"])) //nolint:errcheck // as Waiting for
		}
	}
	return after, nil
}

// provisioned is reached in a provision state; a failure, or another state in which
// the node rests, is the end.
func provisioned(state string) func(map[string]any) (bool, error) {
	return func(node map[string]any) (bool, error) {
		now := plain(node["provision_state"])
		switch {
		case now == state && node["target_provision_state"] == nil:
			return true, nil
		case now == "error" || strings.HasSuffix(now, " failed"), node["target_provision_state"] == nil:
			return false, stuck(node, "provision state "+state, now)
		}
		return false, nil
	}
}

// powered is reached in a power state, when nothing else is asked for and nothing went
// wrong: the appliance clears last_error when it accepts a power action.
func powered(state string) func(map[string]any) (bool, error) {
	return func(node map[string]any) (bool, error) {
		switch {
		case node["target_power_state"] != nil:
			return false, nil
		case node["power_state"] == state && node["last_error"] == nil:
			return true, nil
		}
		return false, stuck(node, state, plain(node["power_state"]))
	}
}

// stuck is the error for a node that stopped in another state than the one requested.
func stuck(node map[string]any, wanted, now string) error {
	why := ""
	if node["last_error"] != nil {
		why = ": " + plain(node["last_error"])
	}
	return fmt.Errorf("node %s failed to reach %s; it is in %s%s", plainOr(node["name"], plain(node["uuid"])), wanted, now, why)
}

// readDrive makes a configuration drive of what was typed: the contents of a file,
// and an object where it is JSON.
func readDrive(typed string) (any, error) {
	b := []byte(typed)
	if file, err := os.ReadFile(typed); err == nil {
		b = file
	} else if info, err := os.Stat(typed); err == nil && info.IsDir() {
		return nil, misuse("--config-drive %s: directories are not packed; give a JSON object with meta_data, user_data and network_data", typed)
	}
	if value, err := parse(b); err == nil {
		if drive, ok := value.(map[string]any); ok {
			return drive, nil
		}
	}
	return string(bytes.TrimSpace(b)), nil
}
