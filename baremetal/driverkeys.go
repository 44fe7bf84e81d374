package baremetal

// DriverKeys are the keys of driver_info, by the driver that reads them. A driver of
// Ironhook's has all of its keys here, described in Ironic's words. Nodes bring along those
// of Ironic's other drivers, and those of no driver in particular ("").
//
// Among those of ipmi, ipmi_bridging and its companions are known and refused, and
// ipmi_force_boot_device has no effect: the boot device is set before every power on
// anyway.
var DriverKeys = map[string][]Key{
	"ipmi": {
		{Name: "ipmi_address", Doc: "IP address or hostname of the node. Required.", Required: true},
		{Name: "ipmi_password", Doc: "password. Optional.", Secret: true},
		{Name: "ipmi_hex_kg_key", Secret: true, Doc: "Kg key for IPMIv2 authentication. The key is expected in hexadecimal format. Optional."},
		{Name: "ipmi_port", Doc: "remote IPMI RMCP port. Optional."},
		{Name: "ipmi_priv_level", Doc: "privilege level; default is ADMINISTRATOR. One of ADMINISTRATOR, CALLBACK, OPERATOR, USER. Optional."},
		{Name: "ipmi_username", Doc: "username; default is NULL user. Optional."},
		{Name: "ipmi_bridging", Doc: "bridging_type; default is \"no\". One of \"single\", \"dual\", \"no\". Optional."},
		{Name: "ipmi_transit_channel", Doc: "transit channel for bridged request. Required only if ipmi_bridging is set to \"dual\"."},
		{Name: "ipmi_transit_address", Doc: "transit address for bridged request. Required only if ipmi_bridging is set to \"dual\"."},
		{Name: "ipmi_target_channel", Doc: "destination channel for bridged request. Required only if ipmi_bridging is set to \"single\" or \"dual\"."},
		{Name: "ipmi_target_address", Doc: "destination address for bridged request. Required only if ipmi_bridging is set to \"single\" or \"dual\"."},
		{Name: "ipmi_local_address", Doc: "local IPMB address for bridged requests. Used only if ipmi_bridging is set to \"single\" or \"dual\". Optional."},
		{Name: "ipmi_protocol_version", Doc: "the version of the IPMI protocol; default is \"2.0\". One of \"1.5\", \"2.0\". Optional."},
		{Name: "ipmi_force_boot_device", Doc: "Whether Ironic should specify the boot device to the BMC each time the server is turned on, eg. because the BMC is " +
			"not capable of remembering the selected boot device across power cycles; default value is False. Optional."},
		{Name: "ipmi_disable_boot_timeout", Doc: "By default ironic will send a raw IPMI command to disable the 60 second timeout for booting. Setting this option " +
			"to False will NOT send that command on this node. The [ipmi]disable_boot_timeout will be used if this option is " +
			"not set. Optional."},
		{Name: "ipmi_cipher_suite", Doc: "The number of a cipher suite to use. Only 3 (AES-128 with SHA1) or 17 (AES-128 with SHA256) should ever be used; " +
			"17 is preferred. The default value depends on the ipmitool version, some recent versions have switched from 3 to " +
			"17."},
	},
	"": {
		{Name: "deploy_kernel"}, {Name: "deploy_ramdisk"}, {Name: "rescue_kernel"}, {Name: "rescue_ramdisk"}, {Name: "force_persistent_boot_device"},
	},
	"irmc": {{Name: "irmc_snmp_community", Secret: true}},
	"redfish": {
		{Name: "redfish_address"}, {Name: "redfish_system_id"}, {Name: "redfish_username"}, {Name: "redfish_password", Secret: true},
		{Name: "redfish_verify_ca"},
	},
	"snmp": {
		{Name: "snmp_community", Secret: true}, {Name: "snmp_community_read", Secret: true}, {Name: "snmp_community_write", Secret: true},
		{Name: "snmp_auth_key", Secret: true}, {Name: "snmp_priv_key", Secret: true},
		{Name: "snmp_auth_pass", Secret: true}, {Name: "snmp_priv_pass", Secret: true},
	},
	"ssh": {{Name: "ssh_key_contents", Secret: true}},
}

// TargetKeys are the keys that a volume target's properties have: those of the
// specification of volume connection information, whose masks hide the user's name as well
// as the password, and Ironhook's own.
var TargetKeys = []Key{
	{Name: "target_portal"}, {Name: "target_portals"}, {Name: "target_iqn"}, {Name: "target_iqns"}, {Name: "target_lun"}, {Name: "target_luns"},
	{Name: "target_wwn"}, {Name: "volume_id"}, {Name: "auth_method"},
	{Name: "auth_username", Secret: true}, {Name: "auth_password", Secret: true},
	{Name: "reverse_auth_username", Secret: true}, {Name: "reverse_auth_password", Secret: true},
	{Name: accessMode, Doc: "ro or rw"}, {Name: keep, Doc: "true or false"}, {Name: resetOnBoot, Doc: "true or false"},
}
