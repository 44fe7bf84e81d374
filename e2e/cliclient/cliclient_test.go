// Package cliclient_test types every command twice, after "openstack" and after
// "ironhook", and compares what is printed: the same columns, the same values, the
// same table to the letter.
package cliclient_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"ironhook/e2e/lab"
)

func TestMain(m *testing.M) { os.Exit(lab.RunTests(m.Run)) }

// asked are commands that change nothing, with the formats in which they are compared.
var asked = []struct{ command, formats string }{
	{"baremetal node list", "json table csv value yaml"},
	{"baremetal node list --long", "json table"},
	{"baremetal node list --fields uuid name extra maintenance", "json value"},
	{"baremetal node list --sort name:desc --provision-state manageable", "json"},
	{"baremetal node list --limit 1 -c Name", "json"},
	{"baremetal node list --maintenance", "json table csv"},
	{"baremetal node show first", "json table value yaml"},
	{"baremetal node show first --fields name extra properties", "json"},
	{"baremetal node validate first", "json table"},
	{"baremetal node boot device show first", "json"},
	{"baremetal node boot device show first --supported", "json table"},
	{"baremetal node console show first", "json"},
	{"baremetal node trait list first", "json table"},
	{"baremetal node history list first", "json"},
	{"baremetal port list", "json csv"},
	{"baremetal port list --node first --fields uuid pxe_enabled internal_info", "json table"}, // extra: the stock client loses its types
	{"baremetal port show --address 52:54:00:00:00:01", "json table"},
	{"baremetal volume connector list", "json table"},
	{"baremetal volume connector list --long", "json"},
	{"baremetal volume target list", "json table csv"},
	{"baremetal volume target list --long --node first", "json yaml"},
	{"baremetal volume target show 5c3c7a0e-0000-4000-8000-00000000002a", "json value"},
	{"baremetal driver list", "json table"},
	{"baremetal driver list --long", "json"},
	{"baremetal driver show ipmi", "json table"},
	{"baremetal driver property list ipmi", "json"},
	{"baremetal conductor list", "json table"},
	{"baremetal chassis list --long", "json"},
	{"baremetal allocation list", "json table"},
}

// changes are typed once after each word, each on a node of its own ($N).
var changes = []string{
	"baremetal node create --name $N --driver fake-hardware --property cpus=4 --extra x={\"a\":[1,null]} --driver-info k=v " +
		"--resource-class big",
	"baremetal node manage $N --wait",
	"baremetal node power off $N",
	"baremetal node provide $N --wait 60",
	"baremetal node set $N --property note=word --instance-info a=1 --owner me --description words --automated-clean --boot-interface pxe",
	"baremetal node unset $N --extra x --driver-info k --description",
	"baremetal node add trait $N CUSTOM_A CUSTOM_B",
	"baremetal node remove trait $N CUSTOM_B",
	"baremetal node maintenance set $N --reason because",
	"baremetal node maintenance unset $N",
	"baremetal node set $N --boot-interface fake",
	"baremetal node boot device set $N pxe",
	"baremetal node deploy $N --wait",
	"baremetal node power on $N",
}

// refused are mistakes, with the status that both end with.
var refused = map[string]int{
	"baremetal node show nope":                     1,
	"baremetal node provide second":                1,
	"baremetal node delete nope neither":           1,
	"baremetal node show":                          2,
	"baremetal node create --name x":               2,
	"baremetal node list --bogus":                  2,
	"baremetal volume connector create --type iqn": 2,
}

func TestSameAsTheStockClient(t *testing.T) {
	if testing.Short() {
		t.Skip("drives OpenStack's command line client")
	}
	if _, err := exec.LookPath("openstack"); err != nil {
		t.Fatalf("%v: install python3-openstackclient and python3-ironicclient", err)
	}
	program, err := lab.Build(t.Context())
	check(t, err)
	for _, auth := range []string{"none", "http_basic"} {
		t.Run(auth, func(t *testing.T) {
			r := start(t, program, auth)
			r.prepare(t)
			r.compareAnswers(t, auth)
			if auth == "none" {
				r.compareChanges(t)
				r.compareRefusals(t)
			}
		})
	}
}

func (r *running) compareRefusals(t *testing.T) {
	t.Helper()
	for command, status := range refused {
		for _, word := range []string{"openstack", "ironhook"} {
			if _, got := r.run(t, word, command); got != status {
				t.Errorf("%s %s: status %d, want %d", word, command, got, status)
			}
		}
	}
}

// prepare fills the appliance with something to show.
func (r *running) prepare(t *testing.T) {
	t.Helper()
	for _, command := range []string{
		"node create --name first --driver fake-hardware --property a=it's --extra x={\"list\":[1,true,null]}",
		"node create --name second --driver ipmi --driver-info ipmi_address=127.0.0.1",
		"node manage first --wait", "node power off first --wait",
		"node add trait first CUSTOM_A",
		"port create --node first 52:54:00:00:00:01 --extra vlan=7",
		"baremetal volume connector create --node first --type iqn --connector-id iqn.2017-08.org.example:first --extra a=b",
		"baremetal volume target create --node first --type iscsi --boot-index 0 --volume-id system --property target_lun=0 --uuid " +
			"5c3c7a0e-0000-4000-8000-00000000002a",
		"baremetal chassis create --description rack",
	} {
		if _, status := r.run(t, "ironhook", command); status != 0 {
			t.Fatalf("ironhook %s: status %d", command, status)
		}
	}
}

