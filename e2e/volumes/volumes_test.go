package volumes_test

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"ironhook/e2e/lab"
)

func TestOpenStackClient(t *testing.T) {
	if testing.Short() {
		t.Skip("runs Debian's openstack client")
	}
	for tool, pkg := range map[string]string{"openstack": "python3-openstackclient", "iscsi-inq": "libiscsi-bin"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%s is missing: apt install %s", tool, pkg)
		}
	}
	path, err := lab.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, auth := range []string{"none", "http_basic"} {
		t.Run(auth, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t, path, auth)
			c.configure(path)
			c.baremetal()
			c.images()
			c.volumes()
			c.connection()
			c.ends()
		})
	}
}

// baremetal: the same file leads to the Bare Metal API, where a node names a volume by
// the name that the Block Storage API gave it.
func (c *cloud) baremetal() {
	c.Helper()
	c.openstack("volume create boot --size 1")
	c.openstack("baremetal node create --name pc-07 --driver fake-hardware --storage-interface iscsi --boot-interface ipxe --property " +
		"capabilities=iscsi_boot:True")
	node := c.field("baremetal node show pc-07", "uuid")
	c.openstack("baremetal volume target create --node " + node + " --type iscsi --boot-index 0 --volume-id boot")
	c.openstack("baremetal node power on pc-07")
	c.await("baremetal node show pc-07", "power_state", "power on")
	c.expect("volume show boot", map[string]string{"status": "in-use"})
	c.refused("volume delete boot", "in use by node pc-07")
	c.openstack("baremetal node power off pc-07")
	c.await("baremetal node show pc-07", "power_state", "power off")
	c.openstack("baremetal node delete pc-07")
	c.openstack("volume delete boot")
}

// images: one is uploaded, described, found and downloaded.
func (c *cloud) images() {
	c.Helper()
	data := make([]byte, 3_000_000) // not a whole number of blocks
	random := rand.NewChaCha8([32]byte{})
	random.Read(data) //nolint:errcheck // it never fails
	c.must(os.WriteFile(filepath.Join(c.dir, "golden.raw"), data, 0o600))
	sum := md5.Sum(data)
	c.openstack("image create golden --disk-format raw --file golden.raw --property os_distro=debian --tag lab")
	c.expect("image show golden", map[string]string{"status": "active", "size": "3e+06", "checksum": hex.EncodeToString(sum[:]),
		"disk_format": "raw", "container_format": "bare", "tags": "[lab]", "visibility": "shared"})
	c.openstack("image save golden --file saved.raw")
	saved, err := os.ReadFile(filepath.Join(c.dir, "saved.raw"))
	c.must(err)
	if !bytes.Equal(saved, data) {
		c.Errorf("image save gives %d bytes that are not those of image create", len(saved))
	}
	c.openstack("image set golden --property os_version=12 --min-disk 1 --tag more --name gold")
	c.expect("image show gold", map[string]string{"min_disk": "1", "tags": "[lab more]"})
	c.openstack("image unset gold --tag more --property os_version")
	if got := c.openstack("image list --tag lab -f value -c Name -c Status"); got != "gold active" {
		c.Errorf("image list = %q, want gold active", got)
	}
	c.refused("image show nothing", "No Image found for nothing")
	c.refused("image set gold --disk-format vmdk", "Attribute disk_format can be only replaced for a queued image.")
}

