package boot

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"ironhook/baremetal"
)

// deployedNode has a volume of its own that an earlier deployment made of an image.
func deployedNode() Facts {
	n := &baremetal.Node{UUID: "node", Name: "pc-07", Interfaces: baremetal.Interfaces{"storage": "iscsi", "deploy": "direct"},
		Properties:   baremetal.Object{"capabilities": "iscsi_boot:True"},
		InstanceInfo: baremetal.Object{"image_source": "debian"}, DriverInternalInfo: baremetal.Object{"boot_from_volume": "target"}}
	return Facts{Node: n, Targets: []*baremetal.VolumeTarget{{UUID: "target", NodeUUID: "node", VolumeType: "iscsi", VolumeID: "volume"}},
		Image: &baremetal.Image{UUID: "image", Status: baremetal.ImageActive, VirtualSize: 4 << 30,
			Checksum: strings.Repeat("b2", 16), HashValue: strings.Repeat("a1", 64)},
		Volume: &baremetal.Volume{UUID: "volume", NodeUUID: "node"}}
}

func TestDeployAndRebuild(t *testing.T) {
	const ignored, given = "has no effect, for the node boots from volume volume, which volume target target gives to it",
		"was given to the node"
	image := func(key string, value any) func(*Facts) {
		return func(f *Facts) { f.Node.InstanceInfo[key] = value }
	}
	elsewhere := func(more baremetal.Object) func(*Facts) {
		return func(f *Facts) { f.Node.InstanceInfo, f.Image = more, nil }
	}
	sum := strings.Repeat("a1", 64)
	for _, c := range []struct {
		name    string
		change  func(f *Facts)
		remakes bool
		deploy  string // what keeps the node from being deployed, "" for nothing
		rebuild string // the same of a rebuild
	}{
		{"its own volume", func(*Facts) {}, true, "", ""},
		{"first deployment", func(f *Facts) { f.Targets, f.Volume, f.Node.DriverInternalInfo = nil, nil, nil }, false, "", ""},
		{"a volume of the operator's", func(f *Facts) { f.Volume.NodeUUID = "" }, false, ignored, ignored},
		{"a raw file", func(f *Facts) { f.Volume = nil }, false, ignored, ignored},
		{"a volume and no image", func(f *Facts) { f.Volume.NodeUUID, f.Node.InstanceInfo = "", nil }, false, "", given},
		{"a volume that each boot resets", func(f *Facts) {
			f.Volume.NodeUUID, f.Targets[0].Properties, f.Node.InstanceInfo = "", baremetal.Object{"reset_on_boot": true}, nil
		}, false, "", ""},
		{"a target that is kept", func(f *Facts) {
			f.Targets[0].Properties, f.Node.InstanceInfo = baremetal.Object{"keep": "true"}, nil
		}, false, "", given},
		{"no image_source", func(f *Facts) { f.Node.InstanceInfo = nil }, false, "", "nothing to rebuild from"},
		{"an image that is gone", func(f *Facts) { f.Image = nil }, false, "names no active image", "names no active image"},
		{"two images of a name", func(f *Facts) { f.Image, f.Ambiguous = nil, errors.New("2 images are called debian") }, false,
			"2 images are called", "2 images are called"},
		{"an image on its way", func(f *Facts) { f.Image.Status = baremetal.ImageSaving }, false, "is saving", "is saving"},
		{"root_gb too small", image("root_gb", 3), false, "needs 4 GiB", "needs 4 GiB"},
		{"root_gb in words", image("root_gb", "many"), false, "number of GiB", "number of GiB"},
		{"root_gb negative", image("root_gb", -1), false, "number of GiB", "number of GiB"},
		{"root_gb as large", image("root_gb", "4"), true, "", ""},
		{"preserve_ephemeral", image("preserve_ephemeral", true), false, "cannot be honoured", "cannot be honoured"},
		{"storage noop", func(f *Facts) { f.Node.Interfaces["storage"] = "noop" }, false, "attaches no volumes", "attaches no volumes"},
		{"the checksum of the image", image("image_checksum", strings.Repeat("b2", 16)), true, "", ""},
		{"the long checksum of the image", image("image_checksum", sum), true, "", ""},
		{"the checksum of another image", image("image_checksum", strings.Repeat("b3", 16)), false, "is not that of image image",
			"is not that of image image"},
		{"a checksum of SHA-256", image("image_checksum", strings.Repeat("b3", 32)), false, "kept with one of SHA-512",
			"kept with one of SHA-512"},
		{"an image elsewhere", elsewhere(baremetal.Object{"image_source": "https://example.org/i", "image_checksum": sum}), true, "", ""},
		{"an image elsewhere, root_gb in words",
			elsewhere(baremetal.Object{"image_source": "https://example.org/i", "image_checksum": sum, "root_gb": "x"}),
			false, "number of GiB", "number of GiB"},
		{"an image elsewhere without checksum", elsewhere(baremetal.Object{"image_source": "https://example.org/i"}), false,
			"no checksum of that file", "no checksum of that file"},
		{"an image that cannot be read", func(f *Facts) { f.Unreachable = errors.New("no file") }, true, "cannot be imported: no file",
			"cannot be imported: no file"},
	} {
		f := deployedNode()
		c.change(&f)
		if remakes, refusal := f.Remakes(); remakes != c.remakes || refusal != nil && !strings.Contains(f.Deploy().String(), refusal.String()) &&
			f.managed() {
			t.Errorf("%s: Remakes = %v, %v, want %v and what Deploy says", c.name, remakes, refusal, c.remakes)
		}
		if all := f.Deploy(); !says(all, c.deploy) {
			t.Errorf("%s: Deploy = %v, want %q", c.name, all, c.deploy)
		}
		if all := f.Rebuild(); !says(all, c.rebuild) {
			t.Errorf("%s: Rebuild = %v, want %q", c.name, all, c.rebuild)
		}
	}
}

