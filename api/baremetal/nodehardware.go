package baremetalapi

import (
	"ironhook/api/rest"
	"ironhook/fleet"
)

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
	if err := c.fleet.SetBootMode(c.Context(), n, mode); err != nil {
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
	if err := c.fleet.SetSecureBoot(c.Context(), n, rest.Repr(c.Args["target"])); err != nil {
		return nil, err
	}
	c.statesChanged()
	return nil, nil
}
