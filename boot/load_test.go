package boot

import (
	"reflect"
	"strings"
	"testing"

	"ironhook/baremetal"
)

const kernelURL, ramdiskURL = "http://10.0.0.1/vmlinuz", "https://mirror.example/initrd.img?a=1"

// loader is a node that iPXE loads a kernel for.
func loader(deploy string, info baremetal.Object) Facts {
	return Facts{Node: &baremetal.Node{Name: "pc-07", InstanceInfo: info,
		Interfaces: baremetal.Interfaces{"storage": "noop", "deploy": deploy},
		Properties: baremetal.Object{"capabilities": "nfs_boot:True"}}}
}

func with(info baremetal.Object, more baremetal.Object) baremetal.Object {
	all := baremetal.Object{}
	for _, o := range []baremetal.Object{info, more} {
		for k, v := range o {
			all[k] = v
		}
	}
	return all
}

func TestLoad(t *testing.T) {
	both := baremetal.Object{"kernel": kernelURL, "ramdisk": ramdiskURL}
	for _, c := range []struct {
		name, deploy string
		info         baremetal.Object
		method       Method
		want         Load
	}{
		{"kernel and ramdisk", "ramdisk", both, Ramdisk, Load{Kernel: kernelURL, Ramdisk: ramdiskURL, Args: "root=/dev/ram0 text"}},
		{"arguments under both names", "ramdisk",
			with(both, baremetal.Object{"kernel_append_params": " quiet  ds=nocloud;s=http://x/ ", "ramdisk_kernel_arguments": "%default% a=b"}),
			Ramdisk, Load{Kernel: kernelURL, Ramdisk: ramdiskURL, Args: "root=/dev/ram0 text quiet ds=nocloud;s=http://x/ a=b"}},
		{"a root of its own", "ramdisk", with(both, baremetal.Object{"kernel_append_params": "root=live:/x"}), Ramdisk,
			Load{Kernel: kernelURL, Ramdisk: ramdiskURL, Args: "text root=live:/x"}},
		{"an ISO", "ramdisk", baremetal.Object{"boot_iso": "http://10.0.0.1/a%20b.iso"}, Ramdisk, Load{ISO: "http://10.0.0.1/a%20b.iso"}},
		{"NFS", "direct", with(both, baremetal.Object{"nfs_root": "10.0.0.1:/srv/root"}), NFS,
			Load{Kernel: kernelURL, Ramdisk: ramdiskURL, Args: "root=/dev/nfs nfsroot=10.0.0.1:/srv/root ip=dhcp rw"}},
		{"NFS without a ramdisk", "ramdisk", baremetal.Object{"kernel": kernelURL, "nfs_root": "nas:/r,vers=4.2,ro,tcp"}, NFS,
			Load{Kernel: kernelURL, Args: "root=/dev/nfs nfsroot=nas:/r,vers=4.2,tcp ip=dhcp ro"}},
		{"NFS by URL", "direct", baremetal.Object{"kernel": kernelURL, "nfs_root": "nfs://[fd00::1]:2050/r"}, NFS,
			Load{Kernel: kernelURL, Args: "root=/dev/nfs nfsroot=[fd00::1]:/r,port=2050 ip=dhcp rw"}},
		{"NFS by object", "direct", baremetal.Object{"kernel": kernelURL, "nfs_root": map[string]any{
			"server": "fd00::1", "path": "/r", "version": 3, "options": []any{"nolock", "tcp"}, "access": "overlay"}}, NFS,
			Load{Kernel: kernelURL, Args: "root=/dev/nfs nfsroot=[fd00::1]:/r,vers=3,nolock,tcp ip=dhcp ro overlayroot=tmpfs"}},
	} {
		f := loader(c.deploy, c.info)
		p := Decide(f)
		if p.Refusal != nil || p.Method != c.method || p.Volume != nil || !reflect.DeepEqual(*p.Load, c.want) || p.Device() != "pxe" {
			t.Errorf("%s: Decide = %+v (%+v), %v, want %+v", c.name, p, p.Load, p.Refusal.Err(), c.want)
		}
		if all := f.Deploy(); len(all) > 0 {
			t.Errorf("%s: a deployment is refused: %s", c.name, all)
		}
	}
}

