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
		{Name: "ipmi_target_channel",
			Doc: "destination channel for bridged request. Required only if ipmi_bridging is set to \"single\" or \"dual\"."},
		{Name: "ipmi_target_address",
			Doc: "destination address for bridged request. Required only if ipmi_bridging is set to \"single\" or \"dual\"."},
		{Name: "ipmi_local_address",
			Doc: "local IPMB address for bridged requests. Used only if ipmi_bridging is set to \"single\" or \"dual\". Optional."},
		{Name: "ipmi_protocol_version", Doc: "the version of the IPMI protocol; default is \"2.0\". One of \"1.5\", \"2.0\". Optional."},
		{Name: "ipmi_force_boot_device",
			Doc: "Whether Ironic should specify the boot device to the BMC each time the server is turned on, eg. because the BMC is " +
				"not capable of remembering the selected boot device across power cycles; default value is False. Optional."},
		{Name: "ipmi_disable_boot_timeout",
			Doc: "By default ironic will send a raw IPMI command to disable the 60 second timeout for booting. Setting this option " +
				"to False will NOT send that command on this node. The [ipmi]disable_boot_timeout will be used if this option is " +
				"not set. Optional."},
		{Name: "ipmi_cipher_suite",
			Doc: "The number of a cipher suite to use. Only 3 (AES-128 with SHA1) or 17 (AES-128 with SHA256) should ever be used; " +
				"17 is preferred. The default value depends on the ipmitool version, some recent versions have switched from 3 to " +
				"17."},
	},
	Manual: {
		{Name: "manual_wait", Doc: "seconds that a plan waits until a person has done what it asks for; default is 0: what is asked for counts " +
			"as done. Optional."},
	},
	"wake-on-lan": {
		{Name: "wol_host", Doc: "IP address that magic packets are sent to: the broadcast address of the machine's network, or a relay; " +
			"default is 255.255.255.255 on every interface of this host. Optional."},
		{Name: "wol_port", Doc: "UDP port that magic packets are sent to; default is 9. Optional."},
		{Name: "wol_password", Secret: true, Doc: "SecureOn password, as six bytes (00:11:22:33:44:55) or four (192.0.2.1). Optional."},
		{Name: "wol_off", Doc: "what happens at power off and reboot, which a magic packet cannot do; default is \"refuse\". One of " +
			"\"refuse\", \"by-hand\" (the log says what a person has to do, and the action counts as done), \"ssh\" (a command). Optional."},
		{Name: "wol_wait", Doc: "seconds that a plan waits until a person has switched the machine off where wol_off is \"by-hand\"; default " +
			"is 0. Optional."},
		{Name: "wol_state", Doc: "where the power state comes from; default is \"unknown\": it is what was last asked for. One of " +
			"\"unknown\", \"session\" (a machine that has a volume of this appliance open is on), \"ping\" (one whose wol_ping_address answers is " +
			"on). Optional."},
		{Name: "wol_ping_address",
			Doc: "host, or host:port, that accepts or refuses a TCP connection while the machine is on, the port being 22 " +
				"without one; where it does not, the machine is off. Required where wol_state is \"ping\"."},
		{Name: "wol_ping_silence", Doc: "seconds for which a machine that was on must be silent to count as off, longer than a restart takes; " +
			"default is 300. Optional."},
		{Name: "wol_ssh_address", Doc: "host, or host:port, of the machine's SSH server. Required where wol_off is \"ssh\"."},
		{Name: "wol_ssh_user", Doc: "who logs in; default is root. Optional."},
		{Name: "wol_ssh_key_file",
			Doc: "absolute path of a private key without a passphrase on the conductor's host. Required where wol_off is \"ssh\"."},
		{Name: "wol_ssh_host_key",
			Doc: "public key of the machine, \"ssh-ed25519 AAAA...\"; no other is spoken to. Required where wol_off is \"ssh\"."},
		{Name: "wol_ssh_off", Doc: "command that shuts the machine down; default is poweroff. Optional."},
		{Name: "wol_ssh_reboot", Doc: "command that restarts it; default is reboot. Optional."},
		{Name: "wol_ssh_timeout", Doc: "seconds within which a machine that shuts down must fall silent; default is 120. Optional."},
	},
	"webhook": {
		{Name: "webhook_template",
			Doc: "kind of device; default is \"generic\". One of \"generic\" (webhook_on_url and so on), \"home-assistant\", \"shelly\", " +
				"\"shelly-gen2\", \"tasmota\" (webhook_address). Optional."},
		{Name: "webhook_address", Doc: "http:// or https:// URL of the device. Required with a template other than \"generic\"."},
		{Name: "webhook_channel", Doc: "number of the outlet or relay. Optional."},
		{Name: "webhook_entity", Doc: "entity of Home Assistant, such as switch.pc_07. Required with the template \"home-assistant\"."},
		{Name: "webhook_on_url", Secret: true, Doc: "URL of the request that switches on. Required with the template \"generic\"."},
		{Name: "webhook_off_url", Secret: true, Doc: "URL of the request that switches off. Required with the template \"generic\"."},
		{Name: "webhook_state_url", Secret: true, Doc: "URL of the GET that shows the state; without it the state is unknown. Optional."},
		{Name: "webhook_method", Doc: "method of the requests that switch; default is POST. One of POST, GET, PUT. Optional."},
		{Name: "webhook_on_body", Secret: true, Doc: "body of the request that switches on. Optional."},
		{Name: "webhook_off_body", Secret: true, Doc: "body of the request that switches off. Optional."},
		{Name: "webhook_headers", Secret: true, Doc: "object of the names and values of headers. Optional."},
		{Name: "webhook_username", Doc: "username. Optional."},
		{Name: "webhook_password", Secret: true, Doc: "password. Optional."},
		{Name: "webhook_token", Secret: true, Doc: "bearer token in place of username and password. Optional."},
		{Name: "webhook_state_pointer",
			Doc: "JSON pointer to the state in the reply, such as /relay/0/on; without it webhook_state_on and webhook_state_off " +
				"are looked for in the text of the reply. Optional."},
		{Name: "webhook_state_on", Doc: "the state of a machine that is on. Required with webhook_state_url."},
		{Name: "webhook_state_off", Doc: "the state of a machine that is off. Required with webhook_state_url."},
		{Name: "webhook_timeout", Doc: "seconds for one request; default is 10. Optional."},
		{Name: "webhook_verify_ca",
			Doc: "true, false, or the path of a file or directory of certificates on the conductor's host; default is true. Optional."},
	},
	"": {
		{Name: "snmp_auth_pass", Secret: true}, {Name: "snmp_priv_pass", Secret: true}, // of older Ironics
		{Name: "deploy_kernel"}, {Name: "deploy_ramdisk"}, {Name: "rescue_kernel"}, {Name: "rescue_ramdisk"},
		{Name: "force_persistent_boot_device"},
	},
	"irmc": {{Name: "irmc_snmp_community", Secret: true}},
	"redfish": {
		{Name: "redfish_address", Required: true,
			Doc: "The URL address to the Redfish controller. It must include the authority portion of the URL. If the scheme is " +
				"missing, https is assumed. For example: https://mgmt.vendor.com. If a path is added, it will be used as the API endpoint " +
				"root_prefix. Required"},
		{Name: "redfish_system_id",
			Doc: "The canonical path to the ComputerSystem resource that the driver will interact with. It should include the root " +
				"service, version and the unique resource path to a ComputerSystem within the same authority as the redfish_address property. " +
				"For example: /redfish/v1/Systems/1. This property is only required if target BMC manages more than one ComputerSystem. " +
				"Otherwise ironic will pick the only available ComputerSystem automatically."},
		{Name: "redfish_username",
			Doc: "User account with admin/server-profile access privilege. Although this property is not mandatory it's highly recommended " +
				"to set a username. Optional"},
		{Name: "redfish_password", Secret: true,
			Doc: "User account password. Although this property is not mandatory, it's highly recommended to set a password. Optional"},
		{Name: "redfish_verify_ca",
			Doc: "Either a Boolean value, or a path to a file or directory of certificates on the conductor's host. If True, the system's " +
				"certificates " +
				"verify that of the Redfish controller; if False, none is verified. Defaults to True. Optional"},
		{Name: "redfish_auth_type",
			Doc: "Redfish HTTP client authentication method. Can be \"basic\", \"session\" or \"auto\". If not set, the default value is " +
				"\"auto\": a session, and basic where the controller has no session service. Optional"},
		{Name: "redfish_tls_minimum_version",
			Doc: "Minimum TLS protocol version for connections to the Redfish BMC. Can be \"1.1\", \"1.2\", or \"1.3\". " +
				"If not set, it is 1.2. Optional"},
		{Name: "redfish_http_boot_url",
			Doc: "URL that the firmware loads when its boot device is uefihttp (HttpBootUri); without it the firmware asks DHCP. Optional"},
		{Name: "redfish_iscsi_boot",
			Doc: "Whether the firmware's own initiator boots from the node's iSCSI volume, set up with its CHAP secret through the BMC " +
				"(iSCSIBoot); default is False. Optional"},
	},
	"snmp": {
		{Name: "snmp_driver", Doc: "kind of power distribution unit; default is \"auto\". One of \"auto\", \"apc\", \"apc_masterswitch\", " +
			"\"apc_masterswitchplus\", \"apc_rackpdu\", \"aten\", \"baytech_mrp27\", \"cyberpower\", \"eatonpower\", \"raritan_pdu2\", " +
			"\"servertech_sentry3\", \"teltronix\". Optional."},
		{Name: "snmp_address", Required: true, Doc: "IPv4 address or host name of the unit. Required."},
		{Name: "snmp_outlet", Required: true, Doc: "number of the outlet that the machine is plugged into. Required."},
		{Name: "snmp_port", Doc: "UDP port; default is 161. Optional."},
		{Name: "snmp_version", Doc: "version of SNMP; default is \"1\". One of \"1\", \"2c\", \"3\". Optional."},
		{Name: "snmp_community", Secret: true, Doc: "community of versions 1 and 2c, unless both of the following are set. Optional."},
		{Name: "snmp_community_read", Secret: true, Doc: "community to read with. Optional."},
		{Name: "snmp_community_write", Secret: true, Doc: "community to switch with. Optional."},
		{Name: "snmp_user", Doc: "user of version 3. Required with version 3."},
		{Name: "snmp_auth_protocol",
			Doc: "authentication of version 3; default is \"none\". One of \"none\", \"md5\", \"sha\", \"sha224\", \"sha256\", " +
				"\"sha384\", \"sha512\". Optional."},
		{Name: "snmp_auth_key", Secret: true, Doc: "passphrase of the authentication, at least 8 characters. Optional."},
		{Name: "snmp_priv_protocol",
			Doc: "encryption of version 3; default is \"none\". One of \"none\", \"des\", \"aes\", \"aes128\", \"aes192\", " +
				"\"aes256\". Optional."},
		{Name: "snmp_priv_key", Secret: true, Doc: "passphrase of the encryption, at least 8 characters. Optional."},
		{Name: "snmp_context_name", Doc: "context of version 3. Optional."},
	},
	"ssh": {{Name: "ssh_key_contents", Secret: true}},
}

// TargetKeys are the keys that a volume target's properties have: those of the
// specification of volume connection information, whose masks hide the user's name as well
// as the password, and Ironhook's own.
var TargetKeys = []Key{
	{Name: "target_portal"}, {Name: "target_portals"}, {Name: "target_iqn"}, {Name: "target_iqns"}, {Name: "target_lun"},
	{Name: "target_luns"},
	{Name: "target_wwn"}, {Name: "target_wwns"}, {Name: "volume_id"}, {Name: "auth_method"},
	{Name: "auth_username", Secret: true}, {Name: "auth_password", Secret: true},
	{Name: "reverse_auth_username", Secret: true}, {Name: "reverse_auth_password", Secret: true},
	{Name: accessMode, Doc: "ro or rw"}, {Name: keep, Doc: "true or false"}, {Name: resetOnBoot, Doc: "true or false"},
	{Name: keepSAN, Doc: "true or false"},
}
