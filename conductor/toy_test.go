package conductor

import (
	"context"
	"strings"

	"ironhook/baremetal"
)

// toy is a complete power driver: the code for a new kind of BMC, with its row in table.
type toy struct{ on map[any]bool } // by toy_outlet

func (toy) Keys() []baremetal.Key {
	return []baremetal.Key{
		{Name: "toy_outlet", Doc: "Outlet that the machine is plugged into. Required.", Required: true},
		{Name: "toy_password", Doc: "password of the power strip. Optional.", Secret: true},
	}
}

func (d toy) Validate(n *baremetal.Node) error {
	if missing := baremetal.MissingKeys(d.Keys(), n.DriverInfo); len(missing) > 0 {
		return baremetal.Errorf(baremetal.ErrInvalid, "Missing in node's driver_info: %s.", strings.Join(missing, ", "))
	}
	return nil
}

func (d toy) State(_ context.Context, n *baremetal.Node) (baremetal.PowerState, error) {
	return map[bool]baremetal.PowerState{true: baremetal.PowerOn, false: baremetal.PowerOff}[d.on[n.DriverInfo["toy_outlet"]]], nil
}

func (d toy) Set(_ context.Context, n *baremetal.Node, target baremetal.PowerState) error {
	result, ok := powerResult[target]
	if !ok {
		return baremetal.Errorf(baremetal.ErrInvalid, "a power strip cannot do %s", target)
	}
	d.on[n.DriverInfo["toy_outlet"]] = result == baremetal.PowerOn
	return nil
}

func (toy) BootDevices() []string { return []string{"pxe"} }

func (toy) BootDevice(context.Context, *baremetal.Node) (string, bool, error) {
	return "pxe", true, nil
}

func (toy) SetBootDevice(_ context.Context, _ *baremetal.Node, device string, _ bool) error {
	if device != "pxe" {
		return baremetal.Errorf(baremetal.ErrInvalid, "Invalid boot device %s specified.", device)
	}
	return nil
}

func (toy) InjectNMI(context.Context, *baremetal.Node) error {
	return baremetal.Errorf(baremetal.ErrUnsupported, "a power strip raises no interrupt")
}
