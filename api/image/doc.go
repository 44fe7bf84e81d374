// Package image speaks OpenStack's Image API, version 2.9, as far as it manages the
// golden images that volumes are made from: create, upload, stage, import, list, show,
// update by JSON patch, tags, activation, download, delete.
// `openstack image ...` and other clients of Glance work as they are.
//
// An image is what was sent: its format, size and checksums are those of the file, and a
// download gives the file. Its disk, which machines read, is kept raw.
//
// Differences from Glance, all of which follow from what an image is here:
//
//   - There are no projects: members are none, and visibility is noted and not acted on.
//   - An image whose upload or import failed is "killed", with the reason in
//     ironhook_message. While data arrives, ironhook_progress is the progress.
//
// A handler returns an answer and sees the http.ResponseWriter only where data streams
// (data.go). Errors look like Glance's: a page of HTML that clients take the text from.
// The work is done in package pool.
package image
