package disk

import (
	"strings"
	"testing"

	"ironhook/agent/hardware"
)

const gib = 1 << 30

var machine = []hardware.Disk{
	{Name: "/dev/sda", Size: 931 * gib, Model: "Disk Model", Vendor: "ACME", Serial: "S1", WWN: "0x5000c500a1b2c3d4",
		WWNExtended: "0x5000c500a1b2c3d4", HCTL: "1:0:0:0", Rotational: true, Paths: []string{"/dev/sdc"}},
	{Name: "/dev/sdb", Size: 10 * gib, Model: "LUN", Vendor: "ARRAY", Serial: "S2", WWN: "0x60014380", WWNExtension: "0xabc", HCTL: "1:0:0:5",
		ByPath: "/dev/disk/by-path/pci-0000:00:07.0-fc-1"},
	{Name: "/dev/nvme0n1", Size: 10 * gib, Model: "Fast", Serial: "N1"},
	{Name: "/dev/sdd", Size: 2 * gib, Model: "Stick"},
	{Name: "/dev/sde", Size: 5 * gib, Removable: true},
}

// The rows are those of ironic-lib's own tests and of the documentation of root device hints.
func TestChoose(t *testing.T) {
	for _, c := range []struct {
		hints map[string]any
		want  string // the name, or what the error says
	}{
		{nil, "/dev/nvme0n1"}, // the smallest of 4 GiB or more, by name
		{map[string]any{"wwn": "0x5000C500A1B2C3D4"}, "/dev/sda"},
		{map[string]any{"size": 931.0}, "/dev/sda"},
		{map[string]any{"size": ">= 900"}, "/dev/sda"},
		{map[string]any{"size": "= 900"}, "/dev/sda"},
		{map[string]any{"size": "<range-in> [ 9 11 ]", "rotational": "false", "model": "s!= lun"}, "/dev/nvme0n1"},
		{map[string]any{"model": "<in> model"}, "/dev/sda"},
		{map[string]any{"model": "<or> lun <or> other"}, "/dev/sdb"},
		{map[string]any{"model": "disk%20model"}, "/dev/sda"},
		{map[string]any{"model": "s== fast"}, "/dev/nvme0n1"},
		{map[string]any{"model": "<all-in> disk model"}, "/dev/sda"},
		{map[string]any{"name": "/dev/sdc"}, "/dev/sda"}, // another way to it
		{map[string]any{"hctl": "1:0:0:5"}, "/dev/sdb"},
		{map[string]any{"by_path": "/dev/disk/by-path/pci-0000:00:07.0-fc-1"}, "/dev/sdb"},
		{map[string]any{"wwn_vendor_extension": "0xabc"}, "/dev/sdb"},
		{map[string]any{"rotational": true}, "/dev/sda"},
		{map[string]any{"serial": "S9"}, "no disk matches"},
		{map[string]any{"size": ">= big"}, "compares numbers"},
		{map[string]any{"colour": "red"}, `"colour" is none of`},
		{map[string]any{"size": 5}, "no disk matches"}, // removable
	} {
		d, err := Choose(machine, c.hints)
		if got := d.Name; err == nil && got != c.want || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("Choose(%v) = %s, %v, want %s", c.hints, got, err, c.want)
		}
	}
	if _, err := Choose(nil, nil); err == nil {
		t.Error("a disk of a machine without any")
	}
}