// A deployment is refused for all reasons at once, and the first of them keeps a machine
// from booting.
func TestLoadRefuses(t *testing.T) {
	both := baremetal.Object{"kernel": kernelURL, "ramdisk": ramdiskURL}
	root := []*baremetal.VolumeTarget{{UUID: "root", VolumeType: "iscsi"}}
	for _, c := range []struct {
		name, deploy string
		info         baremetal.Object
		want         []string
	}{
		{"nothing to load", "ramdisk", nil,
			[]string{"kernel in instance_info of pc-07 is missing", "ramdisk in instance_info of pc-07 is missing"}},
		{"no ramdisk", "ramdisk", baremetal.Object{"kernel": kernelURL}, []string{"ramdisk in instance_info of pc-07 is missing"}},
		{"no URLs", "ramdisk", baremetal.Object{"kernel": "ftp://x/y", "ramdisk": "http:///y"},
			[]string{"kernel in instance_info of pc-07 is no URL", "ramdisk in instance_info of pc-07 is no URL"}},
		{"a number", "ramdisk", baremetal.Object{"kernel": 7.0, "ramdisk": ramdiskURL}, []string{"kernel in instance_info of pc-07 is missing"}},
		{"an ISO and more", "ramdisk", with(both, baremetal.Object{"boot_iso": "http://x/i", "kernel_append_params": "a"}),
			[]string{"both a boot_iso and a kernel", "both a boot_iso and a ramdisk", "cannot be given to the boot loader"}},
		{"arguments for iPXE", "ramdisk", with(both, baremetal.Object{"kernel_append_params": "a || shell"}),
			[]string{"kernel_append_params in instance_info of pc-07 has"}},
		{"a setting of iPXE's", "ramdisk", with(both, baremetal.Object{"kernel_append_params": "a=${net0/ip}"}),
			[]string{"would take for itself"}},
		{"too many arguments", "ramdisk", with(both, baremetal.Object{"kernel_append_params": strings.Repeat("a ", 1000)}),
			[]string{"2019 bytes long"}},
		{"arguments that are a list", "ramdisk", with(both, baremetal.Object{"kernel_append_params": []any{"a"}}), []string{"is no text"}},
		{"beside what cannot be met", "ramdisk", with(both, baremetal.Object{"swap_mb": 7.0, "ephemeral_gb": 1.0}),
			[]string{"ephemeral_gb in instance_info", "swap_mb in instance_info"}},
		{"NFS of nothing", "direct", baremetal.Object{"nfs_root": true},
			[]string{"nfs_root in instance_info of pc-07 is neither a text nor an object", "kernel in instance_info of pc-07 is missing"}},
		{"a kernel to be written to a disk", "direct", both, []string{"storage interface noop"}},
	} {
		f := loader(c.deploy, c.info)
		all := f.Deploy()
		for _, want := range c.want {
			if !strings.Contains(all.String(), want) {
				t.Errorf("%s: Deploy = %q, want %q in it", c.name, all, want)
			}
		}
		if p := Decide(f); c.name != "beside what cannot be met" && (p.Refusal == nil || !strings.Contains(p.Refusal.String(), c.want[0])) {
			t.Errorf("%s: Decide = %+v, want %q", c.name, p, c.want[0])
		}
	}

	f := loader("direct", with(both, baremetal.Object{"nfs_root": "a:/b"}))
	f.Node.Properties = nil
	if all := f.Deploy().String(); !strings.Contains(all, "'nfs_boot' is not set") {
		t.Errorf("without the capability: %q", all)
	}
	f.Node.Interfaces["storage"], f.Targets = "external", root
	if all := f.Deploy().String(); Decide(f).Volume == nil || !strings.Contains(all, "nfs_root in") {
		t.Errorf("with a volume too: %+v, %q, want the volume, and that the rest would be ignored", Decide(f), all)
	}
}

