package conductor

import (
	"context"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/store"
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
	// SetBootDevice chooses it, for the next boot or for all. A BMC that can be talked
	// to and refuses is ErrBootDevice.
	SetBootDevice(ctx context.Context, n *baremetal.Node, device string, persistent bool) error
	// InjectNMI makes the machine's operating system dump itself.
	InjectNMI(ctx context.Context, n *baremetal.Node) error
	// Keys lists the keys of driver_info that it reads. The caller must not change the
	// list.
	Keys() []baremetal.Key
}

// Storage makes a node's volumes reachable and takes them away again: Ironic's
// storage interface. Attach and Detach are safe to repeat.
type Storage interface {
	// Validate names everything that would keep the node from its volumes. It only
	// reads, as Plan does.
	Validate(tx *store.Tx, n *baremetal.Node) error
	// Attach makes every volume target of the node reachable for it.
	Attach(ctx context.Context, n *baremetal.Node) error
	// Detach withdraws them and ends the sessions.
	Detach(ctx context.Context, n *baremetal.Node) error
	// Plan is what the node boots from, or why it boots from no volume.
	Plan(tx *store.Tx, n *baremetal.Node) (boot.Plan, error)
}

// Owning is what a Storage is, too, if the volumes are its own to give, and to make.
type Owning interface {
	// Begin refuses to deploy, rebuild or adopt a node that could not have its volumes, or
	// not make them. It runs in the transaction that reserves the node for it.
	Begin(tx *store.Tx, n *baremetal.Node, verb baremetal.ProvisionEvent) error
	// MayChange refuses a change of the node's volume targets that would take a volume
	// from another node, or lose one that a deployment made. before is nil for a new
	// target, after for one that goes.
	MayChange(tx *store.Tx, n *baremetal.Node, before, after *baremetal.VolumeTarget) error
	// Remake replaces the boot volume that the node's deployment made, if there is one,
	// by a new one of the image that instance_info names. The machine is off.
	Remake(ctx context.Context, n *baremetal.Node) error
}

// EphemeralStorage is what a Storage is, too, if it can have volumes that begin every boot anew.
type EphemeralStorage interface {
	// Ephemeral is true if the node has such volumes: a reboot of it must detach
	// them, while the machine is off, and attach them again.
	Ephemeral(ctx context.Context, n *baremetal.Node) (bool, error)
}
