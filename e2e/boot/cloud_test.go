package boot_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"os/exec"
	"path/filepath"
	"testing"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
	"ironhook/internal/isofs"
)

// userData makes cloud-init report what it has set up, where the tests read it. It keeps cloud-init
// from what takes most of its time on an emulated processor and is none of ours: host keys of RSA, and
// the size of the root.
const userData = `#cloud-config
ssh_deletekeys: false
ssh_genkeytypes: [ed25519]
growpart: {mode: "off"}
resize_rootfs: false
runcmd:
- [sh, -c, 'echo "guest: cloud host=$(hostname) keys=$(cut -d" " -f2 /home/debian/.ssh/authorized_keys) source=$(cloud-id)" >/dev/ttyS0']
`

// cloudLimit bounds one boot of a whole distribution with cloud-init on a busy host.
const cloudLimit = 3 * bootLimit

// TestConfigDrive deploys machines from a stock cloud image with a config drive: cloud-init
// finds it as a disk beside the volume and sets host name, key and user data, whether it was
// given in parts or as an image.
func TestConfigDrive(t *testing.T) {
	needsLab(t)
	root, err := lab.Root()
	must(t, "find the repository", err)
	file, err := image.CloudDebian(t.Context(), filepath.Join(root, "build", "image"))
	must(t, "build Debian's image with cloud-init", err)
	r := newRoom(t, "cloud")
	given, err := isofs.Image("config-2", map[string][]byte{
		"openstack/latest/meta_data.json": []byte(`{"uuid": "i-2", "hostname": "packed", "public_keys": {"me": "ssh-ed25519 BBBB me"}}`),
		"openstack/latest/user_data":      []byte(userData),
	})
	must(t, "make a config drive", err)
	for _, c := range []struct {
		name  string
		drive any
		want  string
	}{
		{"parts", map[string]any{"user_data": userData, "meta_data": map[string]any{"public_keys": map[string]any{"me": "ssh-ed25519 AAAA me"}}},
			`guest: cloud host=parts keys=AAAA source=configdrive`},
		{"image", packed(t, given), `guest: cloud host=packed keys=BBBB source=configdrive`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel() // most of the time of either is one emulated processor
			m, err := r.Machine(t.Context(), lab.Hardware{Name: c.name})
			must(t, "add "+c.name, err)
			out, err := exec.CommandContext(t.Context(), "qemu-img", "convert", "-O", "raw", file, r.app.Volume(c.name)).CombinedOutput()
			must(t, "copy the image: "+string(out), err)
			node, err := r.client.Enroll(t.Context(), m, c.name)
			must(t, "enrol", err)
			must(t, "give it a config drive", r.client.Do(t.Context(), "PATCH", "/v1/nodes/"+node,
				[]map[string]any{{"op": "add", "path": "/instance_info/configdrive", "value": c.drive}}, nil))
			op := httpOperator{r.client}
			op.deploy(t, node)
			expectWithin(t, cloudLimit, m, 1, `guest: system debian=`, c.want)
			op.power(t, node, "off")
		})
	}
}

// packed is a config drive as clients send an image: gzipped, in base64.
func packed(t *testing.T, drive []byte) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(drive)
	must(t, "pack the config drive", err)
	must(t, "pack the config drive", z.Close())
	return base64.StdEncoding.EncodeToString(b.Bytes())
}
