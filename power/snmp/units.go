package snmp

// unit is how a kind of power distribution unit shows and switches an outlet: objects below
// enterprises (1.3.6.1.4.1), where OUTLET stands for the number of the outlet.
type unit struct {
	name    string // value of snmp_driver
	product string // sysObjectID of such units, below enterprises; "" if "auto" does not find it
	state   string // object that shows the state
	isOn    []int  // values of a machine that has power, also if that is about to change
	isOff   []int
	onBy    string // object that switches on
	on      int
	offBy   string
	off     int
}

// same is a unit with one object that both shows and switches.
func same(name, product, object string, on, off int) unit {
	return unit{name: name, product: product, state: object, isOn: []int{on}, isOff: []int{off}, onBy: object, on: on, offBy: object, off: off}
}

// units are those that Ironic knows (ironic/drivers/modules/snmp.py), from the makers' MIBs. For
// "auto" the longest product that begins a unit's sysObjectID decides.
var units = []unit{
	same("apc_masterswitch", "318.1.3.4.5", "318.1.1.4.4.2.1.3.OUTLET", 1, 2), // PowerNet-MIB sPDUOutletCtl
	same("apc_masterswitchplus", "318.1.3.4.4", "318.1.1.6.5.1.1.5.OUTLET", 1, 3),
	same("apc_rackpdu", "318.1.3.4", "318.1.1.12.3.3.1.1.4.OUTLET", 1, 2), // rPDUOutletControlOutletCommand
	same("aten", "21317", "21317.1.3.2.2.2.2.OUTLET.0", 2, 1),
	same("baytech_mrp27", "4779", "4779.1.3.5.3.1.3.1.OUTLET", 1, 0),
	same("cyberpower", "3808", "3808.1.1.3.3.3.1.1.4.OUTLET", 1, 2), // CPS-MIB ePDUOutletControlOutletCommand
	same("teltronix", "23620", "23620.1.2.2.1.4.OUTLET", 2, 1),
	{ // EATON-EPDU-MIB; 2 is on and about to go off, 3 the reverse
		name: "eatonpower", product: "534", state: "534.6.6.7.6.6.1.2.0.OUTLET", isOn: []int{1, 2}, isOff: []int{0, 3},
		onBy: "534.6.6.7.6.6.1.4.0.OUTLET", on: 0, offBy: "534.6.6.7.6.6.1.3.0.OUTLET", off: 0,
	},
	{ // PDU2-MIB measurementsOutletSensorState of sensor onOff, and switchingOperation
		name: "raritan_pdu2", product: "13742", state: "13742.6.4.1.2.1.3.1.OUTLET", isOn: []int{7}, isOff: []int{8},
		onBy: "13742.6.4.1.2.1.2.1.OUTLET", on: 1, offBy: "13742.6.4.1.2.1.2.1.OUTLET", off: 0,
	},
	{ // Sentry3-MIB outletStatus and outletControlAction
		name: "servertech_sentry3", product: "1718.3", state: "1718.3.2.3.1.5.1.1.OUTLET", isOn: []int{1}, isOff: []int{0},
		onBy: "1718.3.2.3.1.11.1.1.OUTLET", on: 1, offBy: "1718.3.2.3.1.11.1.1.OUTLET", off: 2,
	},
}

// apc is another name of apc_masterswitch, from before there were several.
const apc = "apc"
