package blockstorage

import (
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/store"
)

const nowhere = "c0ffee00-0000-4000-8000-000000000404"

// volumesAndMetadata is the life of a volume: what succeeds, and every refusal on the way.
var volumesAndMetadata = story{
	{"", "GET", "/volumes", "", 200, `{"volumes":[]}`, ""},
	{"", "GET", "/volumes/" + nowhere, "", 404, `{"itemNotFound":{"code":404,"message":"Volume ` + nowhere + ` could not be found."}}`, ""},
	{"", "POST", "/volumes", `{"volume": {"size": 1`, 400, "badRequest", ""},
	{"", "POST", "/volumes", `{"volume": {"size": 0}}`, 400, "size: it must be an integer", ""},
	{"", "POST", "/volumes", `{"volume": {"size": "x"}}`, 400, "badRequest", ""},
	{"", "POST", "/volumes", `{"volume": {"size": 1.5}}`, 400, "badRequest", ""},
	{"", "POST", "/volumes", `{"volume": {"size": true}}`, 400, "badRequest", ""},
	{"", "POST", "/volumes", `{"volume": {"size": 16385}}`, 413, `"overLimit":{"code":413`, ""},
	{"", "POST", "/volumes", `{"volume": {}}`, 400, "must have a size", ""},
	{"", "POST", "/volumes", `{"volume": {"size": 1, "volume_type": "fast"}}`, 404, "could not be found", ""},
	{"", "POST", "/volumes", `{"volume": {"size": 1, "availability_zone": "moon"}}`, 400, "is invalid", ""},
	{"", "POST", "/volumes", `{"volume": {"size": 1, "multiattach": true}}`, 400, "any number may read it", ""},
	{"", "POST", "/volumes", `{"volume": {"size": 1, "consistencygroup_id": "` + nowhere + `"}}`, 404, "Group", ""},
	{"3.13", "POST", "/volumes", `{"volume": {"size": 1, "group_id": "` + nowhere + `"}}`, 404, "Group", ""},
	{"3.47", "POST", "/volumes", `{"volume": {"size": 1, "backup_id": "` + nowhere + `"}}`, 404, "Backup", ""},
	{"", "POST", "/volumes", `{"volume": {"size": 1, "imageRef": "` + nowhere + `"}}`, 400, "Invalid image identifier", ""},
	{"", "POST", "/volumes", `{"volume": {"size": 1, "imageRef": "a", "source_volid": "` + nowhere + `"}}`, 400, "only one of them", ""},
	{"", "POST", "/volumes", `{"volume": {"source_volid": "zz"}}`, 400, "a UUID", ""},
	{"", "POST", "/volumes", `{"volume": {"source_volid": "` + nowhere + `"}}`, 404, "could not be found", ""},
	{"", "POST", "/volumes", `{"volume": {"size": 1, "metadata": {"a": 1}}}`, 400, "metadata: it must be", ""},
	{"", "POST", "/volumes", `{"volume": {"size": 1, "metadata": {"a*": "1"}}}`, 400, "metadata: it must be", ""},
	{"", "POST", "/volumes", `{"volume": {"size": 1}, "more": 1}`, 400, "unexpected", ""},
	{"", "POST", "/volumes", `{"volume": {"size": 1}, "OS-SCH-HNT:scheduler_hints": {"same_host": ["x"]}}`, 400, "leave it out", ""},
	{"", "POST", "/volumes", `{"volume": {"size": 1.0, "display_name": " old ", "display_description": "words", "metadata": null}, ` +
		`"OS-SCH-HNT:scheduler_hints": null}`, 202,
		`"description":"words"`, "old"},
	{"", "GET", "/volumes/@old", "", 200, `"name":"old"`, ""},
	{"", "POST", "/volumes", `{"volume": {"size": "1", "name": "a", "display_name": "not", "metadata": {"k": "v"}}}`, 202,
		`"status":"creating"`, "v"},
	{"", "GET", "/volumes/@v", "", 200, `"name":"a"`, ""},
	{"", "GET", "/volumes/@v", "", 200, `"user_id":"admin"`, ""},
	{"", "POST", "/volumes", `{"volume": {"source_volid": "@v"}}`, 202, `"source_volid":"@v"`, "clone"},
	{"", "GET", "/volumes/detail?name=a", "", 200, `"status":"available"`, ""},
	{"3.12", "GET", "/volumes/summary", "", 200, `{"volume-summary":{"total_count":3,"total_size":3}}`, ""},
	{"3.36", "GET", "/volumes/summary?name=a", "", 200, `"metadata":{"k":["v"]}`, ""},
	{"3.36", "GET", "/volumes/summary?zz=1", "", 400, "Invalid filters zz", ""},

	{"", "PUT", "/volumes/" + nowhere, `{"volume": {"name": "b"}}`, 404, "could not be found", ""},
	{"", "PUT", "/volumes/@v", `{"volume": {"size": 5}}`, 400, "'size' was unexpected", ""},
	{"", "PUT", "/volumes/@v", `{"volume": {"name": 5}}`, 400, "a string", ""},
	{"", "PUT", "/volumes/@v", `{"volume": null}`, 400, "an object", ""},
	{"", "PUT", "/volumes/@v", `{"volume": {"display_name": "b", "description": null, "metadata": {"x": "y"}}}`, 200, `"name":"b"`, ""},

	{"", "GET", "/volumes/@v/metadata", "", 200, `{"metadata":{"x":"y"}}`, ""},
	{"", "GET", "/volumes/" + nowhere + "/metadata", "", 404, "could not be found", ""},
	{"", "POST", "/volumes/@v/metadata", `{"metadata": {"a": "b"}}`, 200, `{"metadata":{"a":"b","x":"y"}}`, ""},
	{"", "POST", "/volumes/@v/metadata", `{}`, 400, "'metadata' is a required property", ""},
	{"", "POST", "/volumes/@v/metadata", `{"metadata": null}`, 400, "an object of strings", ""},
	{"", "PUT", "/volumes/@v/metadata", `{"meta": {}}`, 400, "unexpected", ""},
	{"", "PUT", "/volumes/@v/metadata", `{"metadata": {"k": "v"}}`, 200, `{"metadata":{"k":"v"}}`, ""},
	{"", "GET", "/volumes/@v/metadata/k", "", 200, `{"meta":{"k":"v"}}`, ""},
	{"", "GET", "/volumes/@v/metadata/zz", "", 404, "has no metadata with key zz", ""},
	{"", "PUT", "/volumes/@v/metadata/k", `{"meta": {"k": "w"}}`, 200, `{"meta":{"k":"w"}}`, ""},
	{"", "PUT", "/volumes/@v/metadata/k", `{"meta": {"other": "w"}}`, 400, "URI mismatch", ""},
	{"", "DELETE", "/volumes/@v/metadata/zz", "", 404, "has no metadata with key zz", ""},
	{"", "DELETE", "/volumes/@v/metadata/k", "", 200, "", ""},
	{"", "GET", "/volumes/@v/encryption", "", 200, `"encryption_key_id":null`, ""},
	{"", "GET", "/volumes/" + nowhere + "/encryption", "", 404, "could not be found", ""},

	{"", "DELETE", "/volumes/" + nowhere, "", 404, "could not be found", ""},
	{"", "DELETE", "/volumes/@clone", "", 202, "", ""},
	{"3.23", "DELETE", "/volumes/@old?force=True", "", 202, "", ""},
	{"", "GET", "/volumes?cascade=x", "", 200, `{"volumes":[]}`, ""},
	{"", "DELETE", "/volumes/@v?cascade=True", "", 202, "", ""},
	{"", "GET", "/backups", "", 404, "itemNotFound", ""},
	{"", "PATCH", "/volumes", "", 405, "badMethod", ""},
}

