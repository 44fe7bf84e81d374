package boot

import (
	"fmt"

	"ironhook/baremetal"
)

// Method is how a machine reaches what it boots from.
type Method string

// The methods. A new one is a case in [Decide], a script in package ipxe, and a row of
// the table of scripts in package bootsrv.
const (
	ISCSI        Method = "iscsi"         // iPXE attaches the node's volumes
	FCoE         Method = "fcoe"          // iPXE attaches them over Fibre Channel over Ethernet
	FibreChannel Method = "fibre_channel" // the machine's host bus adapter attaches the volume
	Adapter      Method = "adapter"       // so does an adapter, or the firmware, for any type of volume
	Ramdisk      Method = "ramdisk"       // iPXE loads a kernel with a ramdisk, or an ISO
	Disk         Method = "disk"          // the firmware, from the disk that an image was written to
	NFS          Method = "nfs"           // iPXE loads a kernel, whose root is mounted over NFS
)

// traits are the differences of a method from a plain network boot, which requires
// nothing.
var traits = map[Method]struct {
	capability string // that the node must declare to be deployed
	words      string // name of the method in messages
	disk       bool   // the firmware finds a disk
}{
	ISCSI:        {capability: "iscsi_boot", words: "iSCSI"},
	FCoE:         {capability: "fibre_channel_boot", words: "Fibre Channel over Ethernet"},
	FibreChannel: {capability: "fibre_channel_boot", words: "Fibre Channel", disk: true},
	Adapter:      {disk: true},
	Disk:         {disk: true},
	NFS:          {capability: "nfs_boot", words: "NFS"},
}

// methodOf is how a machine reaches a volume. Ironic compares types without case. With the
// capability hba_boot, and not iscsi_boot as well, the machine attaches any volume by
// itself: deployments touch nothing and its next boot device is the disk, as scenario 3 of
// the specification of boot from volume says. Not so an iSCSI volume of Ironhook's: every
// attachment has a new secret, which only a boot script can carry. A Fibre Channel volume
// whose properties say where it is, is for iPXE; another one is known to the adapter, as in
// Ironic.
func methodOf(n *baremetal.Node, t *baremetal.VolumeTarget) Method {
	hba := n.Able("hba_boot")
	switch {
	case t.ISCSI() && (!hba || n.Able("iscsi_boot") || n.Interfaces.Managed()):
		return ISCSI
	case hba || !t.FibreChannel():
		return Adapter
	case given(t.Properties["target_wwn"]) || given(t.Properties["target_wwns"]):
		return FCoE
	}
	return FibreChannel
}

// Device is the boot device of the plan, as management interfaces name it: iPXE comes
// from the network, and an adapter presents its volume as a disk.
func (p Plan) Device() string {
	if traits[p.Method].disk {
		return "disk"
	}
	return "pxe"
}

// Ready returns the refusal of the plan, or the refusal to deploy a node that lacks the
// capability for its method (ironic/drivers/modules/deploy_utils.py).
// A node that is switched on without a deployment needs no declaration.
func (p Plan) Ready(n *baremetal.Node) *Refusal {
	need := traits[p.Method]
	if p.Refusal != nil || need.capability == "" || n.Able(need.capability) {
		return p.Refusal
	}
	return &Refusal{
		fmt.Sprintf("%s boots %s over %s, however the capability '%s' is not set for the node", n.Label(), p.what(), need.words, need.capability),
		fmt.Sprintf("Add %s:True to capabilities in its properties", need.capability),
	}
}

// what is what the node boots from, in words.
func (p Plan) what() string {
	if p.Load != nil {
		return "with a root"
	}
	return "from a volume"
}
