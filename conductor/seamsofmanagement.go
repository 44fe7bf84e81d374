package conductor

import (
	"context"

	"ironhook/baremetal"
)

// What a BMC may do beside switching the machine and choosing its boot device: optional interfaces of a
// [Power]. An implementation of that name serves Ironic's interface of the same kind, too: bios and
// firmware and inspect, or else management. Errors of what a machine lacks are ErrUnsupported.

// BootModes chooses how the firmware boots; what it chooses holds from the next start on.
type BootModes interface {
	// BootMode returns "uefi" or "bios", and whether signatures are checked; "" and nil are unknown.
	BootMode(ctx context.Context, n *baremetal.Node) (mode string, secure *bool, err error)
	SetBootMode(ctx context.Context, n *baremetal.Node, mode string) error
	SetSecureBoot(ctx context.Context, n *baremetal.Node, on bool) error
	// ResetSecureBootKeys gives the firmware its keys again, or takes all from it.
	ResetSecureBootKeys(ctx context.Context, n *baremetal.Node, none bool) error
}

// VirtualMedia shows the machine an image as if it were in a drive of its own.
type VirtualMedia interface {
	Media(ctx context.Context, n *baremetal.Node) ([]baremetal.Medium, error)
	// AttachMedium inserts an image as a kind of device: cdrom, floppy or disk.
	AttachMedium(ctx context.Context, n *baremetal.Node, kind, image string) error
	DetachMedia(ctx context.Context, n *baremetal.Node, kinds []string) error
}

// Indicators are lights that show a person which machine it is.
type Indicators interface {
	Indicators(ctx context.Context, n *baremetal.Node) ([]baremetal.Indicator, error)
	SetIndicator(ctx context.Context, n *baremetal.Node, component, name, state string) error
}

// BIOS reads and changes the settings of the machine's firmware.
type BIOS interface {
	BIOS(ctx context.Context, n *baremetal.Node) ([]baremetal.Part, error)
	// ChangeBIOS and ResetBIOS take effect with the next start of the machine.
	ChangeBIOS(ctx context.Context, n *baremetal.Node, values baremetal.Object) error
	ResetBIOS(ctx context.Context, n *baremetal.Node) error
}

// Firmware tells which firmware a machine has, and replaces it.
type Firmware interface {
	Firmware(ctx context.Context, n *baremetal.Node) ([]baremetal.Part, error)
	// UpdateFirmware returns when the image at this address is written. What the machine itself runs
	// is replaced at its next start.
	UpdateFirmware(ctx context.Context, n *baremetal.Node, image string) error
}

// Inspector finds out what a machine has without booting it, in the form in which a ramdisk reports it.
type Inspector interface {
	Inspect(ctx context.Context, n *baremetal.Node) (baremetal.Object, error)
}

// Health tells how a machine is: OK, WARNING or CRITICAL, "" if unknown.
type Health interface {
	Health(ctx context.Context, n *baremetal.Node) (string, error)
}

// Sensors tells temperatures and the like.
type Sensors interface {
	Sensors(ctx context.Context, n *baremetal.Node) ([]baremetal.Reading, error)
}

// HardwareLogs reads and empties the event log that a BMC keeps of its machine.
type HardwareLogs interface {
	HardwareLog(ctx context.Context, n *baremetal.Node) (baremetal.HardwareLog, error)
	// ClearHardwareLog returns the entries that it has removed.
	ClearHardwareLog(ctx context.Context, n *baremetal.Node) (baremetal.HardwareLog, error)
}

// ISCSIBoot gives the firmware's own initiator what it needs to boot from a volume.
type ISCSIBoot interface {
	// WantsISCSIBoot reports whether the node asks for that.
	WantsISCSIBoot(n *baremetal.Node) bool
	SetISCSIBoot(ctx context.Context, n *baremetal.Node, macs []string, a baremetal.ISCSIAttempt) error
}

// extension is the implementation of the node's interface of a kind, if it can do T. The error is
// Ironic's for a driver without the method.
func extension[T any](c *Conductor, n *baremetal.Node, kind, method string) (T, error) {
	p, ok := c.powers[n.Interfaces[kind]]
	if !ok {
		var none T
		return none, unsupported(n, kind)
	}
	able, ok := p.(T)
	if !ok {
		return able, unsupported(n, method)
	}
	return able, p.Validate(n)
}