// actionsOfVolumes: what POST /volumes/ID/action does, and refuses.
var actionsOfVolumes = story{
	{"", "POST", "/volumes", `{"volume": {"size": 1, "name": "a"}}`, 202, "", "v"},
	{"", "POST", "/volumes/@v/action", `{}`, 400, "Malformed request body", ""},
	{"", "POST", "/volumes/@v/action", `{"os-zzz": {}}`, 400, "There is no such action: os-zzz", ""},
	{"", "POST", "/volumes/@v/action", `{"os-extend": 2}`, 400, "an object", ""},
	{"", "POST", "/volumes/@v/action", `{"os-extend": {"new_size": 1}}`, 400, "must be greater than current size", ""},
	{"", "POST", "/volumes/@v/action", `{"os-extend": {"new_size": 99999}}`, 413, "overLimit", ""},
	{"", "POST", "/volumes/@v/action", `{"os-extend": {"new_size": "2"}}`, 202, "", ""},
	{"", "POST", "/volumes/@v/action", `{"os-set_bootable": {}}`, 400, "required", ""},
	{"", "POST", "/volumes/@v/action", `{"os-set_bootable": {"bootable": 1}}`, 400, "true or false", ""},
	{"", "POST", "/volumes/@v/action", `{"os-set_bootable": {"bootable": "True"}}`, 200, "", ""},
	{"", "GET", "/volumes/@v", "", 200, `"bootable":"true"`, ""},
	{"", "POST", "/volumes/@v/action", `{"os-update_readonly_flag": {"readonly": "maybe"}}`, 400, "true or false", ""},
	{"", "POST", "/volumes/@v/action", `{"os-update_readonly_flag": {"readonly": true}}`, 202, "", ""},
	{"", "GET", "/volumes/@v", "", 200, `"metadata":{"readonly":"True"}`, ""},
	{"", "GET", "/volumes/@v/metadata", "", 200, `{"metadata":{}}`, ""},
	{"", "POST", "/volumes/@v/action", `{"os-attach": {"mountpoint": "/dev/vdb", "host_name": "h", "mode": "rw"}}`, 400, "for reading only",
		""},
	{"", "POST", "/volumes/@v/action", `{"os-update_readonly_flag": {"readonly": "off"}}`, 202, "", ""},

	{"", "POST", "/volumes/@v/action", `{"os-reset_status": {}}`, 400, "one of", ""},
	{"", "POST", "/volumes/@v/action", `{"os-reset_status": {"status": "in-use"}}`, 400, "available or error", ""},
	{"", "POST", "/volumes/@v/action", `{"os-reset_status": {"attach_status": "detached"}}`, 400, "delete the attachment", ""},
	{"", "POST", "/volumes/@v/action", `{"os-reset_status": {"status": "ERROR"}}`, 202, "", ""},
	{"", "POST", "/volumes/@v/action", `{"os-reserve": null}`, 400, "the status is error", ""},
	{"", "POST", "/volumes/@v/action", `{"os-reset_status": {"status": "available"}}`, 202, "", ""},

	{"", "POST", "/volumes/@v/action", `{"os-set_image_metadata": {}}`, 400, "required", ""},
	{"", "POST", "/volumes/@v/action", `{"os-set_image_metadata": {"metadata": {"hw": "uefi"}}}`, 200, `{"metadata":{"hw":"uefi"}}`, ""},
	{"", "POST", "/volumes/@v/action", `{"os-show_image_metadata": null}`, 200, `{"metadata":{"hw":"uefi"}}`, ""},
	{"", "POST", "/volumes/" + nowhere + "/action", `{"os-show_image_metadata": null}`, 404, "could not be found", ""},
	{"3.4", "GET", "/volumes/detail?glance_metadata={'hw':'uefi'}", "", 200, `"volume_image_metadata":{"hw":"uefi"}`, ""},
	{"", "POST", "/volumes/@v/action", `{"os-unset_image_metadata": {"key": "zz"}}`, 404, "no image metadata", ""},
	{"", "POST", "/volumes/@v/action", `{"os-unset_image_metadata": {"key": "hw"}}`, 200, "", ""},
	{"", "GET", "/volumes/@v", "", 200, "!volume_image_metadata", ""},

	{"", "POST", "/volumes/@v/action", `{"os-volume_upload_image": {}}`, 400, "'image_name' is a required", ""},
	{"", "POST", "/volumes/@v/action", `{"os-volume_upload_image": {"image_name": "i", "disk_format": "qcow2"}}`, 400, "raw and bare", ""},
	{"3.68", "POST", "/volumes/@v/action", `{"os-reimage": {"image_id": "` + nowhere + `"}}`, 404, "could not be found", ""},
	{"", "POST", "/volumes/@v/action", `{"os-retype": {"new_type": "fast"}}`, 400, "there is one", ""},
	{"", "POST", "/volumes/@v/action", `{"os-retype": {"new_type": "__DEFAULT__", "migration_policy": "never"}}`, 400, "already", ""},
	{"", "POST", "/volumes/@v/action", `{"os-migrate_volume": {"host": "x"}}`, 400, "nowhere to migrate", ""},
	{"", "POST", "/volumes/@v/action", `{"os-migrate_volume_completion": {"new_volume": "x"}}`, 400, "no volume migrates", ""},
	{"", "POST", "/volumes/@v/action", `{"os-unmanage": {}}`, 400, "Export its bytes", ""},
	{"", "POST", "/volumes/@v/action", `{"os-update_volume_admin_metadata": {}}`, 400, "follows from", ""},
	{"3.71", "POST", "/volumes/@v/action", `{"os-extend_volume_completion": {"error": false}}`, 400, "waits to be completed", ""},

	{"3.40", "POST", "/volumes/@v/action", `{"revert": {"snapshot_id": "` + nowhere + `"}}`, 404, "could not be found", ""},
	{"", "POST", "/snapshots", `{"snapshot": {"volume_id": "@v"}}`, 202, "", "s"},
	{"3.40", "POST", "/volumes/@v/action", `{"revert": {"snapshot_id": "@s"}}`, 202, "", ""},
	{"3.40", "POST", "/volumes/@v/action", `{"revert": {}}`, 400, "required", ""},
	{"", "POST", "/volumes/@v/action", `{"os-reserve": {}}`, 202, "", ""},
	{"3.40", "POST", "/volumes/@v/action", `{"revert": {"snapshot_id": "@s"}}`, 409, "conflictingRequest", ""},
	{"", "DELETE", "/volumes/@v?cascade=True", "", 400, "is in use", ""},
	{"", "POST", "/volumes/" + nowhere + "/action", `{"os-force_delete": null}`, 404, "could not be found", ""},
	{"", "POST", "/volumes/@v/action", `{"os-unreserve": null}`, 202, "", ""},
	{"", "POST", "/volumes/" + nowhere + "/action", `{"os-unreserve": null}`, 404, "could not be found", ""},
	{"3.1", "POST", "/volumes/@v/action", `{"os-volume_upload_image": {"image_name": "i", "visibility": "public"}}`, 202,
		`"visibility":"public"`, ""},
	{"", "GET", "/volumes/" + nowhere + "/action", "", 405, "badMethod", ""},
}

