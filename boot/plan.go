package boot

import (
	"errors"
	"fmt"

	"ironhook/baremetal"
)

// Facts are the input of [Decide].
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
	// the pool. Unreachable is why the file that image_source names cannot be imported.
	// Only deployments ask.
	Volume      *baremetal.Volume
	Unreachable error
}

// Look adds the image that the node's image_source names. find returns the image of a
// source, nil for none; its ErrInvalid is a name that several have.
func (f *Facts) Look(find func(baremetal.ImageSource) (*baremetal.Image, error)) (err error) {
	source, refusal := Source(f.Node)
	if f.Node.ImageSource() == "" || refusal != nil {
		return nil
	}
	if f.Image, err = find(source); errors.Is(err, baremetal.ErrInvalid) {
		f.Ambiguous = err
	} else if err != nil {
		return fmt.Errorf("look for the image of node %s: %w", f.Node.UUID, err)
	}
	return nil
}

// Plan says how and from what a node boots, or gives one reason why it does not.
type Plan struct {
	// Method is "" if and only if Refusal is set.
	Method Method
	// Volume is the volume target that the node boots from, nil for a method that needs
	// none. While Image or Source is set the target does not exist yet and has no UUID.
	Volume *baremetal.VolumeTarget
	// Image is what attaching makes the boot volume from, nil when there is one.
	Image *baremetal.Image
	// Source is where a deployment must import that image from first, nil for one that
	// is here.
	Source *baremetal.ImageSource
	// Load is what iPXE loads, nil for a method that boots from a volume.
	Load *Load
	// Kernel is the kernel that iPXE starts in place of the volume's boot loader, with its
	// root on the volume, which is attached first; nil for the boot loader.
	Kernel *Load
	// Refusal is why the node does not boot.
	Refusal *Refusal

	faults Refusals // all that is wrong with the kernel that is to start with its root on a volume
}

// Decide makes the plan of a node. Ironic's rule is that a node boots from the
// volume target with boot_index 0 unless instance_info has an image_source
// (ironic/drivers/modules/storage/cinder.py, should_write_image). The storage
// interface iscsi makes a volume of an image_source that names one of our images.
func Decide(f Facts) Plan {
	n, source := f.Node, f.Node.ImageSource()
	from, bad := Source(n)
	volume := Target(f.Targets)
	switch {
	case n.InAgent():
		return Agent(n)
	case Writes(n):
		if bad != nil && n.DriverInternalInfo[OnDisk] != true {
			return refuse(*bad)
		}
		return Plan{Method: Disk}
	case f.Loads():
		p, wrong := f.load()
		if len(wrong) > 0 {
			return refuse(*wrong[0])
		}
		return p
	case n.Interfaces.Storage() == baremetal.StorageNoop:
		return refuse(noVolumes(n))
	case source != "" && !f.managed():
		return refuse(localDisk(n))
	case volume != nil && (source == "" || f.Image != nil || f.Attached || deployed(n)):
		return f.onVolume(Plan{Method: methodOf(n, volume), Volume: volume})
	case f.Ambiguous != nil:
		return refuse(ambiguous(n, f.Ambiguous))
	case bad != nil:
		return refuse(*bad)
	case f.Image != nil:
		return f.onVolume(Plan{Method: ISCSI, Volume: unmade(n), Image: f.Image})
	case from.URL != "":
		return f.onVolume(Plan{Method: ISCSI, Volume: unmade(n), Source: &from})
	case source != "":
		return refuse(unknownImage(n))
	}
	return refuse(noTarget(n, f.managed()))
}

// unmade is the target of a boot volume that is yet to be made.
func unmade(n *baremetal.Node) *baremetal.VolumeTarget {
	return &baremetal.VolumeTarget{NodeUUID: n.UUID, VolumeType: baremetal.ISCSI}
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
