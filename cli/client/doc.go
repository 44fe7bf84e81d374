// Package client is the commands that talk to an appliance: whatever follows the
// word "openstack" in the guides of OpenStack's bare metal service works after
// "ironhook", with the same options, and prints the same.
//
// A command is a row of a table (nodes.go, resources.go, images.go, volumes.go):
// the words that are typed, the options it takes, and what it does. One engine
// (command.go, option.go) makes the command line out of the rows, so that help and
// shell completion come for free; a [resource] even yields its create, list,
// show, set, unset and delete. All requests go through server.go, and all output
// through format.go.
//
// An appliance is reached over HTTP, or on its own machine through a Unix socket
// that needs no password. "--wait" waits for facts: it holds a request for the
// appliance's events and reads the node again only after an event of it.
package client
