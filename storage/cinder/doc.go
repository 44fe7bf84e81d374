// Package cinder is a client of OpenStack's Block Storage API v3, as far as a machine needs it
// that boots from a volume of Cinder: attach a volume to a node, detach it, and leave a note
// about that in the metadata of the volume.
//
// A volume is attached in one of two ways. The older one, which Ironic takes, is actions of
// the volume: os-reserve, os-initialize_connection, os-attach. The newer one, since
// microversion 3.27, is attachments, records of their own. The client takes attachments where
// Cinder has them, without an instance_uuid: Cinder asks Nova about every attachment that
// has one before it ends it, and a Cinder that serves machines alone has no Nova.
//
// Every operation is safe to repeat. Before a volume is reserved a note says which node is about
// to take it, so that what a crash leaves behind is found and taken up again.
package cinder
