package boot

import (
	"fmt"

	"ironhook/baremetal"
)

// OnDisk is the key of driver_internal_info of a node that boots from a disk of its own, to
// which its deployment has written an image.
const OnDisk = "boots_from_disk"

// Writes reports whether a deployment of the node writes its image_source to a disk of the
// machine, by the agent: with the deploy interface direct, a storage of others, and
// force_deployment in instance_info, as scenario 4 of the specification of boot from volume
// says. It is never done unasked, for what is on the disk is lost; a toy, whose boot interface
// is fake, has no disk to lose.
func Writes(n *baremetal.Node) bool {
	if on, _ := n.DriverInternalInfo[OnDisk].(bool); on {
		return true
	}
	asked, _ := baremetal.Truth(n.InstanceInfo["force_deployment"])
	asked = asked || n.Interfaces["boot"] == "fake"
	return asked && n.ImageSource() != "" && n.Interfaces["deploy"] == "direct" && !n.Interfaces.Managed()
}

// forced refuses a force_deployment that would do nothing.
func forced(n *baremetal.Node) *Refusal {
	asked, _ := baremetal.Truth(n.InstanceInfo["force_deployment"])
	if !asked || Writes(n) {
		return nil
	}
	remedy := "Remove it, or set image_source and the deploy interface direct"
	if n.Interfaces.Managed() {
		remedy = "Remove it: Ironhook makes the volume of the image by itself"
	}
	return &Refusal{fmt.Sprintf("force_deployment in instance_info of %s has the agent write image_source to a disk, which this node does not",
		n.Label()), remedy}
}
