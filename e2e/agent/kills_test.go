//go:build agentmatrix

package agent_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ironhook/e2e/lab"
)

// point is where something is killed.
type point struct {
	name         string
	request      object
	at           string // the line of the agent at which it is reached
	done, failed string // the node's state when all goes well, and when it fails
}

var points = []point{
	{"inspecting", object{"target": "inspect"}, `agent: card `, "manageable", "inspect failed"},
	{"writing", object{"target": "active"}, `agent: written [0-9]+ %`, "active", "deploy failed"},
	{"cleaning", object{"target": "clean", "clean_steps": []object{{"interface": "deploy", "step": "erase_devices"}}},
		`agent: erased [0-9]+ %`, "manageable", "clean failed"},
}

// victims are what is killed; the first is the appliance, which comes back.
var victims = []string{"appliance", "agent", "machine"}

// killing is a room with what its machines are to write.
type killing struct {
	*room
	source source
	cells  map[string]string
}

func newKilling(t *testing.T, name string) *killing {
	images := t.TempDir()
	return &killing{newRoom(t, "kill-"+name, "--image-files", images), guest(t, images), map[string]string{}}
}

// reach has a new machine work up to the point. Its disk does nothing when it is told to discard, and has
// something on it: it must be overwritten, which takes a while.
func (k *killing) reach(t *testing.T, name string, p point) *lab.Machine {
	t.Helper()
	file := filepath.Join(t.TempDir(), "disk")
	must(t, "disk", os.WriteFile(file, slices.Concat([]byte("something"), make([]byte, 400<<20-9)), 0o600))
	m, err := k.Machine(t.Context(), lab.Hardware{Name: name, Devices: slices.Concat(hba, []string{
		"-drive", "if=none,format=raw,discard=ignore,id=stubborn,file=" + file, "-device", "scsi-hd,bus=hba.0,serial=S3,drive=stubborn",
		"-qmp", "unix:" + qmp(k, name) + ",server=on,wait=off"})})
	must(t, "machine", err)
	node := written(m, "S3")
	node["instance_info"], node["inspect_interface"] = k.source.instance(), "agent"
	node["driver_info"].(object)["kernel_append_params"] = "unknown_nmi_panic" // or an NMI is nothing
	k.enrol(t, m, node)
	k.provision(t, name, "manage", "manageable")
	if p.name == "writing" {
		k.provision(t, name, "provide", "available")
	}
	k.begin(t, name, p.request)
	expect(t, m, 1, `agent: up`, p.at)
	return m
}

func qmp(k *killing, name string) string { return filepath.Join(k.Dir, name+".qmp") }

// panicked kills the agent: the kernel of its machine panics, and hangs.
func (k *killing) panicked(t *testing.T, name string) {
	t.Helper()
	c, err := net.Dial("unix", qmp(k, name))
	must(t, "QMP", err)
	defer c.Close() //nolint:errcheck // nothing is left to write
	_, err = fmt.Fprint(c, `{"execute": "qmp_capabilities"} {"execute": "inject-nmi"}`)
	must(t, "QMP", err)
	var answers strings.Builder
	b := make([]byte, 4096)
	for strings.Count(answers.String(), `"return"`) < 2 {
		n, err := c.Read(b)
		must(t, "QMP", err)
		answers.Write(b[:n])
	}
}

// TestKillAppliance kills the appliance while a machine is inspected, written and cleaned. It goes on
// when it is back.
func TestKillAppliance(t *testing.T) {
	k := newKilling(t, "appliance")
	for _, p := range points {
		t.Run(p.name, func(t *testing.T) {
			m := k.reach(t, "m-"+p.name, p)
			k.app.Kill()
			if p.name == "inspecting" { // it must miss the report
				expect(t, m, 1, `agent: report to .*trying again`)
			}
			must(t, "start again", k.app.Start(t.Context()))
			begun := time.Now()
			k.await(t, m.Name, p.done)
			k.cells["appliance killed/"+p.name] = fmt.Sprintf("goes on: %s after %.0f s", p.done, time.Since(begun).Seconds())
			record(t, k.cells)
		})
	}
}

// TestKillAgent kills the agent, and the machine itself. The node fails when its agent has been silent for
// five minutes. An inspection, of which nobody hears anything before its end, waits for half an hour, as
// Ironic's, or until it is aborted, as here.
func TestKillAgent(t *testing.T) {
	k := newKilling(t, "agent")
	begun := map[string]time.Time{}
	for _, victim := range victims[1:] {
		for _, p := range points {
			m := k.reach(t, victim+"-"+p.name, p)
			if victim == "agent" {
				k.panicked(t, m.Name)
			} else {
				m.PowerOff()
			}
			begun[m.Name] = time.Now()
			if p.name == "inspecting" {
				k.begin(t, m.Name, object{"target": "abort"})
			}
		}
	}
	for _, victim := range victims[1:] {
		for _, p := range points {
			name := victim + "-" + p.name
			var n lab.Node
			for end := time.Now().Add(8 * time.Minute); n.ProvisionState != p.failed; time.Sleep(time.Second) {
				var err error
				n, err = k.client.Node(t.Context(), name)
				if must(t, "node", err); time.Now().After(end) {
					t.Fatalf("%s is in %q, want %q", name, n.ProvisionState, p.failed)
				}
			}
			k.await(t, name, p.failed)
			eventually(t, "off", func() (bool, error) {
				n, err := k.client.Node(t.Context(), name)
				return n.PowerState == "power off", err
			})
			text := ""
			if n.LastError != nil {
				text = *n.LastError
			}
			t.Logf("%s: %s after %.0f s: %s", name, p.failed, time.Since(begun[name]).Seconds(), text)
			how := fmt.Sprintf("%s, machine off", p.failed)
			if p.name == "inspecting" {
				how += ", when aborted"
			}
			k.cells[victim+" killed/"+p.name] = how
		}
	}
	record(t, k.cells)
}
