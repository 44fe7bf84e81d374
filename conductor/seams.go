package conductor

import (
	"context"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/store"
)

// Power switches machines and sets their boot device, over one protocol. It serves both
// Ironic's power and management interfaces. All methods are safe for concurrent use and end
// when ctx does.
type Power interface {
	// Validate reports what is missing or malformed in the node's driver_info, without
	// talking to the machine. The error is ErrInvalid with Ironic's message.
	Validate(n *baremetal.Node) error
	// State reads the power state; "" is for a driver that cannot know it.
	State(ctx context.Context, n *baremetal.Node) (baremetal.PowerState, error)
	// Set does PowerOn, PowerOff, Reboot, SoftPowerOff or SoftReboot and returns
	// when the machine has reached the state.
	Set(ctx context.Context, n *baremetal.Node, target baremetal.PowerState) error
	// BootDevices lists what SetBootDevice accepts.
	BootDevices() []string
	// BootDevice returns the device the machine will boot from, "" when unknown.
	BootDevice(ctx context.Context, n *baremetal.Node) (device string, persistent bool, err error)
	// SetBootDevice sets it, for the next boot or persistently. The error is ErrBootDevice
	// if the BMC answers and refuses.
	SetBootDevice(ctx context.Context, n *baremetal.Node, device string, persistent bool) error
	// InjectNMI sends a non-maskable interrupt, at which the operating system writes a
	// crash dump.
	InjectNMI(ctx context.Context, n *baremetal.Node) error
	// Keys lists the keys of driver_info that it reads. The caller must not change the
	// list.
	Keys() []baremetal.Key
}

// Storage attaches and detaches a node's volumes: Ironic's storage interface. Attach and
// Detach are safe to repeat.
type Storage interface {
	// Validate reports everything that would keep the node from booting from its volumes.
	// Like Plan it only reads.
	Validate(tx *store.Tx, n *baremetal.Node) error
	// Attach makes every volume target of the node reachable for it.
	Attach(ctx context.Context, n *baremetal.Node) error
	// Detach withdraws them and ends the sessions.
	Detach(ctx context.Context, n *baremetal.Node) error
	// Plan returns what the node boots from, or why it boots from no volume.
	Plan(tx *store.Tx, n *baremetal.Node) (boot.Plan, error)
}

// Guarding is an optional interface of a Storage that would lose volumes by a change of records.
type Guarding interface {
	// MayChange refuses a change of the node's volume targets that would take a volume from
	// another node, or lose one that a deployment made or attached. before is nil for a new
	// target, after for a deleted one.
	MayChange(tx *store.Tx, n *baremetal.Node, before, after *baremetal.VolumeTarget) error
}

// Lasting is an optional interface of a Storage whose volumes may stay attached to a machine
// that is off.
type Lasting interface {
	// Outlasts reports whether they do: only the end of a deployment detaches them.
	Outlasts() bool
}

// Owning is an optional interface of a Storage that owns and makes volumes.
type Owning interface {
	// Begin refuses to deploy, rebuild or adopt a node whose volumes are not available or
	// cannot be made. It runs in the transaction that reserves the node.
	Begin(tx *store.Tx, n *baremetal.Node, verb baremetal.ProvisionEvent) error
	// Import fetches the image that instance_info names, if it is elsewhere. It takes as
	// long as it does, and the machine may be on.
	Import(ctx context.Context, n *baremetal.Node) error
	// Remake replaces the boot volume that the node's deployment made, if there is one,
	// with a new one of the image in instance_info. The machine is off.
	Remake(ctx context.Context, n *baremetal.Node) error
	// Discard deletes the volumes that were made for the node and that none of its volume
	// targets names. The node is reserved and the machine is off.
	Discard(ctx context.Context, n *baremetal.Node)
}

// EphemeralStorage is an optional interface of a Storage with volumes that are reset at every
// boot.
type EphemeralStorage interface {
	// Ephemeral reports whether the node has such volumes: a reboot must detach them while
	// the machine is off, and attach them again.
	Ephemeral(ctx context.Context, n *baremetal.Node) (bool, error)
}
