package boot

import (
	"fmt"
	"strconv"

	"ironhook/baremetal"
)

// A deployment, the first or another, begins with a boot volume that is made from
// image_source now: the volume that an earlier deployment made is replaced, as large as
// root_gb says. A volume that an operator gave to the node stays as it is, and so do all
// volumes with another boot index.

// Deploy returns everything that keeps the node from being deployed.
func (f Facts) Deploy() (all Refusals) {
	p := Decide(f)
	all.add(forced(f.Node))
	if f.Loads() {
		p, all = f.load() // everything that is wrong, not the first alone
	}
	all = append(all, p.faults...)
	all.add(p.Ready(f.Node))
	_, r := f.Remakes()
	all.add(r)
	if f.Unreachable != nil {
		all.add(&Refusal{fmt.Sprintf("instance_info.image_source of %s cannot be imported: %v", f.Node.Label(), f.Unreachable),
			"Correct it, or name an image"})
	}
	ours := p.Method == ISCSI && f.managed() || p.Method == Disk // the config drive is beside the system
	if _, wrong := Drives(f.Node); ours && wrong != nil && DriveURL(f.Node) == "" {
		all.add(refuseKey(f.Node, "configdrive", wrong))
	}
	for _, r := range unmet(f.Node, p.meets(ours)) {
		all.add(r)
	}
	return all
}

// meets reports which demands the plan meets; ours is that the node boots from a volume of ours.
func (p Plan) meets(ours bool) func(demand) bool {
	return func(d demand) bool {
		return d.loaded && p.Load != nil || d.kernel && (p.Kernel != nil || p.faults != nil) || d.volume && ours
	}
}

// Remakes reports whether a deployment replaces the node's boot volume by a new one
// made from the image. The refusal is what would keep it from making the volume, the
// first one included.
func (f Facts) Remakes() (bool, *Refusal) {
	if f.Node.ImageSource() == "" || !f.managed() {
		return false, nil
	}
	s, r := Source(f.Node)
	target := Target(f.Targets)
	switch {
	case target != nil && !f.ownsVolume():
		r = ignored(f.Node, target)
	case r != nil:
	case f.Ambiguous != nil:
		r = new(ambiguous(f.Node, f.Ambiguous))
	case f.Image == nil && s.URL == "":
		r = new(unknownImage(f.Node))
	default:
		r = f.fits()
	}
	if r != nil || target == nil {
		return false, r
	}
	if preserve, _ := baremetal.Truth(f.Node.InstanceInfo["preserve_ephemeral"]); preserve {
		return false, &Refusal{
			"preserve_ephemeral in instance_info cannot be honoured, for the whole boot volume is made anew",
			"Remove it, and keep on a volume of its own what shall stay",
		}
	}
	return true, nil
}

func ignored(n *baremetal.Node, target *baremetal.VolumeTarget) *Refusal {
	return &Refusal{
		fmt.Sprintf("image_source in instance_info of %s has no effect, for the node boots from volume %s, which volume target %s gives to it",
			n.Label(), target.VolumeID, target.UUID),
		"Delete that target to boot from a volume made of the image, or boot from that volume: " + unsetImage(n),
	}
}

// Rebuild returns everything that keeps the node from being rebuilt. A rebuild makes a
// new boot volume, or boots from a volume that each boot resets; a node with neither is
// refused.
func (f Facts) Rebuild() Refusals {
	all := f.Deploy()
	target := Target(f.Targets)
	switch {
	case len(all) > 0 || !f.managed():
	case target != nil && !f.ownsVolume() && !(target.ISCSI() && target.Options().ResetOnBoot):
		all.add(&Refusal{
			fmt.Sprintf("There is nothing to rebuild: volume %s of volume target %s was given to the node and not made by its deployment, so it "+
				"stays as it is",
				target.VolumeID, target.UUID),
			"To have one made from an image, delete the target while the machine is off and set image_source in instance_info",
		})
	case f.ownsVolume() && f.Node.ImageSource() == "":
		all.add(&Refusal{"There is nothing to rebuild from", "Set image_source in instance_info to an image"})
	}
	return all
}

// managed reports whether the volumes of the node are ours to make.
func (f Facts) managed() bool { return f.Node.Interfaces.Managed() }

// ownsVolume reports whether the node boots from a volume that its deployment made and
// that the next one may replace.
func (f Facts) ownsVolume() bool {
	t := Target(f.Targets)
	return t != nil && f.Volume != nil && f.Volume.NodeUUID == f.Node.UUID && t.ISCSI() && !t.Options().Keep
}

// fits refuses an image that no boot volume of the node can be made from. One that has
// yet to be imported is judged when it has been.
func (f Facts) fits() *Refusal {
	size, r := RootSize(f.Node)
	if r != nil || f.Image == nil {
		return r
	}
	least := max(f.Image.VirtualSize, f.Image.MinDisk<<30)
	switch {
	case f.Image.Status != baremetal.ImageActive:
		return &Refusal{
			fmt.Sprintf("Image %s, the image_source in instance_info, is %s", f.Image.UUID, f.Image.Status),
			"Name one that is active",
		}
	case size != 0 && size < least:
		return &Refusal{
			fmt.Sprintf("root_gb in instance_info is %d, but image %s needs %d GiB", size>>30, f.Image.UUID, (least+1<<30-1)>>30),
			"Set it to that at least, or remove it for the size of the image",
		}
	}
	return f.is()
}

// maxRoot is the largest root_gb, in GiB: the limit of package volume.
const maxRoot = 16 << 10

// RootSize is the size in bytes that root_gb in instance_info asks for, 0 for that of
// the image.
func RootSize(n *baremetal.Node) (int64, *Refusal) {
	root, given := n.InstanceInfo["root_gb"]
	if !given || root == nil || root == "" {
		return 0, nil
	}
	gib, err := strconv.ParseInt(fmt.Sprint(root), 10, 64)
	if err != nil || gib < 0 || gib > maxRoot {
		return 0, &Refusal{
			fmt.Sprintf("root_gb in instance_info is %.40q", fmt.Sprint(root)),
			fmt.Sprintf("Set it to a number of GiB up to %d, or remove it for the size of the image", maxRoot),
		}
	}
	return gib << 30, nil
}
