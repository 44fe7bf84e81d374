package conductor

import (
	"reflect"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/store"
)

// A deployment does the same for every boot method except for the boot device: the machine is
// off, with what it had detached, its volumes are attached, and its next boot and all later ones are from the network,
// or from the disk that an adapter presents. No image is written.
func TestDeployByMethod(t *testing.T) {
	wwn := baremetal.Object{"target_wwn": "5006016012345678", "target_lun": 1.0}
	kernel := baremetal.Object{"kernel": "http://a/k", "ramdisk": "http://a/r"}
	for _, c := range []struct {
		name, capabilities, volume, deploy string
		properties, info                   baremetal.Object
		device, refused                    string
	}{
		{name: "iSCSI by iPXE", capabilities: "iscsi_boot:True", volume: "iscsi", device: "pxe"},
		{name: "iSCSI by an adapter", capabilities: "hba_boot:True", volume: "iscsi", device: "disk"},
		{name: "Fibre Channel by an adapter", capabilities: "hba_boot:True", volume: "fibre_channel", properties: wwn, device: "disk"},
		{name: "as in Ironic", capabilities: "fibre_channel_boot:True", volume: "fibre_channel", device: "disk"},
		{name: "FCoE by iPXE", capabilities: "fibre_channel_boot:True", volume: "fibre_channel", properties: wwn, device: "pxe"},
		{name: "FCoE undeclared", volume: "fibre_channel", properties: wwn, refused: "'fibre_channel_boot' is not set"},
		{name: "NFS", capabilities: "nfs_boot:True", info: baremetal.Object{"kernel": "http://a/k", "nfs_root": "nas:/root"}, device: "pxe"},
		{name: "NFS undeclared", info: baremetal.Object{"kernel": "http://a/k", "nfs_root": "nas:/root"}, refused: "'nfs_boot' is not set"},
		{name: "a ramdisk", deploy: "ramdisk", info: kernel, device: "pxe"},
	} {
		cond, m := setup(t, baremetal.Available)
		err := cond.Store.Update(t.Context(), func(tx *store.Tx) error {
			if c.volume == "" {
				return tx.Targets().Delete(id)
			}
			target, err := tx.Targets().Get(id)
			if err != nil {
				return err
			}
			target.VolumeType, target.Properties = c.volume, c.properties
			return tx.Targets().Update(target)
		})
		if err != nil {
			t.Fatal(err)
		}
		edit(t, cond, func(n *baremetal.Node) {
			n.Properties, n.InstanceInfo = baremetal.Object{"capabilities": c.capabilities}, c.info
			if c.deploy != "" {
				n.Interfaces["deploy"] = c.deploy
			}
		})
		err = cond.Provision(t.Context(), "pc", ProvisionRequest{Target: "active"})
		if c.refused != "" {
			if err == nil || !strings.Contains(err.Error(), c.refused) || len(m.actions()) > 0 {
				t.Errorf("%s: %v after %q, want a refusal with %q before anything is done", c.name, err, m.actions(), c.refused)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		n := settled(t, cond)
		want := []string{"detach", "attach", "boot " + c.device + " true", "power on"}
		if n.ProvisionState != baremetal.Active || n.LastError != "" || !reflect.DeepEqual(m.actions(), want) {
			t.Errorf("%s: node %s, error %q, done %q, want active after %q", c.name, n.ProvisionState, n.LastError, m.actions(), want)
		}
	}
}
