package agent_test

import (
	"bytes"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"ironhook/e2e/lab"
)

// TestUnknownMachine plugs a machine in that nobody has enrolled. It boots the agent, which
// describes it; one approval makes a node of it that is ready, with its ports, its volume
// connectors, its properties and its inventory. Then an image is written to one of its disks, and boots.
func TestUnknownMachine(t *testing.T) {
	images := t.TempDir()
	r := newRoom(t, "unknown", "--image-files", images)
	chosen, first := disk(t, "scsi", 6<<10, 0) // SeaBIOS boots from the first disk alone
	_, second := disk(t, "scsi", 8<<10, 5)
	_, third := disk(t, "nvme", 2<<10, 7)
	m, err := r.Machine(t.Context(), lab.Hardware{Name: "stranger",
		Devices: slices.Concat(hba, first, second, third, []string{"-uuid", "7d1f4c0e-0000-4000-8000-000000000018"})})
	must(t, "machine", err)
	must(t, "power on", m.PowerOn())
	_, lines := expect(t, m, 1, `agent: up, ([0-9.]+) s after the kernel`, `agent: disk /dev/sda`, `agent: disk /dev/sdb`,
		`agent: disk /dev/nvme0n1`,
		`agent: volume connector iqn`, `agent: what was found is reported`)
	t.Logf("described %.1f s after the agent was up", lines[len(lines)-1].At.Sub(lines[0].At).Seconds())

	var waiting struct {
		Discoveries []struct {
			UUID, MAC string
			Inventory object
		}
	}
	must(t, "discoveries", r.client.Do(t.Context(), "GET", "/ironhook/v1/discoveries", nil, &waiting))
	if len(waiting.Discoveries) != 1 || waiting.Discoveries[0].MAC != m.MAC {
		t.Fatalf("waiting %+v, want the machine with %s", waiting, m.MAC)
	}
	var approved struct{ Node string }
	must(t, "approve", r.client.Do(t.Context(), "POST", "/ironhook/v1/discoveries/"+m.MAC+"/approve",
		object{"name": "found", "driver": "ipmi", "driver_info": m.BMC.DriverInfo()}, &approved))
	eventually(t, "available", func() (bool, error) {
		n, err := r.client.Node(t.Context(), "found")
		return err == nil && n.ProvisionState == "available", err
	})
	var node struct {
		Properties object
	}
	must(t, "node", r.client.Do(t.Context(), "GET", "/v1/nodes/found", nil, &node))
	for key, want := range map[string]any{"cpus": 1.0, "cpu_arch": "x86_64", "memory_mb": 512.0, "local_gb": 7.0,
		"capabilities": "boot_mode:bios,iscsi_boot:True"} {
		if node.Properties[key] != want {
			t.Errorf("properties %s = %v, want %v", key, node.Properties[key], want)
		}
	}
	var ports struct{ Ports []struct{ Address string } }
	must(t, "ports", r.client.Do(t.Context(), "GET", "/v1/ports?node=found", nil, &ports))
	if len(ports.Ports) != 1 || ports.Ports[0].Address != m.MAC {
		t.Errorf("ports %v, want %s", ports.Ports, m.MAC)
	}
	var connectors struct {
		Connectors []struct {
			Value string `json:"connector_id"`
		}
	}
	must(t, "connectors", r.client.Do(t.Context(), "GET", "/v1/volume/connectors?node=found", nil, &connectors))
	if len(connectors.Connectors) != 1 || !strings.HasSuffix(connectors.Connectors[0].Value, ":7d1f4c0e-0000-4000-8000-000000000018") {
		t.Errorf("connectors %+v, want that of iPXE", connectors.Connectors)
	}
	var after struct{ Discoveries []any }
	must(t, "discoveries", r.client.Do(t.Context(), "GET", "/ironhook/v1/discoveries", nil, &after))
	if len(after.Discoveries) != 0 {
		t.Errorf("%d machines still wait", len(after.Discoveries))
	}
	writeThroughAKill(t, r, m, guest(t, images), chosen)
}

// writeThroughAKill has the image of the source written to the machine's disk S0. Meanwhile the appliance is
// killed and started again: the agent goes on where the connection broke, and so does the plan.
func writeThroughAKill(t *testing.T, r *room, m *lab.Machine, s source, file string) {
	r.change(t, "found", object{"deploy_interface": "direct", "storage_interface": "noop", "properties/root_device": object{"serial": "S0"},
		"instance_info": s.instance()})
	r.begin(t, "found", object{"target": "active"})
	expect(t, m, 2, `agent: writing image .* to /dev/sda`, `agent: written [0-9]+ %`)
	r.app.Kill()
	must(t, "start again", r.app.Start(t.Context()))
	expect(t, m, 2, `agent: standby.prepare_image done`)
	expect(t, m, 3, s.up...)
	eventually(t, "active", func() (bool, error) {
		n, err := r.client.Node(t.Context(), "found")
		return err == nil && n.ProvisionState == "active", err
	})
	want, err := os.ReadFile(s.file)
	must(t, "image", err)
	f, err := os.Open(file)
	must(t, "disk", err)
	defer f.Close()                   //nolint:errcheck // only read
	const table, boot = 512, 41 << 20 // the guest counts its boots in what comes after
	got := make([]byte, boot)
	_, err = io.ReadFull(f, got)
	must(t, "disk", err)
	if !bytes.Equal(got[table:], want[table:boot]) {
		t.Error("the disk does not begin with the image")
	}
	events, err := r.client.Events(t.Context(), "found", 0)
	must(t, "events", err)
	events = slices.DeleteFunc(events, func(e lab.Event) bool { return e.Kind != "progress" })
	if len(events) == 0 || len(events) > 9 {
		t.Errorf("%d events of progress, want 1 to 9", len(events))
	}
}
