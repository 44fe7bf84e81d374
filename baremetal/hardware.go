package baremetal

import "time"

// PartKind is what a part of a machine is a part of.
type PartKind string

// The kinds of parts.
const (
	BIOSPart     PartKind = "bios"     // a setting of the firmware
	FirmwarePart PartKind = "firmware" // a component that has firmware
)

// Part is one of many things of the same kind that a BMC tells of a machine, as it was when it was
// last asked.
type Part struct {
	ID        int64
	NodeUUID  string
	Kind      PartKind
	Name      string
	Facts     Object // under the names of Ironic's fields
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Medium is a device of virtual media.
type Medium struct {
	Types    []string // what can be inserted: CD, DVD, Floppy, USBStick
	Inserted bool
	Image    string // address of the image that is inserted; may carry a secret
}

// Indicator is a light that shows a person which machine it is.
type Indicator struct {
	Component string // system, chassis
	Name      string
	State     string   // on, off or blinking
	States    []string // those that it can have
	ReadOnly  bool     // it cannot be set
}

// NoIndicator is Ironic's refusal of a light that the machine does not have.
func NoIndicator(n *Node, component, name string) error {
	return Errorf(ErrInvalid, "Unknown indicator %s for component %s of node %s", name, component, n.UUID)
}

// How a sensor's reading stands to its thresholds.
const (
	HealthOK       = "OK"
	HealthWarning  = "Warning"
	HealthCritical = "Critical"
)

// Reading is what a sensor says.
type Reading struct {
	Name   string
	Value  float64
	Unit   string // after UCUM: Cel, V, W; RPM and % of fans
	Health string // OK, Warning or Critical; "" is unknown
}

// HardwareLog is the event log that a BMC keeps of its machine.
type HardwareLog struct {
	Entries []LogEntry // oldest first
	Lost    bool       // it was full, and newer events are not in it
}

// LogEntry is an entry of a BMC's event log.
type LogEntry struct {
	ID       string        // the BMC's
	At       time.Time     // by the BMC's clock; zero: not known
	Uptime   time.Duration // since the BMC was started, of an entry from before its clock was set
	Severity string        // OK, Warning or Critical; "" is unknown
	Sensor   string        // that the event is of; "" is unknown
	Message  string        // one line
}

// ISCSIAttempt is what the firmware's own initiator needs to boot from a volume. It carries secrets.
type ISCSIAttempt struct {
	Initiator     string // its name
	Target        string // its name
	Address       string // of the target
	Port          int
	LUN           int
	User          string // of CHAP, "" for none
	Secret        string
	ReverseUser   string // of the target, for mutual CHAP
	ReverseSecret string
}
