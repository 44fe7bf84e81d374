package boot

import (
	"fmt"

	"ironhook/baremetal"
)

// Refusal is why a node boots from no volume, and what to do about it. Both are
// single lines for a person, and have no secrets in them.
type Refusal struct{ Why, Remedy string }

// Err is the refusal as an error of the kind ErrInvalid, nil for no refusal.
func (r *Refusal) Err() error {
	if r == nil {
		return nil
	}
	return baremetal.Errorf(baremetal.ErrInvalid, "%s", r)
}

// String is two sentences: the reason and the remedy.
func (r *Refusal) String() string { return r.Why + ". " + r.Remedy + "." }

func refuse(r Refusal) Plan { return Plan{Refusal: &r} }

func noVolumes(n *baremetal.Node) Refusal {
	return Refusal{
		fmt.Sprintf("%s has storage interface noop, which attaches no volumes", n.Label()),
		fmt.Sprintf("Set one with: openstack baremetal node set --storage-interface iscsi %s", n.Label()),
	}
}

// localDisk leaves the image_source out: it may be a URL with a password.
func localDisk(n *baremetal.Node) Refusal {
	return Refusal{
		fmt.Sprintf("%s has instance_info.image_source, and Ironhook writes no images to local disks", n.Label()),
		"To boot from a volume: " + unsetImage(n) + ". To have the agent write the image to a disk, whose content is lost: " +
			"openstack baremetal node set --instance-info force_deployment=true " + n.Label(),
	}
}

func unknownImage(n *baremetal.Node) Refusal {
	return Refusal{
		fmt.Sprintf("instance_info.image_source of %s names no active image of Ironhook's, and Ironhook writes no images to local disks",
			n.Label()),
		"Set it to a name from: openstack image list, or boot from a volume target: " + unsetImage(n),
	}
}

func ambiguous(n *baremetal.Node, err error) Refusal {
	return Refusal{
		fmt.Sprintf("instance_info.image_source of %s is ambiguous: %v", n.Label(), err),
		"To boot from a volume target: " + unsetImage(n),
	}
}

func noTarget(n *baremetal.Node, managed bool) Refusal {
	remedy := fmt.Sprintf("Add one with: openstack baremetal volume target create --node %s --type iscsi --boot-index 0 --volume-id VOLUME",
		n.UUID)
	if managed {
		remedy += fmt.Sprintf(", or name an image: openstack baremetal node set --instance-info image_source=IMAGE %s", n.Label())
	}
	return Refusal{fmt.Sprintf("%s has no volume target with boot_index 0", n.Label()), remedy}
}

func unsetImage(n *baremetal.Node) string {
	return fmt.Sprintf("openstack baremetal node unset --instance-info image_source %s", n.Label())
}