// volumes: they are made, changed, cloned, and made an image of.
func (c *cloud) volumes() {
	c.Helper()
	c.expect("volume create empty --size 1 --description thin", map[string]string{"status": "creating", "size": "1", "bootable": "false"})
	c.await("volume show empty", "status", "available")
	c.expect("volume create root --size 2 --image gold --property rack=a", map[string]string{"status": "creating", "size": "2"})
	c.await("volume show root", "status", "available")
	c.expect("volume show root", map[string]string{"bootable": "true"})
	c.openstack("volume set root --size 3 --property row=7 --name disk")
	c.expect("volume show disk", map[string]string{"size": "3", "properties": "map[rack:a row:7]", "type": "__DEFAULT__"})
	c.openstack("volume snapshot create before --volume disk")
	c.expect("volume snapshot show before", map[string]string{"status": "available", "size": "3"})
	c.expect("volume create copy --snapshot before", map[string]string{"size": "3", "bootable": "true"})
	c.expect("volume create twin --source disk --size 4", map[string]string{"size": "4"})
	if got := strings.Fields(c.openstack("volume list -f value -c Name --sort-column Name")); strings.Join(got,
		" ") != "copy disk empty twin" {
		c.Errorf("volume list = %v", got)
	}
	if got := c.openstack("volume snapshot list -f value -c Name -c Status"); got != "before available" {
		c.Errorf("volume snapshot list = %q", got)
	}
	if got := c.openstack("volume type list -f value -c Name"); got != "__DEFAULT__" {
		c.Errorf("volume type list = %q", got)
	}
	c.openstack("image create promoted --volume disk")
	c.await("image show promoted", "status", "active")
	c.refused("volume create small --image promoted --size 1", "cannot be smaller than the image minDisk size 3GB")
	c.refused("volume delete disk", "has 1 snapshots; delete them first")
	c.refused("volume show nothing", "No volume with a name or ID of 'nothing' exists.")
	c.refused("image delete gold", "could not be deleted because it is in use")
}

// connection: a host that is not a node of ours reaches a volume by iSCSI; no request may
// take the volume from under it.
func (c *cloud) connection() {
	c.Helper()
	id := c.field("volume show disk", "id")
	action := "/volume/v3/standalone/volumes/" + id + "/action"
	const initiator = "iqn.1993-08.org.debian:01:e2e"
	status, body := c.do("POST", action, `{"os-initialize_connection": {"connector": {"initiator": "`+initiator+`", "host": "elsewhere"}}}`)
	var reply lab.Connection
	if err := json.Unmarshal([]byte(body), &reply); err != nil || status != http.StatusOK {
		c.Fatalf("initialize_connection = %d %s", status, body)
	}
	d := reply.Info.Data
	url := fmt.Sprintf("iscsi://%s%%%s@%s/%s/0", d.User, d.Secret, d.Portal, d.IQN)
	if out, err := exec.CommandContext(c.Context(), "iscsi-inq", "-i", initiator, url).CombinedOutput(); err != nil {
		c.Errorf("iscsi-inq as the initiator: %v\n%s", err, out)
	}
	if out, err := exec.CommandContext(c.Context(), "iscsi-inq", "-i", initiator+"x", url).CombinedOutput(); err == nil {
		c.Errorf("iscsi-inq as another initiator succeeds:\n%s", out)
	}
	c.expect("volume show disk", map[string]string{"status": "attaching"})
	c.refused("volume delete copy disk", "1 of 2 volumes failed to delete")
	image := c.field("image show gold", "id")
	if status, text := c.do("POST", action, `{"os-reimage": {"image_id": "`+image+`"}}`); status != 400 ||
		!strings.Contains(text, "is in use by host elsewhere") {
		c.Errorf("os-reimage of a volume in use = %d %s", status, text)
	}
	if status, text := c.do("POST", action, `{"os-terminate_connection": {"connector": {"initiator": "`+initiator+`"}}}`); status != 202 {
		c.Errorf("terminate_connection = %d %s", status, text)
	}
	if status, text := c.do("POST", action, `{"os-reimage": {"image_id": "`+image+`"}}`); status != 202 {
		c.Errorf("os-reimage = %d %s", status, text)
	}
	c.expect("volume show disk", map[string]string{"status": "available"})
}

// ends: everything can be deleted, in an order that makes sense.
func (c *cloud) ends() {
	c.Helper()
	c.openstack("volume delete empty twin")
	c.openstack("volume snapshot delete before")
	c.openstack("volume delete disk")
	c.openstack("image delete gold promoted")
	for _, kind := range []string{"volume", "volume snapshot", "image"} {
		if left := c.openstack(kind + " list -f value"); left != "" {
			c.Errorf("%s list = %q, want nothing", kind, left)
		}
	}
	left, err := filepath.Glob(filepath.Join(c.dir, "data", "volumes", "*.json"))
	if err != nil || len(left) != 0 {
		c.Errorf("left on disk: %v %v", left, err)
	}
}