// TestDemands: what Ironic's deployments do and ours do not is refused, all at once, and
// values that ask for nothing are not.
func TestDemands(t *testing.T) {
	nothing := baremetal.Object{"configdrive": "", "ephemeral_gb": 0, "swap_mb": "0", "image_type": "whole-disk", "kernel": nil,
		"ramdisk":  " ",
		"boot_iso": nil, "nfs_root": "", "kernel_append_params": "", "ramdisk_kernel_arguments": nil}
	something := baremetal.Object{"configdrive": baremetal.Object{"user_data": "hush"}, "ephemeral_gb": "1", "swap_mb": 512.0,
		"image_type": "partition", "kernel": "k",
		"ramdisk": "r", "boot_iso": "http://x/hush", "nfs_root": "hush:/", "kernel_append_params": "hush", "ramdisk_kernel_arguments": "x"}
	for _, d := range demands {
		f := deployedNode()
		f.Node.InstanceInfo[d.key] = nothing[d.key]
		if all := f.Deploy(); len(all) > 0 {
			t.Errorf("%s = %v is refused: %v", d.key, nothing[d.key], all)
		}
	}
	f := deployedNode()
	f.Node.Interfaces["storage"] = "external"
	delete(f.Node.InstanceInfo, "image_source")
	f.Targets = []*baremetal.VolumeTarget{{VolumeType: "rbd"}} // with an iSCSI volume, kernel and ramdisk are TestKernelOnVolume
	maps.Copy(f.Node.InstanceInfo, something)
	all := f.Deploy()
	for _, d := range demands {
		if !strings.Contains(all.String(), d.key+" in instance_info of pc-07 "+d.why) {
			t.Errorf("%s = %v is not refused: %v", d.key, something[d.key], all)
		}
	}
	if len(all) != len(demands) || strings.Contains(all.String(), "hush") {
		t.Errorf("Deploy = %d reasons, %v, want %d without values", len(all), all, len(demands))
	}
}

// says reports whether there is one refusal that says so, with a remedy, or none.
func says(all Refusals, want string) bool {
	if len(all) != 1 {
		return len(all) == 0 && want == ""
	}
	return want != "" && strings.Contains(all[0].String(), want) && all[0].Remedy != ""
}

func TestRootSize(t *testing.T) {
	for _, c := range []struct {
		root any
		want int64
		ok   bool
	}{{nil, 0, true}, {"", 0, true}, {0, 0, true}, {10, 10 << 30, true}, {"10", 10 << 30, true}, {10.0, 10 << 30, true}, {10.5, 0, false},
		{1 << 20, 0, false}, {true, 0, false}} {
		got, r := RootSize(&baremetal.Node{InstanceInfo: baremetal.Object{"root_gb": c.root}})
		if got != c.want || (r == nil) != c.ok {
			t.Errorf("RootSize(%v) = %d, %v, want %d, ok %v", c.root, got, r, c.want, c.ok)
		}
	}
}