const (
	connectorA = `{"initiator": "iqn.2026-11.net.example:a", "host": "h", "multipath": true}`
	connectorB = `{"initiator": "iqn.2026-11.net.example:b", "host": "i"}`
)

// hostsByActions: the way of Ironic's cinder storage interface, and the refusals on it.
var hostsByActions = story{
	{"", "POST", "/volumes", `{"volume": {"size": 1, "name": "a"}}`, 202, "", "v"},
	{"", "POST", "/volumes/@v/action", `{"os-reserve": null}`, 202, "", ""},
	{"", "GET", "/volumes/@v", "", 200, `"status":"attaching"`, ""},
	{"3.27", "GET", "/attachments", "", 200, `{"attachments":[]}`, ""},
	{"", "POST", "/volumes/@v/action", `{"os-initialize_connection": {}}`, 400, "required", ""},
	{"", "POST", "/volumes/@v/action", `{"os-initialize_connection": {"connector": {"host": "h"}}}`, 400, "not an iSCSI name", ""},
	{"", "POST", "/volumes/@v/action", `{"os-initialize_connection": {"connector": {"initiator": 1}}}`, 400, "Malformed", ""},
	{"", "POST", "/volumes/@v/action", `{"os-initialize_connection": {"connector": ` + connectorA +
		`}}`, 200, `"target_portals":["192.0.2.1:3260"]`, ""},
	{"", "POST", "/volumes/@v/action", `{"os-initialize_connection": {"connector": ` + connectorB + `}}`, 400, "in use by host h", ""},
	{"", "POST", "/volumes/@v/action", `{"os-begin_detaching": null}`, 400, "Unable to detach", ""},
	{"", "POST", "/volumes/@v/action", `{"os-attach": {"mountpoint": "m"}}`, 400, "one of instance_uuid, host_name", ""},
	{"", "POST", "/volumes/@v/action", `{"os-attach": {"mountpoint": "m", "host_name": "h"}}`, 202, "", ""},
	{"", "GET", "/volumes/@v", "", 200, `"metadata":{"attached_mode":"rw","readonly":"False"}`, ""},
	{"", "GET", "/volumes/detail?attach_status=attached&status=in-use", "", 200, `"host_name":"h"`, ""},
	{"", "POST", "/volumes/@v/action", `{"os-attach": {"mountpoint": "m", "host_name": "other"}}`, 400, "is in use", ""},
	{"", "POST", "/volumes/@v/action", `{"os-update_readonly_flag": {"readonly": true}}`, 400, "is in use", ""},
	{"", "DELETE", "/volumes/@v", "", 400, "is in use", ""},
	{"3.41", "POST", "/volumes/@v/action", `{"os-extend": {"new_size": 2}}`, 400, "must be available to extend", ""},
	{"3.42", "POST", "/volumes/@v/action", `{"os-extend": {"new_size": 2}}`, 202, "", ""},
	{"", "POST", "/snapshots", `{"snapshot": {"volume_id": "@v"}}`, 400, "is in use", ""},
	{"", "POST", "/snapshots", `{"snapshot": {"volume_id": "@v", "force": "yes"}}`, 202, "", "s"},
	{"3.66", "POST", "/snapshots", `{"snapshot": {"volume_id": "@v", "force": false}}`, 400, "leave it out", ""},
	{"3.66", "POST", "/snapshots", `{"snapshot": {"volume_id": "@v"}}`, 202, "", "t"},
	{"", "POST", "/volumes/@v/action", `{"os-begin_detaching": null}`, 202, "", ""},
	{"", "GET", "/volumes/@v", "", 200, `"status":"detaching"`, ""},
	{"", "POST", "/volumes/@v/action", `{"os-roll_detaching": null}`, 202, "", ""},
	{"", "POST", "/volumes/" + nowhere + "/action", `{"os-roll_detaching": null}`, 404, "could not be found", ""},
	{"", "GET", "/volumes/@v", "", 200, `"status":"in-use"`, ""},
	{"", "POST", "/volumes/@v/action", `{"os-terminate_connection": {}}`, 400, "required", ""},
	{"", "POST", "/volumes/@v/action", `{"os-terminate_connection": {"connector": ` + connectorA + `}}`, 202, "", ""},
	{"", "GET", "/volumes/@v", "", 200, `"status":"in-use"`, ""},
	{"", "POST", "/volumes/@v/action", `{"os-detach": {"attachment_id": "` + nowhere + `"}}`, 400, "no attachment", ""},
	{"", "POST", "/volumes/@v/action", `{"os-detach": null}`, 202, "", ""},
	{"", "GET", "/volumes/@v", "", 200, `"metadata":{"readonly":"False"}`, ""},
	{"", "POST", "/volumes/@v/action", `{"os-initialize_connection": {"connector": ` + connectorA + `}}`, 200, `"auth_method":"CHAP"`, ""},
	{"", "DELETE", "/volumes/@v?cascade=True", "", 400, "is in use by host h", ""},
	{"", "POST", "/volumes/@v/action", `{"os-force_detach": {"attachment_id": 1}}`, 400, "a UUID", ""},
	{"", "POST", "/volumes/@v/action", `{"os-force_detach": {"connector": null}}`, 202, "", ""},
	{"", "GET", "/volumes/@v", "", 200, `"status":"available"`, ""},
	{"", "POST", "/volumes/@v/action", `{"os-reserve": {}}`, 202, "", ""},
	{"3.23", "DELETE", "/volumes/@v?cascade=True", "", 400, "is in use", ""},
	{"", "POST", "/volumes/@v/action", `{"os-force_delete": {}}`, 202, "", ""},
}

