package boot

import (
	"fmt"

	"ironhook/baremetal"
)

// A system whose boot loader iPXE cannot chain has its kernel and ramdisk on a web server,
// named by instance_info as for a ramdisk deployment, and its root on the boot volume: decision 31.

// onVolume adds the kernel that instance_info names to the plan of a boot from an iSCSI volume.
func (f Facts) onVolume(p Plan) Plan {
	if p.Method != ISCSI || !given(f.Node.InstanceInfo["kernel"]) {
		return p
	}
	kernel, wrong := f.kernel()
	if len(wrong) > 0 {
		return Plan{Refusal: wrong[0], faults: wrong}
	}
	p.Kernel = kernel
	return p
}

// kernel reads the kernel, and everything that is wrong with it. Its arguments are the
// operator's alone: how an initramfs finds an iSCSI root is its own matter.
func (f Facts) kernel() (l *Load, all Refusals) {
	n := f.Node
	if firmware, _ := baremetal.Truth(n.DriverInfo["redfish_iscsi_boot"]); firmware {
		all.add(&Refusal{fmt.Sprintf("kernel in instance_info of %s names a kernel to boot, and the firmware's own initiator "+
			"(redfish_iscsi_boot) starts the volume's boot loader", n.Label()),
			"Remove one of them"})
	}
	l = &Load{Kernel: loadURL(&all, n, "kernel")}
	if given(n.InstanceInfo["ramdisk"]) {
		l.Ramdisk = loadURL(&all, n, "ramdisk")
	}
	l.Args = loadArgs(&all, n, nil)
	return l, all
}
