package boot_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

// cinder is a second appliance, whose Block Storage API and iSCSI target are the Cinder of the first.
type cinder struct {
	*room
	process *lab.Process
}

const cinderURL = "http://" + lab.Address + ":7385"

// start starts it, again after a kill.
func (c *cinder) start(t *testing.T) {
	t.Helper()
	var err error
	c.process, err = c.Start("cinder", c.program, "serve", "--data", filepath.Join(c.Dir, "cinder"), "--auth", "none",
		"--api", lab.Address+":7385", "--iscsi", lab.Address+":3261", "--http", "127.0.0.1:7080")
	must(t, "start the second appliance", err)
	_, err = c.process.Log.Wait(t.Context(), regexp.MustCompile(`^ready:`))
	must(t, "start the second appliance", err)
}

// run runs a command of ours at the second appliance.
func (c *cinder) run(t *testing.T, args ...string) string {
	t.Helper()
	out, err := c.Output(t.Context(), []string{"IRONHOOK_URL=" + cinderURL}, c.program, args...)
	must(t, strings.Join(args, " "), err)
	return strings.TrimSpace(out)
}

// expect checks the status of a volume, and whether it has a note about the node.
func (c *cinder) expect(t *testing.T, volume, status string, noted bool) {
	t.Helper()
	var shown struct {
		Status     string
		Properties map[string]string
	}
	text := c.run(t, "volume", "show", volume, "-f", "json")
	must(t, text, json.Unmarshal([]byte(text), &shown))
	if has := strings.Contains(text, "ironic_node_"); shown.Status != status || has != noted {
		t.Errorf("volume show = %s, want status %s", text, status)
	}
}

// TestCinder boots a machine from a volume of Cinder: it is attached while the machine is on, free
// while it is off, and free of every trace when the node is undeployed. A Cinder that is killed between
// is waited for.
func TestCinder(t *testing.T) {
	needsLab(t)
	t.Parallel()
	config := filepath.Join(t.TempDir(), "cinder.toml")
	must(t, "configure", os.WriteFile(config, fmt.Appendf(nil, "auth_type = \"none\"\nendpoint_override = \"%s/volume\"\n"+
		"action_retries = 60\naction_retry_interval = 1\n", cinderURL), 0o600))
	r := newRoom(t, "cinder", "--storage-interfaces", "noop,cinder", "--cinder", config)
	c := &cinder{room: r}
	c.start(t)
	m, err := r.Machine(t.Context(), lab.Hardware{Name: "of-cinder"})
	must(t, "machine", err)
	file := filepath.Join(r.Dir, "guest.raw")
	must(t, "image", r.image.Volume(t.Context(), file, image.Options{Write: 2}))
	c.run(t, "image", "create", "guest", "--file", file, "--wait")
	volume := c.run(t, "volume", "create", "disk", "--image", "guest", "--wait", "-f", "value", "-c", "id")

	node := r.enrollAtCinder(t, m, volume)
	op := httpOperator{r.client}
	op.deploy(t, node)
	c.expect(t, volume, "in-use", true)
	first, _ := expect(t, m, 1, `guest: ibft .*chap=yes`, `guest: root-ok boots=1 kept=0`, `guest: writes-ok count=2 io-errors=0`)
	awaitOff(t, first)
	op.power(t, node, "off")
	c.expect(t, volume, "available", true)

	c.process.Kill()
	must(t, "power on", r.client.Do(t.Context(), "PUT", "/v1/nodes/"+node+"/states/power", map[string]any{"target": "power on"}, nil))
	_, err = r.app.Process().Log.Wait(t.Context(), regexp.MustCompile(`it is tried again`))
	must(t, "retry", err)
	c.start(t)
	second, _ := expect(t, m, 2, `guest: root-ok boots=2 kept=2`)
	awaitOff(t, second)
	must(t, "undeploy", r.client.Provision(t.Context(), node, "deleted", "available"))
	c.expect(t, volume, "available", false)
}

// enrollAtCinder registers a machine whose volume is Cinder's.
func (r *room) enrollAtCinder(t *testing.T, m *lab.Machine, volume string) string {
	t.Helper()
	var n lab.Node
	must(t, "enroll", r.client.Do(t.Context(), "POST", "/v1/nodes",
		map[string]any{"name": m.Name, "driver": "ipmi", "storage_interface": "cinder",
			"driver_info": m.BMC.DriverInfo(), "properties": map[string]any{"capabilities": "iscsi_boot:True"}}, &n))
	for path, record := range map[string]map[string]any{
		"/v1/ports":             {"address": m.MAC},
		"/v1/volume/connectors": {"type": "iqn", "connector_id": "iqn.2026-01.test.lab:" + m.Name},
		"/v1/volume/targets":    {"volume_type": "iscsi", "boot_index": 0, "volume_id": volume},
	} {
		record["node_uuid"] = n.UUID
		must(t, "enroll", r.client.Do(t.Context(), "POST", path, record, nil))
	}
	return n.UUID
}
