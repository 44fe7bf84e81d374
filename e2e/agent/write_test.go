package agent_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

// source is an image file that the agent is to write, and the lines that its system shows when it has
// found its config drive and its root.
type source struct {
	file string
	sum  string // SHA-256 of the file
	up   []string
}

// hostName is in the config drive of every machine.
const hostName = "written-host"

// guest is the small system of the laboratory, raw, with a master boot record.
func guest(t *testing.T, dir string) source { return guestOf(t, image.AMD64, dir) }

func guestOf(t *testing.T, arch image.Arch, dir string) source {
	t.Helper()
	root, err := lab.Root()
	must(t, "root", err)
	made, err := arch.Build(t.Context(), filepath.Join(root, "build", "image"))
	must(t, "image", err)
	file := filepath.Join(dir, "guest.raw")
	must(t, "image", made.Volume(t.Context(), file, image.Options{Disk: true, Stay: true}))
	return source{file, sum(t, file), []string{`guest: config-drive .*` + hostName, `guest: root-ok`}}
}

func sum(t *testing.T, file string) string {
	t.Helper()
	f, err := os.Open(file)
	must(t, "image", err)
	defer f.Close() //nolint:errcheck // only read
	h := sha256.New()
	_, err = io.Copy(h, f)
	must(t, "image", err)
	return hex.EncodeToString(h.Sum(nil))
}

// instance is what a node's instance_info says to have the image written.
func (s source) instance() object {
	return object{"image_source": "file://" + s.file, "image_os_hash_algo": "sha256", "image_os_hash_value": s.sum, "force_deployment": true,
		"configdrive": object{"meta_data": object{"hostname": hostName}, "user_data": userData}}
}

// userData makes cloud-init report the name that it has set.
const userData = "#cloud-config\nruncmd:\n- [sh, -c, 'echo \"guest: cloud host=$(hostname) source=$(cloud-id)\" >/dev/ttyS0']\n"

// written is how a node is enrolled whose image goes to the disk with this serial number, "" for none.
func written(m *lab.Machine, serial string) object {
	properties := object{"skip_block_devices": []object{{"serial": "S5"}}}
	if serial != "" {
		properties["root_device"] = object{"serial": serial}
	}
	return object{"name": m.Name, "driver": "ipmi", "storage_interface": "noop", "deploy_interface": "direct",
		"driver_info":     m.BMC.DriverInfo(),
		"automated_clean": false, "properties": properties}
}

// enrol makes the node of a machine, with its port.
func (r *room) enrol(t *testing.T, m *lab.Machine, node object) {
	t.Helper()
	var made struct{ UUID string }
	must(t, "enrol", r.client.Do(t.Context(), "POST", "/v1/nodes", node, &made))
	must(t, "port", r.client.Do(t.Context(), "POST", "/v1/ports", object{"node_uuid": made.UUID, "address": m.MAC}, nil))
}

// change changes fields of a node.
func (r *room) change(t *testing.T, node string, fields object) {
	t.Helper()
	var patch []object
	for key, value := range fields {
		patch = append(patch, object{"op": "add", "path": "/" + key, "value": value})
	}
	must(t, "change "+node, r.client.Do(t.Context(), "PATCH", "/v1/nodes/"+node, patch, nil))
}

// provision asks for a verb, and returns when the node is as wanted.
func (r *room) provision(t *testing.T, node, verb, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	must(t, verb, r.client.Provision(ctx, node, verb, want))
}

// begin asks for a verb, and returns when it is accepted.
func (r *room) begin(t *testing.T, node string, request object) {
	t.Helper()
	must(t, fmt.Sprint(request["target"]), r.client.Do(t.Context(), "PUT", "/v1/nodes/"+node+"/states/provision", request, nil))
}

// empty fails the test unless the file of a disk has nothing but zeros in the span.
func empty(t *testing.T, file string, from, to int64) {
	t.Helper()
	f, err := os.Open(file)
	must(t, "disk", err)
	defer f.Close() //nolint:errcheck // only read
	b, zeros := make([]byte, 1<<20), make([]byte, 1<<20)
	for at := from; at < to; at += int64(len(b)) {
		n, err := f.ReadAt(b[:min(int64(len(b)), to-at)], at)
		if err != nil {
			t.Fatalf("read the disk at %d: %v", at, err)
		}
		if !bytes.Equal(b[:n], zeros[:n]) {
			t.Fatalf("the cleaned disk is not empty between %d and %d", at, at+int64(n))
		}
	}
}

// erased fails the test unless both ends of the disk are empty, where tables and file systems have
// what tells of them.
func erased(t *testing.T, file string) {
	t.Helper()
	const edge = 16 << 20
	info, err := os.Stat(file)
	must(t, "disk", err)
	empty(t, file, 0, edge)
	empty(t, file, info.Size()-edge, info.Size())
}
