package boot

import (
	"errors"
	"strings"
	"testing"

	"ironhook/baremetal"
)

func TestDecide(t *testing.T) {
	const url = "http://admin:hunter2@example.org/i"
	root := []*baremetal.VolumeTarget{{UUID: "data", VolumeType: "iscsi", BootIndex: 1}, {UUID: "root", VolumeType: "iscsi"}}
	data := root[:1]
	debian := &baremetal.Image{UUID: "image", Name: "debian"}
	for _, c := range []struct {
		name, storage string
		facts         Facts
		source        any
		sum, deployed bool
		want          string // UUID of the volume, image:UUID, or part of the refusal
	}{
		{name: "a volume", storage: "iscsi", facts: Facts{Targets: root}, want: "root"},
		{name: "a volume of another's", storage: "external", facts: Facts{Targets: root}, want: "root"},
		{name: "image_source empty", storage: "iscsi", facts: Facts{Targets: root}, source: "", want: "root"},
		{name: "image_source blank", storage: "iscsi", facts: Facts{Targets: root}, source: "  ", want: "root"},
		{name: "image_source null", storage: "external", facts: Facts{Targets: root}, source: nil, want: "root"},
		{name: "image_source false", storage: "external", facts: Facts{Targets: root}, source: false, want: "root"},
		{name: "an image becomes the volume", storage: "iscsi", facts: Facts{Image: debian}, source: "debian", want: "image:image"},
		{name: "beside a data volume", storage: "iscsi", facts: Facts{Image: debian, Targets: data}, source: "debian", want: "image:image"},
		{name: "an image became the volume", storage: "iscsi", facts: Facts{Image: debian, Targets: root}, source: "debian", want: "root"},
		{name: "its image was deleted", storage: "iscsi", facts: Facts{Targets: root}, source: "debian", deployed: true, want: "root"},
		{name: "its image was deleted, it runs", storage: "iscsi", facts: Facts{Targets: root, Attached: true}, source: "debian", want: "root"},
		{name: "its image's name was taken", storage: "iscsi", facts: Facts{Targets: root, Ambiguous: errors.New("two")}, source: "debian",
			deployed: true, want: "root"},

		{name: "nothing", storage: "iscsi", want: "image_source=IMAGE pc-07"},
		{name: "only data", storage: "iscsi", facts: Facts{Targets: data}, want: "pc-07 has no volume target with boot_index 0"},
		{name: "nothing of another's", storage: "external",
			want: "volume target create --node node-7 --type iscsi --boot-index 0 --volume-id VOLUME."},
		{name: "noop", storage: "noop", facts: Facts{Targets: root},
			want: "noop, which attaches no volumes. Set one with: openstack baremetal node set --storage-interface iscsi pc-07"},
		{name: "noop with an image", storage: "noop", source: "debian", want: "storage interface noop"},
		{name: "an image for a disk", storage: "external", facts: Facts{Targets: root}, source: url,
			want: "writes no images to local disks. To boot from a volume: openstack baremetal node unset"},
		{name: "an image elsewhere", storage: "iscsi", facts: Facts{Targets: root}, source: url, want: "no checksum of that file"},
		{name: "an image to import", storage: "iscsi", source: url, sum: true, want: "source:http://example.org/i"},
		{name: "an image that was imported", storage: "iscsi", facts: Facts{Image: debian}, source: url, sum: true, want: "image:image"},
		{name: "an image of another kind", storage: "iscsi", source: "oci://x", want: "fetches nothing"},
		{name: "an image of another kind, it runs", storage: "iscsi", facts: Facts{Targets: root, Attached: true}, source: "oci://x",
			want: "root"},
		{name: "a typo", storage: "iscsi", source: "debain", want: "names no active image of Ironhook's"},
		{name: "a number", storage: "iscsi", source: 5.0, want: "names no active image of Ironhook's"},
		{name: "two images", storage: "iscsi", facts: Facts{Ambiguous: errors.New("2 images are called debian")}, source: "debian",
			want: "2 images are called debian"},
	} {
		n := &baremetal.Node{UUID: "node-7", Name: "pc-07", Interfaces: baremetal.Interfaces{"storage": c.storage}}
		n.InstanceInfo = baremetal.Object{"image_source": c.source}
		if c.sum {
			n.InstanceInfo["image_checksum"] = strings.Repeat("a", 128)
		}
		if c.deployed {
			n.DriverInternalInfo = baremetal.Object{"boot_from_volume": ""}
		}
		c.facts.Node = n
		p := Decide(c.facts)
		if (p.Method == "") != (p.Refusal != nil) || (p.Volume == nil) != (p.Refusal != nil) {
			t.Errorf("%s: %+v has not exactly one of a method with its volume and a refusal", c.name, p)
			continue
		}
		got := ""
		switch {
		case p.Refusal != nil:
			got = p.Refusal.Err().Error()
			if !errors.Is(p.Refusal.Err(), baremetal.ErrInvalid) || strings.Contains(got, "hunter2") {
				t.Errorf("%s: refusal %q", c.name, got)
			}
		case p.Source != nil:
			got = "source:" + p.Source.Label()
		case p.Image != nil:
			got = "image:" + p.Image.UUID
		default:
			got = p.Volume.UUID
		}
		if p.Refusal == nil && got != c.want || !strings.Contains(got, c.want) {
			t.Errorf("%s: Decide = %q, want %q", c.name, got, c.want)
		}
	}
}

