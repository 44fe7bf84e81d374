package conductor

import (
	"slices"
	"strings"

	"ironhook/baremetal"
)

// Serves reports whether this conductor works on the node: its driver is enabled
// here, and Ironhook has one conductor group, "".
func (c *Conductor) Serves(n *baremetal.Node) bool {
	return n.ConductorGroup == "" && c.hardwareType(n.Driver) != nil
}

func (c *Conductor) hardwareType(driver string) *HardwareType {
	for i := range c.Config.HardwareTypes {
		if h := &c.Config.HardwareTypes[i]; h.Name == driver {
			return h
		}
	}
	return nil
}

// Equip checks the interfaces that the node names, and sets the others to the defaults
// of its driver. The errors are ErrInvalid with Ironic's messages.
func (c *Conductor) Equip(n *baremetal.Node) error {
	if !c.Serves(n) {
		return baremetal.Errorf(baremetal.ErrInvalid,
			`No valid host was found. Reason: No conductor service registered which supports driver %s for conductor group "%s".`,
			n.Driver, n.ConductorGroup)
	}
	h := c.hardwareType(n.Driver)
	for _, kind := range baremetal.InterfaceKinds {
		name, chosen := n.Interfaces[kind]
		if !chosen {
			if n.Interfaces == nil {
				n.Interfaces = baremetal.Interfaces{}
			}
			n.Interfaces[kind] = h.Default(kind)
			continue
		}
		if err := c.mayUse(h, kind, name); err != nil {
			return err
		}
	}
	return nil
}

// mayUse returns an error for an implementation that is not enabled or not one of the
// type's. The fake type accepts any, for tests.
func (c *Conductor) mayUse(h *HardwareType, kind, name string) error {
	enabled := c.enabled(kind)
	if !slices.Contains(enabled, name) {
		return baremetal.Errorf(baremetal.ErrInvalid,
			"Could not find the following interface in the 'ironic.hardware.interfaces.%s' entrypoint: %s. Valid interfaces are ['%s'].",
			kind, name, strings.Join(enabled, "', '"))
	}
	if h.Name == "fake-hardware" || slices.Contains(h.Interfaces[kind], name) {
		return nil
	}
	return baremetal.Errorf(baremetal.ErrInvalid,
		"%s interface implementation '%s' is not supported by hardware type %s.", kind, name, h.Name)
}

// enabled lists the implementations of this kind that the enabled types may use.
func (c *Conductor) enabled(kind string) []string {
	var names []string
	for _, h := range c.Config.HardwareTypes {
		names = append(names, h.Interfaces[kind]...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