// attachmentsAPI: the API of attachments.
var attachmentsAPI = story{
	{"", "POST", "/volumes", `{"volume": {"size": 1, "name": "a"}}`, 202, "", "v"},
	{"3.27", "GET", "/attachments/" + nowhere, "", 404, "could not be found with filter", ""},
	{"3.27", "PUT", "/attachments/" + nowhere, `{"attachment": {"connector": ` + connectorA + `}}`, 404, "could not be found with filter", ""},
	{"3.27", "DELETE", "/attachments/" + nowhere, "", 404, "could not be found with filter", ""},
	{"3.27", "POST", "/attachments", `{"attachment": {"volume_uuid": "@v", "connector": {"initiator": "no"}}}`, 400, "not an iSCSI name", ""},
	{"3.27", "POST", "/attachments", `{"attachment": {"volume_uuid": "@v", "connector": {"initiator": "iqn.a:b", "mode": "x"}}}`, 400,
		"must be rw or ro", ""},
	{"3.27", "POST", "/attachments", `{"attachment": {"volume_uuid": "@v", "instance_uuid": "zz"}}`, 400, "a UUID", ""},
	{"3.27", "POST", "/attachments", `{"attachment": {"volume_uuid": "@v", "instance_uuid": "` + nowhere +
		`"}}`, 200, `"connection_info":{}`, "a"},
	{"", "GET", "/volumes/@v", "", 200, `"status":"reserved"`, ""},
	{"", "GET", "/volumes/@v", "", 200, `"attachments":[]`, ""},
	{"", "POST", "/volumes/@v/action", `{"os-unreserve": null}`, 202, "", ""},
	{"", "GET", "/volumes/@v", "", 200, `"status":"reserved"`, ""},
	{"3.27", "PUT", "/attachments/@a", `{"attachment": {"connector": {}}}`, 400, "not an iSCSI name", ""},
	{"3.27", "PUT", "/attachments/@a", `{"attachment": {"connector": ` + connectorA + `}}`, 200, `"target_portal":"192.0.2.1:3260"`, ""},
	{"", "GET", "/volumes/@v", "", 200, `"status":"attaching"`, ""},
	{"3.27", "GET", "/attachments/@a", "", 200, `"auth_password":"******"`, ""},
	{"3.27", "GET", "/attachments/detail?volume_id=@v", "", 200, `"auth_password":"******"`, ""},
	{"3.27", "GET", "/attachments?attach_status=attaching", "", 200, "@a", ""},
	{"3.27", "GET", "/attachments?instance_id=" + nowhere, "", 200, "@a", ""},
	{"3.31", "GET", "/attachments?zz=1", "", 400, "Invalid filters", ""},
	{"3.31", "GET", "/attachments/detail?limit=x", "", 400, "must be an integer", ""},
	{"3.44", "POST", "/attachments/@a/action", `{"os-zzz": null}`, 400, "no such action", ""},
	{"3.44", "POST", "/attachments/" + nowhere + "/action", `{"os-complete": null}`, 404, "could not be found", ""},
	{"3.44", "POST", "/attachments/@a/action", `{"os-complete": null}`, 204, "", ""},
	{"", "GET", "/volumes/@v", "", 200, `"device":"na"`, ""},
	{"3.40", "POST", "/volumes/@v/action", `{"revert": {"snapshot_id": "` + nowhere + `"}}`, 404, "could not be found", ""},
	{"3.27", "DELETE", "/attachments/@a", "", 200, `{"attachments":[]}`, ""},
	{"3.54", "POST", "/attachments", `{"attachment": {"volume_uuid": "@v", "mode": "ro"}}`, 200, `"attach_mode":"ro"`, "b"},
	{"3.54", "POST", "/attachments", `{"attachment": {"volume_uuid": "@v", "mode": "ro"}}`, 200, "", "c"},
	{"3.54", "DELETE", "/attachments/@b", "", 200, `[{"id":"@c"`, ""},
}

