package boot

import (
	"fmt"
	"strings"

	"ironhook/baremetal"
)

// Method is how a machine reaches what it boots from.
type Method string

// The methods. A new one is a case in [Decide], a script in package ipxe, and a row of
// the table of scripts in package bootsrv.
const (
	ISCSI        Method = "iscsi"         // iPXE attaches the node's volumes
	FibreChannel Method = "fibre_channel" // the machine's host bus adapter attaches the volume
	Adapter      Method = "adapter"       // so does an adapter for any other type of volume
)

// traits are the differences of a method from a plain network boot, which requires
// nothing.
var traits = map[Method]struct {
	capability string // that the node must declare to be deployed
	words      string // name of the method in messages
	disk       bool   // the firmware finds a disk
}{
	ISCSI:        {capability: "iscsi_boot", words: "iSCSI"},
	FibreChannel: {capability: "fibre_channel_boot", words: "Fibre Channel", disk: true},
	Adapter:      {disk: true},
}

// methodOf is how a machine reaches a volume. Ironic compares types without case.
func methodOf(t *baremetal.VolumeTarget) Method {
	switch {
	case t.ISCSI():
		return ISCSI
	case strings.EqualFold(t.VolumeType, string(FibreChannel)):
		return FibreChannel
	}
	return Adapter
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
		fmt.Sprintf("%s boots from a volume over %s, however the capability '%s' is not set for the node", n.Label(), need.words, need.capability),
		fmt.Sprintf("Add %s:True to capabilities in its properties", need.capability),
	}
}
