package boot

import (
	"errors"
	"fmt"

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

// Look adds the image that the node's image_source names. find returns the image with a
// UUID or a name, nil for none; its ErrInvalid is a name that several have.
func (f *Facts) Look(find func(ident string) (*baremetal.Image, error)) (err error) {
	source := f.Node.ImageSource()
	if source == "" {
		return nil
	}
	if f.Image, err = find(source); errors.Is(err, baremetal.ErrInvalid) {
		f.Ambiguous = err
	} else if err != nil {
		return fmt.Errorf("look for the image of node %s: %w", f.Node.UUID, err)
	}
	return nil
}

// Plan is how a node boots, and from what; or that it does not, for one reason.
type Plan struct {
	// Method is "" if and only if Refusal is set.
	Method Method
	// Volume is the volume target that the node boots from, nil for a method that needs
	// none. While Image is set the target does not exist yet and has no UUID.
	Volume *baremetal.VolumeTarget
	// Image is what attaching makes the boot volume from, nil when there is one.
	Image *baremetal.Image
	// Refusal is why the node does not boot.
	Refusal *Refusal
}

// Decide makes the plan of a node. Ironic's rule is that a node boots from the
// volume target with boot_index 0 unless instance_info has an image_source
// (ironic/drivers/modules/storage/cinder.py, should_write_image). The storage
// interface iscsi makes a volume of an image_source that names one of our images.
func Decide(f Facts) Plan {
	n, source := f.Node, f.Node.ImageSource()
	managed := n.Interfaces.Managed()
	volume := Target(f.Targets)
	switch {
	case n.Interfaces.Storage() == baremetal.StorageNoop:
		return refuse(noVolumes(n))
	case source != "" && !managed:
		return refuse(localDisk(n))
	case volume != nil && (source == "" || f.Image != nil || f.Attached || deployed(n)):
		return Plan{Method: methodOf(volume), Volume: volume}
	case f.Ambiguous != nil:
		return refuse(ambiguous(n, f.Ambiguous))
	case source != "" && f.Image == nil:
		return refuse(unknownImage(n))
	case f.Image != nil:
		return Plan{Method: ISCSI, Volume: &baremetal.VolumeTarget{NodeUUID: n.UUID, VolumeType: baremetal.ISCSI}, Image: f.Image}
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
