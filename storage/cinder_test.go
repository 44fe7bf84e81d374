package storage

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/boot"
)

func connectors(pairs ...string) (list []*baremetal.VolumeConnector) {
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, &baremetal.VolumeConnector{Type: pairs[i], ConnectorID: pairs[i+1]})
	}
	return list
}

// TestConnectorOf: Cinder hears of the first IQN and address, and of all WWNs.
func TestConnectorOf(t *testing.T) {
	n := &baremetal.Node{UUID: "u", Name: "pc"}
	for _, c := range []struct {
		given []string
		want  map[string]any // nil is a refusal
	}{
		{[]string{"iqn", "iqn.a"}, map[string]any{"host": "u", "initiator": "iqn.a"}},
		{[]string{"iqn", "iqn.a", "iqn", "iqn.b", "ip", "192.0.2.7", "ip", "192.0.2.8"},
			map[string]any{"host": "u", "initiator": "iqn.a", "ip": "192.0.2.7", "multipath": true}},
		{[]string{"wwpn", "p1", "wwnn", "n1", "wwpn", "p2", "wwnn", "n2", "mac", "x"},
			map[string]any{"host": "u", "wwpns": []string{"p1", "p2"}, "wwnns": []string{"n1", "n2"}, "multipath": true}},
		{[]string{"ip", "192.0.2.7"}, nil},
		{nil, nil},
	} {
		got, err := connectorOf(n, connectors(c.given...))
		if !reflect.DeepEqual(got, c.want) || (err != nil) != (c.want == nil) || err != nil && !errors.Is(err, baremetal.ErrStorage) {
			t.Errorf("%v: %v, %v; want %v", c.given, got, err, c.want)
		}
	}
}

// TestCinderValidate has Ironic's sentences, each for one thing that is wrong with a good node.
func TestCinderValidate(t *testing.T) {
	good := func() (boot.Facts, []string) {
		n := &baremetal.Node{UUID: "u", Name: "pc", Properties: baremetal.Object{"capabilities": "iscsi_boot:True"},
			Interfaces: baremetal.Interfaces{"storage": "cinder", "boot": "ipxe", "deploy": "direct"}}
		return boot.Facts{Node: n, Targets: []*baremetal.VolumeTarget{{UUID: "t", VolumeType: "iscsi", VolumeID: "v"}}}, []string{"iqn", "iqn.a"}
	}
	for name, c := range map[string]struct {
		spoil func(f *boot.Facts, with *[]string)
		want  string
	}{
		"good": {func(*boot.Facts, *[]string) {}, ""},
		"pxe": {func(f *boot.Facts, _ *[]string) { f.Node.Interfaces["boot"] = "pxe" },
			"The [pxe]/ipxe_enabled option must be set to True or the boot"},
		"unpaired": {func(_ *boot.Facts, with *[]string) { *with = append(*with, "wwpn", "p") },
			"There are 1 wwpn entries and 0 wwnn entries."},
		"unable": {func(f *boot.Facts, _ *[]string) { f.Node.Properties = nil },
			"however the capability 'iscsi_boot' is not set for the node."},
		"connector":  {func(_ *boot.Facts, with *[]string) { *with = nil }, "however no iSCSI connectors are configured for the node."},
		"capability": {func(_ *boot.Facts, with *[]string) { *with = nil }, "must be valid for iSCSI (iqn)."},
		"type": {func(f *boot.Facts, _ *[]string) { f.Targets[0].VolumeType = "rbd" },
			"is of an unknown type 'rbd'. Supported types: 'iscsi' or 'fibre_channel'"},
		"fc": {func(f *boot.Facts, _ *[]string) { f.Targets[0].VolumeType = "fibre_channel" },
			"'fibre_channel_boot' is not set for the node."},
		"reset": {func(f *boot.Facts, _ *[]string) { f.Targets[0].Properties = baremetal.Object{"reset_on_boot": true} }, "remove it"},
		"image": {func(f *boot.Facts, _ *[]string) { f.Node.InstanceInfo = baremetal.Object{"image_source": "http://x/y"} },
			"Ironhook writes no images to local disks"},
	} {
		f, with := good()
		c.spoil(&f, &with)
		found := strings.Join(checkCinder(f, byType(connectors(with...))), " ")
		if c.want == "" && found != "" || !strings.Contains(found, c.want) {
			t.Errorf("%s: %q, want %q", name, found, c.want)
		}
	}
}

// TestCinderKeepsItsTargets: a target that is attached in Cinder is not lost.
func TestCinderKeepsItsTargets(t *testing.T) {
	target := func(volume, kind string, properties baremetal.Object) *baremetal.VolumeTarget {
		return &baremetal.VolumeTarget{UUID: "t", VolumeID: volume, VolumeType: kind, Properties: properties}
	}
	at := baremetal.Object{"target_iqn": "iqn.x"}
	held := target("v", "iscsi", at)
	for name, c := range map[string]struct {
		before, after *baremetal.VolumeTarget
		refused       bool
	}{
		"new":              {nil, target("v", "iscsi", nil), false},
		"free, deleted":    {target("v", "iscsi", nil), nil, false},
		"free, changed":    {target("v", "iscsi", nil), target("w", "iscsi", nil), false},
		"held, deleted":    {held, nil, true},
		"held, other":      {held, target("w", "iscsi", at), true},
		"held, other type": {held, target("v", "fibre_channel", at), true},
		"held, forgotten":  {held, target("v", "iscsi", nil), true},
		"several paths":    {target("v", "iscsi", baremetal.Object{"target_iqns": []any{"a", "b"}}), nil, true},
		"fibre channel":    {target("v", "fibre_channel", baremetal.Object{"target_wwn": []any{"a"}}), nil, true},
		"held, kept":       {held, target("v", "iscsi", baremetal.Object{"target_iqn": "iqn.x", "keep": true}), false},
	} {
		if err := new(Cinder).MayChange(nil, nil, c.before, c.after); (err != nil) != c.refused || err != nil &&
			!errors.Is(err, baremetal.ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