// snapshotsAPI: snapshots and their metadata.
var snapshotsAPI = story{
	{"", "POST", "/volumes", `{"volume": {"size": 1, "name": "a"}}`, 202, "", "v"},
	{"", "POST", "/snapshots", `{"snapshot": {}}`, 400, "'volume_id' is a required", ""},
	{"", "POST", "/snapshots", `{"snapshot": {"volume_id": "` + nowhere + `"}}`, 404, "could not be found", ""},
	{"", "POST", "/snapshots", `{"snapshot": {"volume_id": "@v", "force": null}}`, 400, "true or false", ""},
	{"", "POST", "/snapshots", `{"snapshot": {"volume_id": "@v", "zz": 1}}`, 400, "unexpected", ""},
	{"", "POST", "/snapshots", `{"snapshot": {"volume_id": "@v", "display_name": "s", "display_description": "d"}}`, 202,
		`"status":"creating"`, "s"},
	{"", "GET", "/snapshots/@s", "", 200, `"name":"s"`, ""},
	{"", "GET", "/snapshots/@s", "", 200, `"description":"d"`, ""},
	{"", "GET", "/snapshots/" + nowhere, "", 404, "Snapshot " + nowhere + " could not be found", ""},
	{"", "GET", "/snapshots?name=s&volume_id=@v&status=available", "", 200, "!os-extended-snapshot-attributes:progress", ""},
	{"", "GET", "/snapshots/detail?metadata={}", "", 200, `"os-extended-snapshot-attributes:progress":"100%"`, ""},
	{"", "GET", "/snapshots?marker=" + nowhere, "", 404, "Snapshot", ""},
	{"", "GET", "/snapshots/detail?sort=zz", "", 400, "Invalid sort key", ""},
	{"", "PUT", "/snapshots/@s", `{"snapshot": {}}`, 400, "one of", ""},
	{"", "PUT", "/snapshots/@s", `{"snapshot": {"display_name": "t"}}`, 200, `"name":"t"`, ""},
	{"", "PUT", "/snapshots/" + nowhere, `{"snapshot": {"name": "t"}}`, 404, "could not be found", ""},
	{"", "GET", "/snapshots/@s/metadata", "", 200, `{"metadata":{}}`, ""},
	{"", "GET", "/snapshots/" + nowhere + "/metadata", "", 404, "could not be found", ""},
	{"", "POST", "/snapshots/@s/metadata", `{"metadata": {"a": "b"}}`, 200, `{"metadata":{"a":"b"}}`, ""},
	{"", "POST", "/snapshots/@s/metadata", `{}`, 400, "required", ""},
	{"", "PUT", "/snapshots/@s/metadata", `{"metadata": {"c": "d"}}`, 200, `{"metadata":{"c":"d"}}`, ""},
	{"", "PUT", "/snapshots/@s/metadata", `{"metadata": []}`, 400, "object", ""},
	{"", "GET", "/snapshots/@s/metadata/c", "", 200, `{"meta":{"c":"d"}}`, ""},
	{"", "GET", "/snapshots/@s/metadata/zz", "", 404, "Snapshot @s has no metadata with key zz", ""},
	{"", "PUT", "/snapshots/@s/metadata/c", `{"meta": {"c": "e"}}`, 200, `{"meta":{"c":"e"}}`, ""},
	{"", "PUT", "/snapshots/@s/metadata/c", `{"meta": {"c": "e", "f": "g"}}`, 400, "URI mismatch", ""},
	{"", "DELETE", "/snapshots/@s/metadata/c", "", 200, "", ""},
	{"", "DELETE", "/snapshots/@s/metadata/c", "", 404, "has no metadata", ""},
	{"", "POST", "/snapshots/@s/action", `{"os-reset_status": {"status": "deleting"}}`, 400, "available or error", ""},
	{"", "POST", "/snapshots/@s/action", `{"os-reset_status": {"status": "error"}}`, 202, "", ""},
	{"", "GET", "/snapshots/@s", "", 200, `"status":"error"`, ""},
	{"", "POST", "/volumes", `{"volume": {"snapshot_id": "@s"}}`, 400, "Originating snapshot", ""},
	{"", "POST", "/snapshots/@s/action", `{"os-update_snapshot_status": {"status": "available"}}`, 400, "must be one of [creating]", ""},
	{"", "POST", "/snapshots/@s/action", `{"os-update_snapshot_status": {"status": "deleting"}}`, 400, "available or error", ""},
	{"", "POST", "/snapshots/@s/action", `{"os-reset_status": {"status": "creating"}}`, 202, "", ""},
	{"", "POST", "/snapshots/@s/action", `{"os-update_snapshot_status": {"status": "error", "progress": "100%"}}`, 202, "", ""},
	{"", "DELETE", "/volumes/@v", "", 400, "Invalid volume", ""},
	{"", "DELETE", "/snapshots/" + nowhere, "", 404, "could not be found", ""},
	{"", "POST", "/snapshots/" + nowhere + "/action", `{"os-force_delete": null}`, 404, "could not be found", ""},
	{"", "DELETE", "/snapshots/@s", "", 202, "", ""},
	{"", "POST", "/snapshots", `{"snapshot": {"volume_id": "@v"}}`, 202, `"name":null`, "u"},
	{"", "POST", "/snapshots/@u/action", `{"os-force_delete": null}`, 202, "", ""},
	{"", "GET", "/snapshots", "", 200, `{"snapshots":[]}`, ""},
}

