package blockstorage

// The bodies of requests, with the microversion that brought a member.

var newVolume = &schema{openTo: 53, fields: []field{
	{"name", 0, aText}, {"display_name", 0, aText}, {"description", 0, aText}, {"display_description", 0, aText},
	{"size", 0, orNull(aSize)}, {"volume_type", 0, aText}, {"availability_zone", 0, orNull(aName)}, {"metadata", 0, orNull(someItems)},
	{"imageRef", 0, aText}, {"image_id", 0, aText}, {"snapshot_id", 0, orNull(aUUID)}, {"source_volid", 0, orNull(aUUID)},
	{"multiattach", 0, orNull(aFlag)}, {"consistencygroup_id", 0, orNull(aUUID)}, {"group_id", 13, aText}, {"backup_id", 47, orNull(aUUID)},
}}

// texts are the names of a name and a description, old and new.
var texts = []string{"name", "description", "display_name", "display_description"}

var volumeChange = &schema{anyOf: append([]string{"metadata"}, texts...), anyFrom: 53, fields: []field{
	{"name", 0, aText}, {"display_name", 0, aText}, {"description", 0, aText}, {"display_description", 0, aText}, {"metadata", 0, someItems},
}}

var newSnapshot = &schema{required: []string{"volume_id"}, fields: []field{
	{"volume_id", 0, orNull(aUUID)}, {"force", 0, aFlag}, {"metadata", 0, orNull(someItems)},
	{"name", 0, aText}, {"display_name", 0, aText}, {"description", 0, aText}, {"display_description", 0, aText},
}}

var snapshotChange = &schema{anyOf: texts, fields: []field{
	{"name", 0, aText}, {"display_name", 0, aText}, {"description", 0, aText}, {"display_description", 0, aText},
}}

var newAttachment = &schema{required: []string{"volume_uuid"}, fields: []field{
	{"volume_uuid", 0, aUUID}, {"instance_uuid", 0, aUUID}, {"connector", 0, orNull(anObject)}, {"mode", 54, oneOf("rw", "ro")},
}}

var attachmentChange = &schema{required: []string{"connector"}, fields: []field{{"connector", 0, anObject}}}

// connector is what a host says of itself; most of it concerns other transports.
var aConnector = []field{{"connector", 0, anObject}}

// The arguments of actions.
var (
	extendArgs   = &schema{required: []string{"new_size"}, fields: []field{{"new_size", 0, aSize}}}
	bootableArgs = &schema{required: []string{"bootable"}, fields: []field{{"bootable", 0, aFlag}}}
	readOnlyArgs = &schema{required: []string{"readonly"}, fields: []field{{"readonly", 0, aFlag}}}
	revertArgs   = &schema{required: []string{"snapshot_id"}, fields: []field{{"snapshot_id", 0, aWord}}}
	reimageArgs  = &schema{required: []string{"image_id"}, fields: []field{{"image_id", 0, aUUID}, {"reimage_reserved", 0, aFlag}}}
	uploadArgs   = &schema{required: []string{"image_name"}, fields: []field{
		{"image_name", 0, aName}, {"force", 0, aFlag}, {"container_format", 0, aText},
		{"disk_format", 0, oneOf("raw", "vmdk", "vdi", "qcow2", "vhd", "vhdx", "ploop")},
		{"visibility", 1, oneOf("community", "public", "private", "shared")}, {"protected", 1, aFlag},
		{"description", 0, aText}, // is not in Cinder: words about the image
	}}
	resetArgs = &schema{anyOf: []string{"status", "attach_status", "migration_status"}, fields: []field{
		{"status", 0, aText}, {"attach_status", 0, aText}, {"migration_status", 0, aText},
	}}
	snapshotResetArgs  = &schema{required: []string{"status"}, fields: []field{{"status", 0, aWord}}}
	snapshotStatusArgs = &schema{required: []string{"status"}, fields: []field{{"status", 0, aWord}, {"progress", 0, oneOf("100%")}}}
	retypeArgs         = &schema{required: []string{"new_type"},
		fields: []field{{"new_type", 0, aWord}, {"migration_policy", 0, orNull(oneOf("on-demand", "never"))}}}
	setImageArgs   = &schema{required: []string{"metadata"}, fields: []field{{"metadata", 0, longItems}}}
	unsetImageArgs = &schema{required: []string{"key"}, fields: []field{{"key", 0, aName}}}
	attachArgs     = &schema{required: []string{"mountpoint"}, anyOf: []string{"instance_uuid", "host_name"}, fields: []field{
		{"mountpoint", 0, aName}, {"instance_uuid", 0, aUUID}, {"host_name", 0, aWord}, {"mode", 0, oneOf("rw", "ro")},
	}}
	detachArgs      = &schema{fields: []field{{"attachment_id", 0, orNull(aUUID)}}}
	forceDetachArgs = &schema{fields: []field{{"attachment_id", 0, orNull(aUUID)}, {"connector", 0, orNull(anObject)}}}
	connectArgs     = &schema{required: []string{"connector"}, fields: aConnector}
	disconnectArgs  = &schema{required: []string{"connector"}, fields: []field{{"connector", 0, orNull(anObject)}}}
	completionArgs  = &schema{fields: []field{{"error", 0, anything}}}
)
