package boot

import (
	"fmt"
	"strings"

	"ironhook/baremetal"
)

// demand is a key of instance_info for something that Ironic's deployments do and
// Ironhook's do not.
type demand struct {
	key    string
	asks   func(v any) bool // whether the value asks for it
	why    string
	remedy string
	loaded bool // met by a node whose kernel iPXE loads
	volume bool // met by a node that boots from a volume of ours
	kernel bool // met by a node whose kernel iPXE starts with the root on a volume
}

// demands are refused, not ignored: a machine without its config drive or swap space
// would boot but differ from the request.
var demands = []demand{
	{"configdrive", given, "asks for a config drive, which Ironhook cannot deliver beside a volume of another storage",
		"Remove it, and have the image take its configuration from the network or bring it along", true, true, false},
	{"ephemeral_gb", positive, "asks for an ephemeral partition, and Ironhook makes no partitions",
		"Remove it, and give the node another volume target for such a disk", false, false, false},
	{"swap_mb", positive, "asks for a swap partition, and Ironhook makes no partitions",
		"Remove it, and have swap space in the image or on another volume target", false, false, false},
	{"image_type", partition, "says that the image is of a partition, and a machine boots from whole disks only",
		"Name the image of a whole disk, and remove image_type", false, false, false},
	{"kernel", given, "names a kernel to boot, and the volume brings its own", toLoad, true, false, true},
	{"ramdisk", given, "names a ramdisk to boot, and the volume brings its own", toStart, true, false, true},
	{"boot_iso", given, "names an ISO to boot, and the node boots from a volume", toLoad, true, false, false},
	{"nfs_root", given, "names an NFS root, and the node boots from a volume", toLoad, true, false, false},
	{"kernel_append_params", given, "has kernel parameters, which are those of the volume's boot loader", toStart, true, false, true},
	{"ramdisk_kernel_arguments", given, "has kernel parameters, which are those of the volume's boot loader", toStart, true, false, true},
}

const toLoad = "Remove it; or, for a node without a boot volume and an image_source, set its deploy interface to ramdisk"

const toStart = "Remove it; or name the kernel as well, which iPXE then starts with its root on the volume"

// given reports whether a value is there and is not empty.
func given(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case string:
		return strings.TrimSpace(v) != ""
	case map[string]any:
		return len(v) > 0
	}
	return true
}

func positive(v any) bool {
	text := strings.TrimSpace(fmt.Sprint(v))
	return given(v) && strings.Trim(text, "0.") != ""
}

func partition(v any) bool {
	return given(v) && v != "whole-disk" && v != "whole-disk-image"
}

// unmet returns the demands of the node that its deployment does not meet.
func unmet(n *baremetal.Node, meets func(demand) bool) (all Refusals) {
	for _, d := range demands {
		if d.asks(n.InstanceInfo[d.key]) && !meets(d) {
			all.add(&Refusal{fmt.Sprintf("%s in instance_info of %s %s", d.key, n.Label(), d.why), d.remedy})
		}
	}
	return all
}

// Refusals are all the reasons for one refusal, without duplicates.
type Refusals []*Refusal

func (all *Refusals) add(r *Refusal) {
	if r == nil {
		return
	}
	for _, has := range *all {
		if *has == *r {
			return
		}
	}
	*all = append(*all, r)
}

// String lists the reasons as sentences, each with its remedy.
func (all Refusals) String() string {
	var list []string
	for _, r := range all {
		list = append(list, r.String())
	}
	return strings.Join(list, " ")
}

// Err is all of them as one error of the kind ErrInvalid, nil for none.
func (all Refusals) Err() error {
	if len(all) == 0 {
		return nil
	}
	return baremetal.Errorf(baremetal.ErrInvalid, "%s", all)
}
