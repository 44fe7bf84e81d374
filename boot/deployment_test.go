package boot

import (
	"strings"
	"testing"

	"ironhook/baremetal"
)

// deployedNode has a volume of its own that an earlier deployment made of an image.
func deployedNode() Facts {
	n := &baremetal.Node{UUID: "node", Name: "pc-07", Interfaces: baremetal.Interfaces{"storage": "iscsi", "deploy": "direct"},
		InstanceInfo: baremetal.Object{"image_source": "debian"}, DriverInternalInfo: baremetal.Object{"boot_from_volume": "target"}}
	return Facts{Node: n, Targets: []*baremetal.VolumeTarget{{UUID: "target", NodeUUID: "node", VolumeType: "iscsi", VolumeID: "volume"}},
		Image:  &baremetal.Image{UUID: "image", Status: baremetal.ImageActive, VirtualSize: 4 << 30},
		Volume: &baremetal.Volume{UUID: "volume", NodeUUID: "node"}}
}

func TestRemakesAndRebuild(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(f *Facts)
		remakes bool
		deploy  string // what keeps a deployment from making the volume, "" for nothing
		rebuild string // the same of a rebuild
	}{
		{"its own volume", func(*Facts) {}, true, "", ""},
		{"first deployment", func(f *Facts) { f.Targets, f.Volume, f.Node.DriverInternalInfo = nil, nil, nil }, false, "", ""},
		{"a volume of the operator's", func(f *Facts) { f.Volume.NodeUUID = "" }, false, "", "was given to the node"},
		{"a raw file", func(f *Facts) { f.Volume = nil }, false, "", "was given to the node"},
		{"a volume that each boot resets", func(f *Facts) {
			f.Volume.NodeUUID, f.Targets[0].Properties = "", baremetal.Object{"reset_on_boot": true}
		}, false, "", ""},
		{"a target that is kept", func(f *Facts) { f.Targets[0].Properties = baremetal.Object{"keep": "true"} }, false, "", "was given to the node"},
		{"no image_source", func(f *Facts) { f.Node.InstanceInfo = nil }, false, "", "nothing to rebuild from"},
		{"an image that is gone", func(f *Facts) { f.Image = nil }, false, "names no active image", "names no active image"},
		{"an image on its way", func(f *Facts) { f.Image.Status = baremetal.ImageSaving }, false, "is saving", "is saving"},
		{"root_gb too small", func(f *Facts) { f.Node.InstanceInfo["root_gb"] = 3 }, false, "needs 4 GiB", "needs 4 GiB"},
		{"root_gb in words", func(f *Facts) { f.Node.InstanceInfo["root_gb"] = "many" }, false, "number of GiB", "number of GiB"},
		{"root_gb negative", func(f *Facts) { f.Node.InstanceInfo["root_gb"] = -1 }, false, "number of GiB", "number of GiB"},
		{"root_gb as large", func(f *Facts) { f.Node.InstanceInfo["root_gb"] = "4" }, true, "", ""},
		{"preserve_ephemeral", func(f *Facts) { f.Node.InstanceInfo["preserve_ephemeral"] = true }, false, "cannot be honoured", "cannot be honoured"},
		{"snapshots", func(f *Facts) { f.Snapshots = 2 }, false, "has 2 snapshots", "has 2 snapshots"},
		{"snapshots of a volume that is kept", func(f *Facts) {
			f.Snapshots, f.Volume.Metadata = 2, map[string]string{"keep": "true"}
		}, true, "", ""},
		{"storage noop", func(f *Facts) { f.Node.Interfaces["storage"] = "noop" }, true, "", "attaches no volumes"},
	} {
		f := deployedNode()
		c.change(&f)
		remakes, refusal := f.Remakes()
		if remakes != c.remakes || !says(refusal, c.deploy) {
			t.Errorf("%s: Remakes = %v, %v, want %v, %q", c.name, remakes, refusal, c.remakes, c.deploy)
		}
		if refusal := f.Rebuild(); !says(refusal, c.rebuild) {
			t.Errorf("%s: Rebuild = %v, want %q", c.name, refusal, c.rebuild)
		}
	}
}

func says(r *Refusal, want string) bool {
	if r == nil {
		return want == ""
	}
	return want != "" && strings.Contains(r.String(), want) && r.Remedy != ""
}

func TestRootSize(t *testing.T) {
	for _, c := range []struct {
		root any
		want int64
		ok   bool
	}{{nil, 0, true}, {"", 0, true}, {0, 0, true}, {10, 10 << 30, true}, {"10", 10 << 30, true}, {10.0, 10 << 30, true}, {10.5, 0, false}, {1 << 20, 0, false}, {true, 0, false}} {
		got, r := RootSize(&baremetal.Node{InstanceInfo: baremetal.Object{"root_gb": c.root}})
		if got != c.want || (r == nil) != c.ok {
			t.Errorf("RootSize(%v) = %d, %v, want %d, ok %v", c.root, got, r, c.want, c.ok)
		}
	}
}