func TestNFSRootRefuses(t *testing.T) {
	for _, v := range []any{
		"", "nas", "nas:root", ":/root", "nas:/a b", "nas:/a,,tcp", "nas:/a,ro b", "nas:/a/../b", "na s:/a", "nas:/a\nshell", "nas:/${x}",
		"nas:/a,vers=2",
		"fe80::1%eth0:/a", "[fe80::1%eth0]:/a", "nfs://u:p@nas/a", "nfs://nas/a?b", 7.0, []any{"nas:/a"},
		map[string]any{"server": "nas"}, map[string]any{"path": "/a"}, map[string]any{"server": "nas", "path": "/a", "versoin": 4},
		map[string]any{"server": "nas", "path": "/a", "version": 5}, map[string]any{"server": "nas", "path": "/a", "access": "w"},
		map[string]any{"server": "nas", "path": "/a", "options": "a;b"}, map[string]any{"server": "nas", "path": "/a", "options": []any{" "}},
	} {
		if r, err := parseNFSRoot(v); err == nil {
			t.Errorf("parseNFSRoot(%v) = %+v, want an error", v, r)
		}
	}
}

// Whatever the text is, it stays one argument of the kernel with a root in it.
func FuzzNFSRoot(f *testing.F) {
	for _, text := range []string{"10.0.0.1:/srv/root", "nas:/a,vers=4.2,ro", "[fd00::1]:/a", "nfs://nas:2049/a", "nas:/a b", "nas:/${x}",
		"a:/b||c"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := parseNFSRoot(text)
		if err != nil {
			return
		}
		args := r.args()
		for _, a := range args {
			if argument(a) != nil && len(a) <= maxURL || strings.ContainsAny(a, " ;$|&#\\\"'") {
				t.Fatalf("parseNFSRoot(%q) has the argument %q", text, a)
			}
		}
		if !strings.HasPrefix(args[1], "nfsroot=") || !strings.Contains(args[1], ":/") {
			t.Fatalf("parseNFSRoot(%q) = %q", text, args)
		}
	})
}

// TestInspection: a machine that a ramdisk inspects boots that, whatever else it has, and only then.
func TestInspection(t *testing.T) {
	info := baremetal.Object{"deploy_kernel": kernelURL, "deploy_ramdisk": ramdiskURL,
		"kernel_append_params": "ipa-inspection-callback-url=http://a/v1/continue_inspection"}
	for _, c := range []struct {
		state   baremetal.ProvisionState
		inspect string
		info    baremetal.Object
		loads   bool
		refusal string
	}{
		{baremetal.InspectWait, "agent", info, true, ""},
		{baremetal.Inspecting, "agent", info, true, ""},
		{baremetal.Manageable, "agent", info, false, ""},
		{baremetal.InspectWait, "fake", info, false, ""},
		{baremetal.InspectWait, "agent", baremetal.Object{"deploy_kernel": kernelURL}, false, "no agent that iPXE can load"},
		{baremetal.InspectWait, "agent", with(info, baremetal.Object{"deploy_kernel": "tftp://x/y"}), false, "no agent that iPXE can load"},
	} {
		n := &baremetal.Node{Name: "pc-07", ProvisionState: c.state, DriverInfo: c.info,
			Interfaces: baremetal.Interfaces{"storage": "external", "inspect": c.inspect, "deploy": "direct"}}
		p := Decide(Facts{Node: n, Targets: []*baremetal.VolumeTarget{{VolumeType: "iscsi", VolumeID: "v"}}})
		want := Load{Kernel: kernelURL, Ramdisk: ramdiskURL,
			Args: "root=/dev/ram0 text ipa-inspection-callback-url=http://a/v1/continue_inspection", Agent: true}
		if loads := p.Load != nil; loads != c.loads || loads && !reflect.DeepEqual(*p.Load, want) {
			t.Errorf("%s, %s: Decide = %+v (%+v), want it to load: %v", c.state, c.inspect, p, p.Load, c.loads)
		}
		if text := p.Refusal.Err(); c.refusal != "" && (text == nil || !strings.Contains(text.Error(), c.refusal)) {
			t.Errorf("%s: refusal %v, want %q", c.state, text, c.refusal)
		}
	}
}
