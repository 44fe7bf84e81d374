package main

// request is something that an operator asks of the appliance. A word in braces stands for the
// id that the answer to an earlier request of that name had.
type request struct {
	name   string // under which later ones find the id
	since  int    // the first schema whose program can do it
	method string
	path   string
	body   string
	wait   string // state that the node, volume or image at path is waited for to have
}

const unit = "00000000-0000-4000-8000-0000000000"

// life is what an appliance goes through, so that each table of its database has rows.
var life = []request{
	{"chassis", 1, "POST", "/v1/chassis", `{"description": "rack 1", "extra": {"row": 1}}`, ""},
	{"plain", 1, "POST", "/v1/nodes", `{"name": "plain", "driver": "fake-hardware", "chassis_uuid": "{chassis}", "resource_class": "small",
		"driver_info": {"ipmi_address": "10.0.0.9", "ipmi_password": "o'clock"}, "properties": {"cpus": 4, "note": "naïve ✓"},
		"extra": {"deep": {"list": [1, null, "x"]}}, "description": "it's here"}`, ""},
	{"", 1, "PUT", "/v1/nodes/plain/maintenance", `{"reason": "fan; broken"}`, ""},
	{"", 1, "PUT", "/v1/nodes/plain/traits", `{"traits": ["CUSTOM_FAST", "CUSTOM_BIG"]}`, ""},
	{"golden", 1, "POST", "/image/v2/images",
		`{"name": "golden", "disk_format": "raw", "container_format": "bare", "tags": ["lab"], "os": "debian"}`, ""},
	{"", 1, "PUT", "/image/v2/images/{golden}/file", "", ""},
	{"disk", 1, "POST", "/volume/v3/lab/volumes",
		`{"volume": {"name": "disk", "size": 1, "imageRef": "{golden}", "metadata": {"owner": "me"}}}`, "available"},
	{"other", 1, "POST", "/volume/v3/lab/volumes", `{"volume": {"name": "other", "size": 1}}`, "available"},
	{"before", 1, "POST", "/volume/v3/lab/snapshots", `{"snapshot": {"name": "before", "volume_id": "{disk}", "metadata": {"by": "me"}}}`,
		"available"},
	{"active", 1, "POST", "/v1/nodes", `{"name": "active", "driver": "fake-hardware", "storage_interface": "iscsi",
		"properties": {"capabilities": "iscsi_boot:True"}}`, ""},
	{"", 1, "POST", "/v1/portgroups", `{"node_uuid": "{active}", "name": "bond", "address": "52:54:00:00:00:01", "mode": "802.3ad"}`, ""},
	{"", 1, "POST", "/v1/ports", `{"node_uuid": "{active}", "address": "52:54:00:00:00:02", "extra": {"slot": 3}}`, ""},
	{"", 1, "POST", "/v1/ports", `{"node_uuid": "{plain}", "address": "52:54:00:00:00:03", "pxe_enabled": false}`, ""},
	{"", 1, "POST", "/v1/volume/connectors", `{"node_uuid": "{active}", "type": "iqn", "connector_id": "iqn.1993-08.org.debian:01:active"}`,
		""},
	{"", 1, "POST", "/v1/volume/targets",
		`{"node_uuid": "{active}", "volume_type": "iscsi", "boot_index": 0, "volume_id": "{disk}", "properties": {"keep": true}}`, ""},
	{"", 1, "POST", "/v1/volume/targets",
		`{"node_uuid": "{plain}", "volume_type": "iscsi", "boot_index": 0, "volume_id": "lun-7", "properties": {
		"target_iqn": "iqn.2003-01.example:array", "target_portal": "10.0.0.7:3260", "target_lun": 7, "auth_method": "CHAP", "auth_username": "u", "auth_password": "long-secret-pass"}}`, ""},
	{"", 1, "PUT", "/v1/nodes/active/states/provision", `{"target": "manage"}`, "manageable"},
	{"", 1, "PUT", "/v1/nodes/active/states/provision", `{"target": "provide"}`, "available"},
	{"", 1, "PUT", "/v1/nodes/active/states/provision", `{"target": "active"}`, "active"},
	{"", 1, "POST", "/v1/allocations", `{"name": "wanted", "resource_class": "none"}`, ""},
	{"", 1, "POST", "/v1/deploy_templates",
		`{"name": "CUSTOM_HOT", "steps": [{"interface": "bios", "step": "apply", "args": {}, "priority": 150}]}`, ""},
	{"", 1, "POST", "/volume/v3/lab/attachments", `{"attachment": {"volume_uuid": "{other}", "instance_uuid": "` + unit + `0a"}}`, ""},
	{"shared", 1, "POST", "/volume/v3/lab/volumes", `{"volume": {"name": "shared", "size": 1}}`, "available"},
	{"", 1, "POST", "/volume/v3/lab/attachments", `{"attachment": {"volume_uuid": "{shared}", "instance_uuid": "` + unit + `0b",
		"connector": {"initiator": "iqn.1993-08.org.debian:01:host", "host": "host-a", "mountpoint": "/dev/vdb"}}}`, ""},
	{"", 6, "POST", "/v1/runbooks", `{"name": "CUSTOM_WEEKLY", "steps": [{"interface": "bios", "step": "apply", "args": {}, "order": 1}]}`,
		""},
	{"", 6, "POST", "/v1/inspection_rules",
		`{"description": "big ones", "actions": [{"op": "set-attribute", "args": {"path": "/extra/big", "value": true}}],
		"conditions": [{"op": "eq", "args": {"values": ["{node.driver}", "fake-hardware"]}}]}`, ""},
	{"", 9, "POST", "/ironhook/v1/users", `{"name": "reader", "role": "viewer", "password": "a-long-enough-pass"}`, ""},
	{"", 10, "POST", "/ironhook/v1/walls", `{"name": "lobby"}`, ""},
	{"", 10, "PUT", "/ironhook/v1/views/red", `{"query": "only=trouble"}`, ""},
}
