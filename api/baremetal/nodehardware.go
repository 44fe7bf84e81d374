package baremetalapi

import (
	"strings"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/fleet"
)

func showConsole(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	if err := fleet.HasConsole(n); err != nil {
		return nil, err
	}
	if !n.ConsoleEnabled {
		return []byte(`{"console_enabled":false,"console_info":null}`), nil
	}
	return rest.Encode(map[string]any{"console_enabled": true, "console_info": consoleInfo(n, c.Base)}), nil
}

// consoleInfo says how to reach a console; base is the scheme and host of the API. Ironic's types
// "socat" and "shellinabox" are ports without a password; ours are the WebSocket of the appliance's API,
// and the page in a browser (docs/decisions/0034-consoles.md).
func consoleInfo(n *node, base string) map[string]any {
	switch n.Interfaces["console"] {
	case "ipmitool-socat":
		return map[string]any{"type": "websocket", "url": "ws" + strings.TrimPrefix(base, "http") + "/ironhook/v1/nodes/" + n.UUID + "/console"}
	case "ipmitool-shellinabox":
		return map[string]any{"type": "shellinabox", "url": base + "/ui/machines/" + n.UUID + "/console"}
	}
	return map[string]any{}
}

func setConsole(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	if err := c.conductor.CheckConsole(n); err != nil {
		return nil, err
	}
	if err := c.fleet.SetConsole(c.Context(), n.UUID, c.Args.Flag("enabled")); err != nil {
		return nil, err
	}
	c.Created("nodes/" + c.Args.Text("node_ident") + "/states/console")
	return nil, nil
}

func setRAID(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	return nil, c.fleet.SetTargetRAID(c.Context(), n.UUID, c.rules(), rest.AsObject(c.Args["target_raid_config"]), checkRAID)
}

func setBootMode(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	mode := c.Args.Text("target")
	if mode != "bios" && mode != "uefi" {
		return nil, rest.Invalid("Invalid boot mode %s requested for node. Allowed boot modes are: bios, uefi", rest.Str(c.Args["target"]))
	}
	if err := c.conductor.SetBootMode(c.Context(), n.UUID, mode); err != nil {
		return nil, err
	}
	c.statesChanged()
	return nil, nil
}

func setSecureBoot(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	if !c.Args.Given("target") {
		return nil, rest.Invalid("Invalid secure_boot None requested for node. Allowed secure_boot states are: True, False) ")
	}
	if err := c.conductor.SetSecureBoot(c.Context(), n.UUID, c.Args.Flag("target")); err != nil {
		return nil, err
	}
	c.statesChanged()
	return nil, nil
}

var positive = 1

// raidSchema is Ironic's raid_config_schema.json in outline.
var raidSchema = &rest.Schema{Types: []string{"object"}, Closed: true, Required: []string{"logical_disks"}, Props: map[string]*rest.Schema{
	"logical_disks": {Types: []string{"array"}, MinItems: 1, Items: &rest.Schema{
		Types: []string{"object"}, Required: []string{"raid_level", "size_gb"},
		Props: map[string]*rest.Schema{
			"raid_level": {Enum: []any{"JBOD", "0", "1", "2", "5", "6", "1+0", "5+0", "6+0"}},
			"size_gb":    {AnyOf: []*rest.Schema{{Types: []string{"integer"}, Least: &positive}, {Enum: []any{"MAX"}}}},
		}}},
}}

func checkRAID(config baremetal.Object) error {
	if len(config) == 0 {
		return nil
	}
	if breach := raidSchema.Breach(map[string]any(config)); breach != "" {
		return rest.Invalid("RAID config validation error: %s", breach)
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
	return rest.Encode(logicalDisk), nil
}
