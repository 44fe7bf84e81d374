package api

import (
	"net/http"

	"ironhook/store"
)

// console: no hardware type of Ironhook has one but the fake, which remembers
// whether it is on.

func showConsole(c *call) ([]byte, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	if err := hasConsole(n); err != nil {
		return nil, err
	}
	if !n.ConsoleEnabled {
		return []byte(`{"console_enabled":false,"console_info":null}`), nil
	}
	return []byte(`{"console_enabled":true,"console_info":{}}`), nil
}

func hasConsole(n *node) error {
	if name := n.Interfaces["console"]; name == "" || name == "no-console" {
		return unsupported(n, "console")
	}
	return nil
}

// unsupported is Ironic's UnsupportedDriverExtension.
func unsupported(n *node, what string) error {
	return invalid("Driver %s does not support %s (disabled or not implemented).", n.Driver, what)
}

func setConsole(c *call) ([]byte, error) {
	err := c.edit(func(tx *store.Tx, n *node) error {
		if err := hasConsole(n); err != nil {
			return err
		}
		n.ConsoleEnabled = c.args.flag("enabled")
		return tx.Nodes().Update(n)
	})
	if err != nil {
		return nil, err
	}
	c.created("nodes/" + c.args.text("node_ident") + "/states/console")
	return nil, nil
}

// noRAID is Ironic's answer where the driver has no RAID interface: 404, not 400.
func noRAID(driver string) error {
	return faultf(http.StatusNotFound, "Driver %s does not support raid (disabled or not implemented).", driver)
}

func setRAID(c *call) ([]byte, error) {
	return nil, c.edit(func(tx *store.Tx, n *node) error {
		if c.minor < 12 {
			return notAcceptable(0)
		}
		config := asObject(c.args["target_raid_config"])
		if name := n.Interfaces["raid"]; name == "" || name == "no-raid" {
			return noRAID(n.Driver)
		}
		if err := checkRAID(config); err != nil {
			return err
		}
		n.TargetRAIDConfig = config
		return tx.Nodes().Update(n)
	})
}

// settled refuses what must not meet a change of state under way.
func settled(n *node) error {
	if !n.ProvisionState.Transient() {
		return nil
	}
	return conflict("Node is in %s state. Since node is transitioning, the boot mode will not be set as this may interfere "+
		"with ongoing changes and result in erroneous modification. Try again later.", n.ProvisionState)
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
	if err := settled(n); err != nil {
		return nil, err
	}
	if err := c.cannot("boot mode to '"+mode, "set_boot_mode"); err != nil {
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
	if err := settled(n); err != nil {
		return nil, err
	}
	if err := c.cannot("secure_boot state to '"+repr(c.args["target"])+"'", "set_secure_boot_state"); err != nil {
		return nil, err
	}
	c.statesChanged()
	return nil, nil
}

// cannot accepts a request for something that no hardware type here can do and
// says so where Ironic does: in last_error, for it tries in the background.
func (c *call) cannot(what, extension string) error {
	return c.edit(func(tx *store.Tx, n *node) error {
		n.LastError = "Failed to change " + what + ": " + unsupported(n, extension).Error()
		if err := tx.Nodes().Update(n); err != nil {
			return err
		}
		return tell(tx, n, n.LastError)
	})
}
