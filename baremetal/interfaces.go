package baremetal

// Interfaces names the implementation a node uses for each kind of hardware
// interface: {"storage": "iscsi", "power": "ipmitool", ...}.
type Interfaces map[string]string

// InterfaceKinds lists every kind of hardware interface of API 1.115, in the
// order in which Ironic prints them.
var InterfaceKinds = []string{
	"bios", "boot", "console", "deploy", "firmware", "inspect", "management",
	"network", "power", "raid", "rescue", "storage", "vendor",
}

// The storage interfaces.
const (
	StorageNoop     = "noop"     // the node has no volumes
	StorageExternal = "external" // its volumes are served elsewhere
	StorageISCSI    = "iscsi"    // its volumes are Ironhook's
	StorageCinder   = "cinder"   // its volumes are OpenStack Cinder's, attached by Ironhook
)

// Storage is the storage interface of the node, "" while it has none.
func (i Interfaces) Storage() string { return i["storage"] }

// Attaches reports whether Ironhook attaches the volumes of the node: without that it cannot
// boot from them.
func (i Interfaces) Attaches() bool { return i.Managed() || i.Storage() == StorageCinder }

// Managed reports whether the volumes of the node are Ironhook's: attached by it, and made.
func (i Interfaces) Managed() bool { return i.Storage() == StorageISCSI }

// Deploys reports whether a deployment touches the machine. With the deploy interface
// fake it only changes states.
func (i Interfaces) Deploys() bool { return i["deploy"] != "fake" }

// InspectAgent is the inspect interface that boots a machine into a ramdisk, which reports what
// it finds.
const InspectAgent = "agent"

// InspectsByAgent reports whether a ramdisk inspects the machine.
func (i Interfaces) InspectsByAgent() bool { return i["inspect"] == InspectAgent }

// ByIPXE reports whether the boot interface can hand a volume to the firmware.
func (i Interfaces) ByIPXE() bool {
	switch i["boot"] {
	case "ipxe", "http-ipxe", "fake":
		return true
	}
	return false
}

// RescuesByAgent reports whether a ramdisk runs on the machine while it is rescued.
func (i Interfaces) RescuesByAgent() bool { return i["rescue"] == "agent" }

// HasLine reports whether the node's console is a serial line that Ironhook opens; that of fake
// hardware is a flag.
func (i Interfaces) HasLine() bool { return i.Has("console") && i["console"] != "fake" }

// HasBMC reports whether a controller of the machine is asked about its hardware.
func (i Interfaces) HasBMC() bool {
	switch i["management"] {
	case "", "noop", "fake":
		return false
	}
	return true
}

// Has reports whether the node has an implementation of this kind of interface: one that
// is not called no-KIND, as Ironic calls its absence.
func (i Interfaces) Has(kind string) bool { return i[kind] != "" && i[kind] != "no-"+kind }
