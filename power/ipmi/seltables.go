package ipmi

// Marks before the words of an event say how bad it is that it holds. Words without one are news.
const (
	markCritical = '!'
	markWarning  = '~'
)

// genericEvents are the events of sensors of any type by event type and offset (table 42-2).
var genericEvents = map[byte][]string{
	thresholdBase: {
		"~lower non-critical, going low", "lower non-critical, going high",
		"!lower critical, going low", "lower critical, going high",
		"!lower non-recoverable, going low", "lower non-recoverable, going high",
		"upper non-critical, going low", "~upper non-critical, going high",
		"upper critical, going low", "!upper critical, going high",
		"upper non-recoverable, going low", "!upper non-recoverable, going high",
	},
	0x02: {"transition to idle", "transition to active", "transition to busy"},
	0x03: {"state deasserted", "state asserted"},
	0x04: {"predictive failure deasserted", "~predictive failure asserted"},
	0x05: {"limit not exceeded", "~limit exceeded"},
	0x06: {"performance met", "~performance lags"},
	0x07: {
		"transition to OK", "~transition to non-critical from OK", "!transition to critical from less severe",
		"!transition to non-recoverable from less severe", "~transition to non-critical from more severe",
		"!transition to critical from non-recoverable", "!transition to non-recoverable", "monitor", "informational",
	},
	0x08: {"device removed or absent", "device inserted or present"},
	0x09: {"device disabled", "device enabled"},
	0x0a: {
		"transition to running", "transition to in test", "transition to power off", "transition to on line", "transition to off line",
		"transition to off duty", "~transition to degraded", "transition to power save", "~install error",
	},
	0x0b: {
		"fully redundant", "~redundancy lost", "~redundancy degraded", "~non-redundant: sufficient resources from redundant",
		"~non-redundant: sufficient resources from insufficient", "!non-redundant: insufficient resources",
		"~redundancy degraded from fully redundant", "~redundancy degraded from non-redundant",
	},
	0x0c: {"D0 power state", "D1 power state", "D2 power state", "D3 power state"},
}

// sensorType is a row of table 42-3: a type of sensor, and its events of event type 6Fh by offset; "" is reserved.
type sensorType struct {
	name   string
	events []string
}