// whatThereIsOneOf: types, limits and the like.
var whatThereIsOneOf = story{
	{"", "GET", "/types", "", 200, `"name":"__DEFAULT__"`, ""},
	{"", "GET", "/types?is_public=false", "", 200, `{"volume_types":[]}`, ""},
	{"", "GET", "/types?a=1&a=2", "", 400, "more than once", ""},
	{"", "GET", "/types/default", "", 200, "!os-volume-type-access:is_public", ""},
	{"", "GET", "/types/" + typeID, "", 200, `"os-volume-type-access:is_public":true`, ""},
	{"", "GET", "/types/zz", "", 404, "could not be found", ""},
	{"", "GET", "/types/" + typeID + "/extra_specs", "", 200, `{"extra_specs":{}}`, ""},
	{"", "GET", "/types/zz/extra_specs", "", 404, "could not be found", ""},
	{"3.62", "GET", "/default-types", "", 200, `{"default_types":[]}`, ""},
	{"", "GET", "/limits", "", 200, `"totalVolumesUsed":0`, ""},
	{"", "GET", "/limits", "", 200, "!-1", ""},
	{"", "GET", "/os-quota-sets/p", "", 200, `"volumes":10000`, ""},
	{"", "GET", "/os-quota-sets/p?usage=true", "", 200, `"volumes":{"in_use":0,"limit":10000,"reserved":0}`, ""},
	{"", "GET", "/os-quota-sets/p?usage=True", "", 200, `"in_use":0`, ""},
	{"", "GET", "/os-quota-sets/p?usage=False", "", 200, "!in_use", ""},
	{"", "GET", "/os-quota-sets/p/defaults", "", 200, `"gigabytes":163840000`, ""},
	{"", "GET", "/os-services", "", 200, `"binary":"cinder-volume"`, ""},
	{"", "GET", "/os-services?binary=cinder-backup", "", 200, `{"services":[]}`, ""},
	{"", "GET", "/os-hosts", "", 200, `"host_name":"here@ironhook"`, ""},
	{"", "GET", "/capabilities/here@ironhook", "", 200, `"storage_protocol":"iSCSI"`, ""},
	{"", "GET", "/capabilities/there", "", 404, "could not be found", ""},
	{"", "GET", "/os-availability-zone", "", 200, `"zoneName":"nova"`, ""},
	{"", "GET", "/scheduler-stats/get_pools", "", 200, "!capabilities", ""},
	{"", "GET", "/scheduler-stats/get_pools?detail=true", "", 200, `"free_capacity_gb"`, ""},
	{"3.33", "GET", "/resource_filters?resource=snapshot", "", 200, `"resource":"snapshot"`, ""},
	{"", "GET", "/extensions", "", 200, `"alias":"os-volume-actions"`, ""},
	{"", "GET", "/extensions/os-hosts", "", 200, `"alias":"os-hosts"`, ""},
	{"", "GET", "/extensions/os-zzz", "", 404, "itemNotFound", ""},
}