func TestReady(t *testing.T) {
	for _, c := range []struct{ kind, capabilities, want string }{
		{"iscsi", "iscsi_boot:True", ""},
		{"ISCSI", "boot_mode:uefi, iscsi_boot:true", ""},
		{"iscsi", "", "iSCSI, however the capability 'iscsi_boot' is not set"},
		{"iscsi", "iscsi_boot:False", "iscsi_boot"},
		{"iscsi", "iscsi_boot:0", "iscsi_boot"},
		{"iscsi", "fibre_channel_boot:True", "iscsi_boot"},
		{"fibre_channel", "iscsi_boot:True", "fibre_channel_boot"},
		{"fibre_channel", "fibre_channel_boot:1", ""},
		{"rbd", "", ""},
		{"iscsi", "hba_boot:True", ""},
		{"fibre_channel", "hba_boot:True", ""},
	} {
		n := &baremetal.Node{Name: "pc-07", Properties: baremetal.Object{"capabilities": c.capabilities}}
		volume := &baremetal.VolumeTarget{VolumeType: c.kind}
		r := Plan{Method: methodOf(n, volume), Volume: volume}.Ready(n)
		if got := r.Err(); (got == nil) != (c.want == "") || got != nil && !strings.Contains(got.Error(), c.want) {
			t.Errorf("Ready(%s, %q) = %v, want %q", c.kind, c.capabilities, got, c.want)
		}
	}
	if r := (Plan{Refusal: &Refusal{"a", "b"}}).Ready(&baremetal.Node{}); r == nil || r.Err().Error() != "a. b." {
		t.Errorf("Ready of a refusal = %v, want the refusal", r)
	}
}

// The firmware of a machine finds its volume where the transport shows it.
func TestDevice(t *testing.T) {
	wwn := baremetal.Object{"target_wwn": "5006016000000001"}
	for _, c := range []struct {
		kind, capabilities string
		properties         baremetal.Object
		method             Method
		want               string // device
	}{
		{"iscsi", "", nil, ISCSI, "pxe"},
		{"ISCSI", "iscsi_boot:True", nil, ISCSI, "pxe"},
		{"iscsi", "hba_boot:True", nil, Adapter, "disk"},
		{"iscsi", "hba_boot:True,iscsi_boot:True", nil, ISCSI, "pxe"},
		{"fibre_channel", "", nil, FibreChannel, "disk"},
		{"Fibre_Channel", "fibre_channel_boot:True", nil, FibreChannel, "disk"},
		{"fibre_channel", "fibre_channel_boot:True", wwn, FCoE, "pxe"},
		{"fibre_channel", "fibre_channel_boot:True", baremetal.Object{"target_wwns": []any{"5006016000000001"}}, FCoE, "pxe"},
		{"fibre_channel", "fibre_channel_boot:True,hba_boot:True", wwn, Adapter, "disk"},
		{"rbd", "", nil, Adapter, "disk"},
	} {
		n := &baremetal.Node{Interfaces: baremetal.Interfaces{"storage": "external"},
			Properties: baremetal.Object{"capabilities": c.capabilities}}
		p := Decide(Facts{Node: n, Targets: []*baremetal.VolumeTarget{{VolumeType: c.kind, Properties: c.properties}}})
		if p.Device() != c.want || p.Method != c.method {
			t.Errorf("%+v: method %s from %s, want %s from %s", c, p.Method, p.Device(), c.method, c.want)
		}
	}
	n := &baremetal.Node{Interfaces: baremetal.Interfaces{"storage": "iscsi"}, Properties: baremetal.Object{"capabilities": "hba_boot:True"}}
	p := Decide(Facts{Node: n, Targets: []*baremetal.VolumeTarget{{VolumeType: "iscsi"}}})
	if r := p.Ready(n); p.Method != ISCSI || r == nil || !strings.Contains(r.Why, "iscsi_boot") {
		t.Errorf("an iSCSI volume of Ironhook's for an adapter: %s, %v, want a refusal without iscsi_boot", p.Method, r.Err())
	}
}

func TestLook(t *testing.T) {
	image, two, broken := &baremetal.Image{UUID: "image"}, baremetal.Errorf(baremetal.ErrInvalid, "2 images are called debian"),
		errors.New("disk I/O error")
	for _, c := range []struct {
		source string
		image  *baremetal.Image
		err    error
		want   Facts
		fails  error
	}{
		{source: "", image: image},
		{source: "debian", image: image, want: Facts{Image: image}},
		{source: "debian"},
		{source: "debian", err: two, want: Facts{Ambiguous: two}},
		{source: "debian", err: broken, fails: broken},
	} {
		f := Facts{Node: &baremetal.Node{InstanceInfo: baremetal.Object{"image_source": c.source}}}
		err := f.Look(func(s baremetal.ImageSource) (*baremetal.Image, error) {
			if s.Reference != c.source {
				t.Errorf("looked for %+v, want %q", s, c.source)
			}
			return c.image, c.err
		})
		if !errors.Is(err, c.fails) || f.Image != c.want.Image || f.Ambiguous != c.want.Ambiguous {
			t.Errorf("%+v: image %v, ambiguous %v, %v", c, f.Image, f.Ambiguous, err)
		}
	}
}
