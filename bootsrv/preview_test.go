package bootsrv

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/store"
	"ironhook/store/storetest"
)

// What a person is shown of the script of a machine is all but its secrets, and why there is
// none is said.
func TestPreview(t *testing.T) {
	s := storetest.Open(t)
	external := baremetal.Object{"target_portal": "10.0.0.9:3260", "target_iqn": "iqn.2026-11.test:root", "target_lun": 1,
		"auth_method": "CHAP", "auth_username": "usual-name", "auth_password": "word-of-mouth"}
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		for _, n := range []struct {
			name, storage string
			port          bool
			properties    baremetal.Object
		}{{"whole", "external", true, external}, {"portless", "external", false, external}, {"off", "iscsi", true, nil},
			{"attached", "iscsi", true, nil}, {"none", "external", true, nil}} {
			node := &baremetal.Node{UUID: "node-" + n.name, Name: n.name, Driver: baremetal.Manual, ProvisionState: baremetal.Active,
				Interfaces: baremetal.Interfaces{"storage": n.storage}}
			if err := tx.Nodes().Insert(node); err != nil {
				return err
			}
			if n.port {
				mac := map[string]string{"whole": "52:54:00:00:00:01", "off": "52:54:00:00:00:02", "none": "52:54:00:00:00:03",
					"attached": "52:54:00:00:00:04"}[n.name]
				if err := tx.Ports().Insert(&baremetal.Port{UUID: "port-" + n.name, NodeUUID: node.UUID, Address: mac, PXEEnabled: true}); err != nil {
					return err
				}
			}
			if n.name == "none" {
				continue
			}
			target := &baremetal.VolumeTarget{UUID: "target-" +
				n.name, NodeUUID: node.UUID, VolumeType: baremetal.ISCSI, VolumeID: "root", Properties: n.properties}
			if err := tx.Targets().Insert(target); err != nil {
				return err
			}
			if n.name == "attached" {
				grant := &baremetal.Grant{
					IQN: "iqn.2026-11.test:local", Target: target.UUID, Node: node.UUID, Volume: "root", Serial: "s", Initiator: "iqn.2026-11.test:pc",
					Portal: netip.MustParseAddrPort("10.0.0.8:3260"), User: "usual-name", Secret: "word-of-mouth",
				}
				if err := tx.Grants().Insert(grant); err != nil {
					return err
				}
			}
		}
		loads := &baremetal.Node{UUID: "node-loads", Name: "loads", Driver: baremetal.Manual, ProvisionState: baremetal.Active,
			Interfaces: baremetal.Interfaces{"storage": "noop", "deploy": "ramdisk"}, InstanceInfo: baremetal.Object{
				"kernel": "http://u:word-of-mouth@10.0.0.7/k", "ramdisk": "http://10.0.0.7/r",
				"kernel_append_params": "quiet rootpw_password=word-of-mouth"}}
		port := &baremetal.Port{UUID: "port-loads", NodeUUID: loads.UUID, Address: "52:54:00:00:00:05", PXEEnabled: true}
		return errors.Join(tx.Nodes().Insert(loads), tx.Ports().Insert(port))
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ node, says string }{
		{"whole", "iscsi:10.0.0.9"}, {"whole", "set password ******"},
		{"attached", "iscsi:10.0.0.8"}, {"attached", "set password ******"},
		{"loads", "kernel --name kernel http://u:******@10.0.0.7/k"}, {"loads", "quiet rootpw_password=******"},
		{"portless", "portless has no port"},
		{"off", "the volume of off is not attached"},
		{"none", "no volume target with boot_index 0"},
	} {
		var got string
		if err := s.View(t.Context(), func(tx *store.Tx) (err error) {
			got, err = Preview(tx, test.node)
			return err
		}); err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, test.says) || strings.Contains(got, "word-of-mouth") || strings.Contains(got, "usual-name") {
			t.Errorf("Preview(%s) =\n%s\nwant %q, and no secret", test.node, got, test.says)
		}
	}
}