// neverRefused are routes that can refuse nothing but a broken query or a failing disk.
var neverRefused = map[string]bool{
	"GET /default-types": true, "GET /limits": true, "GET /os-quota-sets/{id}": true, "GET /os-quota-sets/{id}/defaults": true,
	"GET /os-services": true,
	"GET /os-hosts":    true, "GET /os-availability-zone": true, "GET /scheduler-stats/get_pools": true, "GET /resource_filters": true,
	"GET /extensions": true,
	"GET /volumes":    true, "GET /volumes/detail": true, // lists_test.go has their refusals
	"volumes os-show_image_metadata": true,
}

// neverDone are actions that refuse whatever they are asked, or that need an image.
var neverDone = map[string]bool{
	"volumes os-retype": true, "volumes os-migrate_volume": true, "volumes os-migrate_volume_completion": true, "volumes os-unmanage": true,
	"volumes os-update_volume_admin_metadata": true, "volumes os-extend_volume_completion": true, "volumes os-reimage": true,
}

// TestStories plays them, and demands of every route and action that it succeeded and
// refused in one of them.
func TestStories(t *testing.T) {
	seen := newSeen()
	for name, s := range map[string]story{
		"volumes": volumesAndMetadata, "actions": actionsOfVolumes, "hosts": hostsByActions, "attachments": attachmentsAPI,
		"snapshots": snapshotsAPI, "others": whatThereIsOneOf,
	} {
		t.Run(name, func(t *testing.T) { s.play(t, newLab(t), seen) })
	}
	var all []string
	for _, r := range routes {
		all = append(all, r.method+" "+r.path)
	}
	for thing, actions := range map[string]map[string]action{"volumes": volumeActions, "snapshots": snapshotActions,
		"attachments": attachmentActions} {
		for name := range actions {
			all = append(all, thing+" "+name)
		}
	}
	for _, one := range all {
		if !seen.done[one] && !neverDone[one] {
			t.Errorf("%s succeeds in no story", one)
		}
		if !seen.refused[one] && !neverRefused[one] {
			t.Errorf("%s refuses nothing in any story", one)
		}
	}
}

// TestForceIsTold: what force takes from a host stands in an event.
func TestForceIsTold(t *testing.T) {
	for _, x := range []struct{ method, path, body string }{
		{"POST", "/action", `{"os-force_delete": {}}`}, {"DELETE", "?force=true", ""},
	} {
		l := newLab(t)
		v := "/v3/p/volumes/" + l.made(t, "", "/v3/p/volumes", `{"volume": {"size": 1, "name": "a"}}`)
		if status, text := l.do(t, "", "POST", v+"/action", `{"os-initialize_connection": {"connector": `+connectorA+`}}`); status != 200 {
			t.Fatal(text)
		}
		if status, text := l.do(t, "3.23", x.method, v+x.path, x.body); status != 202 {
			t.Errorf("%s %s = %d %s", x.method, x.path, status, text)
		}
		var events []*baremetal.Event
		err := l.store.View(t.Context(), func(tx *store.Tx) (err error) {
			events, err = tx.Events(store.EventQuery{})
			return err
		})
		if err != nil || len(events) != 1 || !strings.Contains(events[0].Detail, "is deleted by force, though it is in use by host h") {
			t.Errorf("events = %v, %v; want one that says what force broke", events, err)
		}
	}
}
