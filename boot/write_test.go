package boot

import (
	"strings"
	"testing"

	"ironhook/baremetal"
)

// TestWrites: an image is written to a disk where that is asked for, and nowhere else.
func TestWrites(t *testing.T) {
	info := func(more baremetal.Object) baremetal.Object {
		return with(baremetal.Object{"image_source": "debian", "force_deployment": "true"}, more)
	}
	for name, c := range map[string]struct {
		storage, deploy string
		info, internal  baremetal.Object
		writes          bool
		refusal         string
	}{
		"asked": {"noop", "direct", info(nil), nil, true, ""},
		"with config drive": {"noop", "direct", info(baremetal.Object{"configdrive": map[string]any{"meta_data": map[string]any{"name": "a"}}}),
			nil, true, ""},
		"a LUN of others":  {"external", "direct", info(nil), nil, true, ""},
		"not asked":        {"external", "direct", baremetal.Object{"image_source": "debian"}, nil, false, "writes no images to local disks"},
		"our own volumes":  {"iscsi", "direct", info(nil), nil, false, "makes the volume of the image by itself"},
		"without an image": {"noop", "direct", baremetal.Object{"force_deployment": true}, nil, false, "which this node does not"},
		"with swap":        {"noop", "direct", info(baremetal.Object{"swap_mb": 7}), nil, true, "swap partition"},
		"deployed before":  {"noop", "direct", nil, baremetal.Object{OnDisk: true}, true, ""},
	} {
		n := &baremetal.Node{Name: "pc-07", InstanceInfo: c.info, DriverInternalInfo: c.internal,
			Interfaces: baremetal.Interfaces{"storage": c.storage, "deploy": c.deploy}}
		if got := Writes(n); got != c.writes {
			t.Errorf("%s: Writes = %v", name, got)
		}
		all := Facts{Node: n, Image: &baremetal.Image{Status: baremetal.ImageActive}}.Deploy()
		if text := all.String(); (text == "") != (c.refusal == "") || !strings.Contains(text, c.refusal) {
			t.Errorf("%s: %q, want %q", name, text, c.refusal)
		}
		if p := Decide(Facts{Node: n}); c.writes != (p.Method == Disk) || c.writes && p.Device() != "disk" {
			t.Errorf("%s: plan %+v", name, p)
		}
	}
}

// TestToysWrite: a node without a boot interface of its own has no disk to lose, and waits for a ramdisk as in Ironic.
func TestToysWrite(t *testing.T) {
	for boot, writes := range map[string]bool{"fake": true, "ipxe": false, "http-ipxe": false} {
		n := &baremetal.Node{InstanceInfo: baremetal.Object{"image_source": "debian"},
			Interfaces: baremetal.Interfaces{"storage": "noop", "deploy": "direct", "boot": boot}}
		if got := Writes(n); got != writes {
			t.Errorf("%s: Writes = %v", boot, got)
		}
	}
}
