package api

import (
	"ironhook/baremetal"
	"ironhook/fleet"
)

var positive = 1

// raidSchema is Ironic's raid_config_schema.json in outline.
var raidSchema = &schema{types: []string{"object"}, closed: true, required: []string{"logical_disks"}, props: map[string]*schema{
	"logical_disks": {types: []string{"array"}, minItems: 1, items: &schema{types: []string{"object"}, required: []string{"raid_level", "size_gb"},
		props: map[string]*schema{
			"raid_level": {enum: []any{"JBOD", "0", "1", "2", "5", "6", "1+0", "5+0", "6+0"}},
			"size_gb":    {anyOf: []*schema{{types: []string{"integer"}, least: &positive}, {enum: []any{"MAX"}}}},
		}}},
}}

func checkRAID(config baremetal.Object) error {
	if len(config) == 0 {
		return nil
	}
	if found := raidSchema.breaches(map[string]any(config), 0, nil); len(found) > 0 {
		return invalid("RAID config validation error: %s", bestMatch(found).message)
	}
	return nil
}

// logicalDisk describes the keys of a logical disk.
var logicalDisk = map[string]string{
	"raid_level":               "RAID level of the logical disk: JBOD, 0, 1, 2, 5, 6, 1+0, 5+0 or 6+0. Required.",
	"size_gb":                  "Size in GiB, or MAX for all the space that is left. Required.",
	"controller":               "Controller to use; chosen by the driver when not given.",
	"disk_type":                "hdd or ssd; either when not given.",
	"interface_type":           "sata, scsi or sas; any when not given.",
	"is_root_volume":           "true for the disk the operating system boots from; one disk at most.",
	"number_of_physical_disks": "How many physical disks to use; the level's minimum when not given.",
	"physical_disks":           "The physical disks to use, as the controller names them.",
	"share_physical_disks":     "true when other logical disks may lie on the same physical disks.",
	"volume_name":              "Name of the logical disk; chosen by the driver when not given.",
}

func raidProperties(c *call) ([]byte, error) {
	d, err := c.knownDriver()
	if err != nil {
		return nil, err
	}
	if d.Default("raid") == "no-raid" || d.Default("raid") == "" {
		return nil, fleet.NoRAID(d.Name)
	}
	return encode(logicalDisk), nil
}
