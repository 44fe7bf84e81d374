package api

import "ironhook/fleet"

// console: no hardware type of Ironhook has one but the fake, which remembers
// whether it is on.

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
	return []byte(`{"console_enabled":true,"console_info":{}}`), nil
}

func setConsole(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	if err := c.fleet.SetConsole(c.ctx, n.UUID, c.args.flag("enabled")); err != nil {
		return nil, err
	}
	c.created("nodes/" + c.args.text("node_ident") + "/states/console")
	return nil, nil
}

func setRAID(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	return nil, c.fleet.SetTargetRAID(c.ctx, n.UUID, c.rules(), asObject(c.args["target_raid_config"]), checkRAID)
}

func setBootMode(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	mode := c.args.text("target")
	if mode != "bios" && mode != "uefi" {
		return nil, invalid("Invalid boot mode %s requested for node. Allowed boot modes are: bios, uefi", str(c.args["target"]))
	}
	if err := c.fleet.SetBootMode(c.ctx, n, mode); err != nil {
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
	if !c.args.given("target") {
		return nil, invalid("Invalid secure_boot None requested for node. Allowed secure_boot states are: True, False) ")
	}
	if err := c.fleet.SetSecureBoot(c.ctx, n, repr(c.args["target"])); err != nil {
		return nil, err
	}
	c.statesChanged()
	return nil, nil
}