// compareAnswers compares what is asked: in every format once, and the first few also
// with a password.
func (r *running) compareAnswers(t *testing.T, auth string) {
	t.Helper()
	for i, a := range asked {
		for j, format := range strings.Fields(a.formats) {
			if auth == "none" || i < 5 && j == 0 {
				r.compare(t, a.command+" -f "+format)
			}
		}
	}
}

// compare types a command after both words.
func (r *running) compare(t *testing.T, command string) {
	t.Helper()
	theirs, _ := r.run(t, "openstack", command)
	ours, status := r.run(t, "ironhook", command)
	same := ours == theirs
	switch {
	case strings.HasSuffix(command, "json"):
		same = reflect.DeepEqual(parsed(t, ours), parsed(t, theirs))
	case strings.HasSuffix(command, "yaml"):
		same = reflect.DeepEqual(parsed(t, asJSON(t, ours)), parsed(t, asJSON(t, theirs)))
	}
	if !same || status != 0 {
		t.Errorf("ironhook %s (status %d):\n%s\nwant, as openstack says:\n%s", command, status, ours, theirs)
	}
}

// compareChanges makes the same of two nodes, by one client each.
func (r *running) compareChanges(t *testing.T) {
	t.Helper()
	result := map[string]any{}
	for _, word := range []string{"openstack", "ironhook"} {
		for _, command := range changes {
			command = strings.ReplaceAll(command, "$N", "by-"+word)
			if out, status := r.run(t, word, command); status != 0 {
				t.Fatalf("%s %s: status %d: %s", word, command, status, out)
			}
		}
		// Power is switched in the background; the command that follows waits for it.
		if out, status := r.run(t, "ironhook", "node power on --wait by-"+word); status != 0 {
			t.Fatalf("switch on: %s", out)
		}
		out, _ := r.run(t, "ironhook", "node show -f json by-"+word)
		node, _ := parsed(t, out).(map[string]any)
		for _, own := range []string{"uuid", "name", "created_at", "updated_at", "provision_updated_at", "driver_internal_info", "reservation"} {
			delete(node, own)
		}
		result[word] = node
	}
	if !reflect.DeepEqual(result["ironhook"], result["openstack"]) {
		t.Errorf("ironhook made %v, openstack %v", result["ironhook"], result["openstack"])
	}
}

func parsed(t *testing.T, text string) (value any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Errorf("%v in %q", err, text)
	}
	return value
}

// asJSON reads YAML as the stock client's own library does.
func asJSON(t *testing.T, text string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/usr/bin/python3", "-c",
		"import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)")
	cmd.Stdin = strings.NewReader(text)
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("read as YAML: %v: %s", err, text)
	}
	return string(out)
}

// running is an appliance, and how both clients get at it.
type running struct {
	program     string
	environment []string
}

// run types a command after a word and returns what is printed, and the status.
func (r *running) run(t *testing.T, word, command string) (string, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	program := word
	if word == "ironhook" {
		program = r.program
	}
	cmd := exec.CommandContext(ctx, program, strings.Fields(command)...)
	cmd.Env = r.environment
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if failed := new(exec.ExitError); err != nil && !errors.As(err, &failed) {
		t.Fatalf("%s %s: %v", word, command, err)
	}
	if ctx.Err() != nil {
		t.Fatalf("%s %s: %v\n%s", word, command, ctx.Err(), stderr.String())
	}
	t.Logf("%s %s: %s", word, command, stderr.String()) // shown when something fails
	return string(out), cmd.ProcessState.ExitCode()
}

// start runs the program on free ports of the loopback until the test ends.
func start(t *testing.T, program, auth string) *running {
	t.Helper()
	cmd := exec.Command(program, "serve", "--data", t.TempDir(), "--auth", auth, //nolint:noctx // ended in order
		"--api", "127.0.0.1:0", "--http", "127.0.0.1:0", "--iscsi", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	t.Cleanup(func() {
		if err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()); err != nil {
			t.Error(err)
		}
	})
	password, lines := "", bufio.NewScanner(out)
	for lines.Scan() {
		if _, rest, ok := strings.Cut(lines.Text(), "password "); ok {
			password, _, _ = strings.Cut(rest, " ")
		}
		if _, url, ok := strings.Cut(lines.Text(), "api http"); ok {
			url, _, _ = strings.Cut("http"+url, ",")
			go io.Copy(io.Discard, out) //nolint:errcheck // ends with the process
			return &running{program, append(os.Environ(), "OS_AUTH_TYPE="+auth, "OS_ENDPOINT="+url,
				"OS_USERNAME=admin", "OS_PASSWORD="+password, "OS_BAREMETAL_API_VERSION=1.78")}
		}
	}
	t.Fatal("the appliance ended before it was ready")
	return nil
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
