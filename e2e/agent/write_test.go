//go:build agentmatrix

package agent_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

// TestWriteAndClean has the agent write an image to the disk that a hint chooses among several,
// with a config drive behind it, and boots the machine from there; then the machine is
// undeployed, which cleans it, and the disk is proven empty. A file of ours that is on another
// disk is there to the end.
func TestWriteAndClean(t *testing.T) {
	for _, firmware := range []lab.Firmware{lab.BIOS, lab.UEFI} {
		t.Run(string(firmware), func(t *testing.T) { writeAndClean(t, firmware) })
	}
}

func writeAndClean(t *testing.T, firmware lab.Firmware) {
	images := t.TempDir()
	r := newRoom(t, "write-"+string(firmware), "--image-files", images)
	root, err := lab.Root()
	must(t, "root", err)
	guest, err := image.Build(t.Context(), filepath.Join(root, "build", "image"))
	must(t, "image", err)
	file := filepath.Join(images, "guest.raw")
	must(t, "image", guest.Volume(t.Context(), file, image.Options{}))
	want, err := os.ReadFile(file)
	must(t, "read the image", err)
	sum := sha256.Sum256(want)

	other, first := disk(t, "scsi", 200, 0)
	chosen, second := disk(t, "scsi", 300, 5)
	must(t, "mark", os.WriteFile(other, slices.Concat([]byte("ours"), make([]byte, 200<<20-4)), 0o600))
	m, err := r.Machine(t.Context(), lab.Hardware{Name: "written", Firmware: firmware, Devices: slices.Concat(hba, first, second)})
	must(t, "machine", err)
	must(t, "enrol", r.client.Do(t.Context(), "POST", "/v1/nodes", object{
		"name": "written", "driver": "ipmi", "storage_interface": "noop", "deploy_interface": "direct", "driver_info": m.BMC.DriverInfo(), "automated_clean": false,
		"properties":    object{"root_device": object{"serial": "S5"}, "skip_block_devices": []object{{"serial": "S0"}}},
		"instance_info": object{"image_source": "file://" + file, "image_os_hash_algo": "sha256", "image_os_hash_value": hex.EncodeToString(sum[:]), "force_deployment": true, "configdrive": object{"meta_data": object{"name": "written-host"}}},
	}, nil))
	must(t, "port", r.client.Do(t.Context(), "POST", "/v1/ports", object{"node_uuid": nodeUUID(t, r, "written"), "address": m.MAC}, nil))
	must(t, "deploy", r.client.Deploy(t.Context(), "written"))
	expect(t, m, 1, `agent: up`, `agent: writing image`, `agent: standby.prepare_image done`)
	expect(t, m, 2, `SYSLINUX|Linux version|guest:`)

	written, err := os.ReadFile(chosen)
	must(t, "read the disk", err)
	if string(written[1<<20:len(want)]) != string(want[1<<20:]) {
		t.Error("the disk is not the image")
	}
	if !strings.Contains(string(written), "written-host") || !strings.Contains(string(written), "config-2") {
		t.Error("the config drive is not on the disk")
	}
	var node struct {
		InstanceInfo object `json:"instance_info"`
	}
	must(t, "node", r.client.Do(t.Context(), "GET", "/v1/nodes/written", nil, &node))
	if _, there := node.InstanceInfo["force_deployment"]; there {
		t.Error("force_deployment is still set")
	}

	must(t, "clean next time", r.client.Do(t.Context(), "PATCH", "/v1/nodes/written", []object{{"op": "replace", "path": "/automated_clean", "value": true}}, nil))
	must(t, "undeploy", r.client.Provision(t.Context(), "written", "deleted", "available"))
	expect(t, m, 3, `agent: erase metadata: /dev/sda .*left alone`, `agent: erase metadata: /dev/sdb .*both ends overwritten`)
	cleaned, err := os.ReadFile(chosen)
	must(t, "read the disk", err)
	for i, b := range slices.Concat(cleaned[:16<<20], cleaned[len(cleaned)-16<<20:]) {
		if b != 0 {
			t.Fatalf("byte %d of the ends of the cleaned disk is not zero", i)
		}
	}
	if mark, err := os.ReadFile(other); err != nil || string(mark[:4]) != "ours" {
		t.Errorf("the protected disk begins with %q, %v", mark[:4], err)
	}
}

func nodeUUID(t *testing.T, r *room, name string) string {
	t.Helper()
	n, err := r.client.Node(t.Context(), name)
	must(t, "node", err)
	return n.UUID
}