// sensorTypes are those of table 42-3 by number.
var sensorTypes = map[byte]sensorType{
	0x01: {"Temperature", nil},
	0x02: {"Voltage", nil},
	0x03: {"Current", nil},
	0x04: {"Fan", nil},
	0x05: {"Physical Security", []string{
		"~general chassis intrusion", "~drive bay intrusion", "~I/O card area intrusion", "~processor area intrusion", "~LAN leash lost",
		"~unauthorized dock", "~fan area intrusion"}},
	0x06: {"Platform Security", []string{
		"~front panel lockout violation attempt", "~pre-boot password violation: user password", "~pre-boot password violation: setup password",
		"~pre-boot password violation: network boot password", "~other pre-boot password violation", "~out-of-band access password violation"}},
	0x07: {"Processor", []string{
		"!IERR", "!thermal trip", "!FRB1/BIST failure", "!FRB2/hang in POST failure", "!FRB3/processor startup failure", "!configuration error",
		"!uncorrectable CPU-complex error", "presence detected", "~disabled", "terminator presence detected", "~automatically throttled",
		"!machine check exception (uncorrectable)", "~correctable machine check error"}},
	0x08: {"Power Supply", []string{
		"presence detected", "!failure detected", "~predictive failure", "!input lost (AC/DC)", "!input lost or out of range",
		"~input out of range, but present", "!configuration error", "inactive (in standby)"}},
	0x09: {"Power Unit", []string{
		"power off", "power cycle", "!240 VA power down", "!interlock power down", "~AC lost", "!soft power control failure",
		"!failure detected", "~predictive failure"}},
	0x0a: {"Cooling Device", nil},
	0x0b: {"Other Units-based Sensor", nil},
	0x0c: {"Memory", []string{
		"~correctable ECC", "!uncorrectable ECC", "!parity error", "!memory scrub failed (stuck bit)", "~memory device disabled",
		"~correctable ECC logging limit reached", "presence detected", "!configuration error", "spare", "~automatically throttled",
		"!critical overtemperature"}},
	0x0d: {"Drive Slot", []string{
		"drive present", "!drive fault", "~predictive failure", "hot spare", "consistency check in progress", "~in critical array",
		"!in failed array", "rebuild in progress", "~rebuild aborted"}},
	0x0e: {"POST Memory Resize", nil},
	0x0f: {"System Firmware", []string{"!POST error", "!firmware hang", "progress"}},
	0x10: {"Event Logging", []string{
		"~correctable memory error logging disabled", "~logging of an event type disabled", "log cleared", "~all event logging disabled",
		"~log full", "~log almost full", "~correctable machine check error logging disabled"}},
	0x11: {"Watchdog 1", []string{
		"!BIOS watchdog reset", "!OS watchdog reset", "!OS watchdog shutdown", "!OS watchdog power down", "!OS watchdog power cycle",
		"!OS watchdog NMI", "~OS watchdog expired, status only", "~OS watchdog pre-timeout interrupt"}},
	0x12: {"System Event", []string{
		"system reconfigured", "OEM system boot event", "!undetermined system hardware failure", "entry added to auxiliary log", "PEF action",
		"timestamp clock synchronized"}},
	0x13: {"Critical Interrupt", []string{
		"!front panel NMI", "!bus timeout", "!I/O channel check NMI", "!software NMI", "!PCI PERR", "!PCI SERR", "!EISA fail safe timeout",
		"~bus correctable error", "!bus uncorrectable error", "!fatal NMI", "!bus fatal error", "~bus degraded"}},
	0x14: {"Button", []string{"power button pressed", "sleep button pressed", "reset button pressed", "FRU latch open",
		"FRU service requested"}},
	0x15: {"Module or Board", nil},
	0x16: {"Microcontroller", nil},
	0x17: {"Add-in Card", nil},
	0x18: {"Chassis", nil},
	0x19: {"Chip Set", []string{"!soft power control failure", "!thermal trip"}},
	0x1a: {"Other FRU", nil},
	0x1b: {"Cable or Interconnect", []string{"connected", "~incorrect cable connected"}},
	0x1c: {"Terminator", nil},
	0x1d: {"System Boot Initiated", []string{
		"by power up", "by hard reset", "by warm reset", "user requested PXE boot", "automatic boot to diagnostic",
		"OS initiated hard reset", "OS initiated warm reset", "system restart"}},
	0x1e: {"Boot Error", []string{
		"!no bootable medium", "!non-bootable diskette left in drive", "!PXE server not found", "!invalid boot sector",
		"~timeout waiting for selection of boot source"}},
	0x1f: {"OS Boot", []string{
		"A: boot completed", "C: boot completed", "PXE boot completed", "diagnostic boot completed", "CD-ROM boot completed",
		"ROM boot completed",
		"boot completed, device not specified", "installation started", "installation completed", "~installation aborted",
		"!installation failed"}},
	0x20: {"OS Stop", []string{
		"!stop during OS load", "!run-time critical stop", "graceful stop", "graceful shutdown", "soft shutdown by PEF",
		"~agent does not respond"}},
	0x21: {"Slot or Connector", []string{
		"!fault", "identify status", "device installed", "ready for device installation", "ready for device removal", "slot power is off",
		"device removal requested", "~interlock", "slot disabled", "holds spare device"}},
	0x22: {"System ACPI Power State", []string{
		"S0/G0: working", "S1: sleeping", "S2: sleeping", "S3: sleeping", "S4: suspended to disk", "S5/G2: soft off", "S4/S5: soft off",
		"G3: mechanical off", "sleeping in S1, S2 or S3", "G1: sleeping", "S5 entered by override", "legacy on", "legacy off", "", "unknown"}},
	0x23: {"Watchdog 2", []string{"~timer expired", "!hard reset", "!power down", "!power cycle", "", "", "", "", "~timer interrupt"}},
	0x24: {"Platform Alert", []string{"page generated", "LAN alert generated", "PET generated", "OEM SNMP trap generated"}},
	0x25: {"Entity Presence", []string{"present", "absent", "disabled"}},
	0x26: {"Monitor ASIC", nil},
	0x27: {"LAN", []string{"~heartbeat lost", "heartbeat"}},
	0x28: {"Management Subsystem Health", []string{
		"~sensor access degraded or unavailable", "~controller access degraded or unavailable", "~management controller off-line",
		"~management controller unavailable", "~sensor failure", "~FRU failure"}},
	0x29: {"Battery", []string{"~low", "!failed", "presence detected"}},
	0x2a: {"Session Audit", []string{"session activated", "session deactivated", "~invalid username or password",
		"~user disabled by invalid passwords"}},
	0x2b: {"Version Change", []string{
		"hardware change detected", "firmware change detected", "~hardware incompatible", "~firmware incompatible",
		"~hardware version unsupported",
		"~firmware version unsupported", "hardware change successful", "firmware change successful"}},
	0x2c: {"FRU State", []string{
		"not installed", "inactive", "activation requested", "activation in progress", "active", "deactivation requested",
		"deactivation in progress", "~communication lost"}},
}
