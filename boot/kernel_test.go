package boot

import (
	"strings"
	"testing"

	"ironhook/baremetal"
)

// A kernel in instance_info starts in place of the boot loader of an iSCSI volume; what else
// names files is refused with what to do.
func TestKernelOnVolume(t *testing.T) {
	root := []*baremetal.VolumeTarget{{UUID: "root", VolumeType: "iscsi", Properties: baremetal.Object{"target_iqn": "iqn.a:b"}}}
	fibre := []*baremetal.VolumeTarget{{UUID: "root", VolumeType: "fibre_channel"}}
	const kernel, ramdisk = "http://files/vmlinuz", "http://files/initrd"
	for _, c := range []struct {
		name    string
		targets []*baremetal.VolumeTarget
		info    baremetal.Object
		driver  baremetal.Object
		want    *Load
		wrong   []string // what the deployment is refused for
	}{
		{name: "no kernel", targets: root},
		{name: "kernel alone", targets: root, info: baremetal.Object{"kernel": kernel}, want: &Load{Kernel: kernel}},
		{name: "all of it", targets: root,
			info: baremetal.Object{"kernel": kernel, "ramdisk": ramdisk, "kernel_append_params": "%default% root=LABEL=x  quiet"},
			want: &Load{Kernel: kernel, Ramdisk: ramdisk, Args: "root=LABEL=x quiet"}},
		{name: "a ramdisk alone", targets: root, info: baremetal.Object{"ramdisk": ramdisk, "kernel_append_params": "quiet"},
			wrong: []string{"ramdisk in instance_info of pc-07 names a ramdisk",
				"kernel_append_params in instance_info of pc-07 has kernel parameters", "name the kernel as well"}},
		{name: "with an ISO", targets: root, info: baremetal.Object{"kernel": kernel, "boot_iso": "http://files/x.iso"},
			want: &Load{Kernel: kernel}, wrong: []string{"names an ISO"}},
		{name: "two mistakes", targets: root, info: baremetal.Object{"kernel": "ftp://x/k", "ramdisk": "tftp://x/r"},
			wrong: []string{"kernel in instance_info of pc-07 is no URL", "ramdisk in instance_info of pc-07 is no URL"}},
		{name: "hostile arguments", targets: root, info: baremetal.Object{"kernel": kernel, "kernel_append_params": "a ${x} || shell"},
			wrong: []string{"which iPXE would take for itself"}},
		{name: "the firmware's own initiator", targets: root, info: baremetal.Object{"kernel": kernel},
			driver: baremetal.Object{"redfish_iscsi_boot": true}, wrong: []string{"the firmware's own initiator"}},
		{name: "an adapter's volume", targets: fibre, info: baremetal.Object{"kernel": kernel},
			wrong: []string{"kernel in instance_info of pc-07 names a kernel"}},
	} {
		n := &baremetal.Node{UUID: "node-7", Name: "pc-07", Interfaces: baremetal.Interfaces{"storage": "external"}, InstanceInfo: c.info,
			DriverInfo: c.driver,
			Properties: baremetal.Object{"capabilities": "iscsi_boot:True,fibre_channel_boot:True"}}
		f := Facts{Node: n, Targets: c.targets}
		p := Decide(f)
		if (p.Kernel == nil) != (c.want == nil) || p.Kernel != nil && (p.Kernel.Kernel != c.want.Kernel || p.Kernel.Ramdisk != c.want.Ramdisk ||
			p.Kernel.Args != c.want.Args || p.Volume == nil || p.Load != nil) {
			t.Errorf("%s: Decide = %+v with %+v, want %+v", c.name, p, p.Kernel, c.want)
		}
		got := f.Deploy().String()
		if (got == "") != (len(c.wrong) == 0) {
			t.Errorf("%s: refused with %q", c.name, got)
		}
		for _, say := range c.wrong {
			if !strings.Contains(got, say) {
				t.Errorf("%s: refused with %q, which does not say %q", c.name, got, say)
			}
		}
		if strings.Count(got, "kernel in instance_info") > 1 {
			t.Errorf("%s: says twice %q", c.name, got)
		}
	}
}
