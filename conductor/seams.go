package conductor

import (
	"context"

	"ironhook/baremetal"
)

// Power switches machines and chooses what they boot from, over one protocol. It
// serves both Ironic's power and management interfaces. All methods are safe for
// concurrent use and end when ctx does.
type Power interface {
	// Validate reports what is missing or malformed in the node's driver_info, without
	// talking to the machine. The error is ErrInvalid with Ironic's message.
	Validate(n *baremetal.Node) error
	// State asks the machine; "" is a driver that cannot know.
	State(ctx context.Context, n *baremetal.Node) (baremetal.PowerState, error)
	// Set does PowerOn, PowerOff, Reboot, SoftPowerOff or SoftReboot and returns
	// when the machine has reached the state.
	Set(ctx context.Context, n *baremetal.Node, target baremetal.PowerState) error
	// BootDevices lists what SetBootDevice accepts.
	BootDevices() []string
	// BootDevice returns the device the machine will boot from, "" when unknown.
	BootDevice(ctx context.Context, n *baremetal.Node) (device string, persistent bool, err error)
	// SetBootDevice chooses it, for the next boot or for all.
	SetBootDevice(ctx context.Context, n *baremetal.Node, device string, persistent bool) error
	// InjectNMI makes the machine's operating system dump itself.
	InjectNMI(ctx context.Context, n *baremetal.Node) error
	// Keys lists the keys of driver_info that it reads. The caller must not change the
	// list.
	Keys() []baremetal.DriverKey
}

// Storage makes a node's volumes reachable and takes them away again: Ironic's
// storage interface. Attach and Detach are safe to repeat.
type Storage interface {
	// Validate names everything that would keep the node from its volumes.
	Validate(ctx context.Context, n *baremetal.Node) error
	// Attach makes every volume target of the node reachable for it.
	Attach(ctx context.Context, n *baremetal.Node) error
	// Detach withdraws them and ends the sessions.
	Detach(ctx context.Context, n *baremetal.Node) error
	// ShouldWriteImage is false when the node boots from a volume as it is.
	ShouldWriteImage(ctx context.Context, n *baremetal.Node) (bool, error)
}

// Renewing is what a Storage is, too, if it can have volumes that begin every boot anew.
type Renewing interface {
	// BeginsAnew is true if the node has such volumes: a reboot of it must detach
	// them, while the machine is off, and attach them again.
	BeginsAnew(ctx context.Context, n *baremetal.Node) (bool, error)
}
