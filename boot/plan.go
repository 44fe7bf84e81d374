package boot

import (
	"fmt"
	"strings"

	"ironhook/baremetal"
)

// Facts are what a plan depends on.
type Facts struct {
	Node    *baremetal.Node
	Targets []*baremetal.VolumeTarget // of the node, in any order
	// Image is the image that the node's image_source names, nil when it names none
	// of ours. Ambiguous is the error of a name that several images have.
	Image     *baremetal.Image
	Ambiguous error
	// Attached reports whether the boot volume is exported to the node.
	Attached bool
	// Volume is what the target with boot_index 0 names, nil for what is no volume of
	// the pool; Snapshots is how many snapshots it has. Only deployments ask.
	Volume    *baremetal.Volume
	Snapshots int
}

// Plan is what a node boots from: a volume, or nothing for one reason.
type Plan struct {
	// Volume is the volume target that the node boots from. While Image is set the
	// target does not exist yet and has no UUID. It is nil if and only if Refusal is set.
	Volume *baremetal.VolumeTarget
	// Image is what attaching makes the boot volume from, nil when there is one.
	Image *baremetal.Image
	// Refusal is why the node boots from no volume.
	Refusal *Refusal
}

// Decide makes the plan of a node. Ironic's rule is that a node boots from the
// volume target with boot_index 0 unless instance_info has an image_source
// (ironic/drivers/modules/storage/cinder.py, should_write_image). The storage
// interface iscsi makes a volume of an image_source that names one of our images.
func Decide(f Facts) Plan {
	n, source := f.Node, f.Node.ImageSource()
	managed := n.Interfaces["storage"] == "iscsi"
	volume := Target(f.Targets)
	switch {
	case n.Interfaces["storage"] == "noop":
		return refuse(noVolumes(n))
	case source != "" && !managed:
		return refuse(localDisk(n))
	case volume != nil && (source == "" || f.Image != nil || f.Attached || deployed(n)):
		return Plan{Volume: volume}
	case f.Ambiguous != nil:
		return refuse(ambiguous(n, f.Ambiguous))
	case source != "" && f.Image == nil:
		return refuse(unknownImage(n))
	case f.Image != nil:
		return Plan{Volume: &baremetal.VolumeTarget{NodeUUID: n.UUID, VolumeType: baremetal.ISCSI}, Image: f.Image}
	}
	return refuse(noTarget(n, managed))
}

// deployed reports whether a deployment has chosen the boot volume. The choice holds
// until tear-down, though the image that the volume was made from is deleted or renamed.
func deployed(n *baremetal.Node) bool {
	_, chosen := n.DriverInternalInfo["boot_from_volume"]
	return chosen
}

// Target is the one of a node's volume targets that it boots from: that with boot index
// 0, nil when there is none.
func Target(targets []*baremetal.VolumeTarget) *baremetal.VolumeTarget {
	for _, t := range targets {
		if t.BootIndex == 0 {
			return t
		}
	}
	return nil
}

// capabilities are those that a node needs for a boot volume of a type, and how
// people call that type.
var capabilities = map[string]struct{ key, words string }{
	baremetal.ISCSI: {"iscsi_boot", "iSCSI"},
	"fibre_channel": {"fibre_channel_boot", "Fibre Channel"},
}

// Ready returns the refusal of the plan, or that of a deployment to a node which is not
// declared able to boot from its volume (ironic/drivers/modules/deploy_utils.py).
// A node that is switched on without a deployment needs no declaration.
func (p Plan) Ready(n *baremetal.Node) *Refusal {
	if p.Refusal != nil {
		return p.Refusal
	}
	need, known := capabilities[strings.ToLower(p.Volume.VolumeType)]
	if !known || n.Able(need.key) {
		return nil
	}
	return &Refusal{
		fmt.Sprintf("%s boots from a volume over %s, however the capability '%s' is not set for the node", n.Label(), need.words, need.key),
		fmt.Sprintf("Add %s:True to capabilities in its properties", need.key),
	}
}
