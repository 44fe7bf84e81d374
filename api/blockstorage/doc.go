// Package blockstorage speaks as much of OpenStack's Block Storage API, version 3 up
// to microversion 3.71, as manages volumes, snapshots and attachments, so that
// `openstack volume ...` and other clients of Cinder work as they are:
//
//	volumes      empty, from an image, a snapshot or another volume; in use or not
//	snapshots    of a volume, and back to one of them (revert)
//	os-reimage   back to the golden image, which takes milliseconds
//	os-volume_upload_image  a new golden image of a volume
//	attachments, os-initialize_connection  iSCSI for hosts that are no nodes of ours
//
// Nodes get their volumes by way of volume targets and power, not from here; their
// attachments are shown and cannot be ended here.
//
// There are no projects: every {project} in a path sees the same. There is one volume
// type and one availability zone, for clients that ask. Backups, groups, transfers,
// encryption, QoS and migration have no counterpart, and their paths are 404.
//
// Like the rest of the house the package is tables: routes in routes.go, actions in
// actions.go, bodies in schemas.go, attributes of replies in volumeview.go and
// snapshots.go, filters and sort keys of lists beside them. What a microversion brought is
// a column of each. A handler returns a status and a body and never sees the
// http.ResponseWriter; [API.fail] makes Cinder's envelope of an error:
// {"badRequest": {"code": 400, "message": "..."}}. The work is done in package pool.
//
// testdata/golden has exchanges with a real Cinder 29, which a test replays.
package blockstorage
