// Package disk does to a machine's disks what the agent is told: it chooses the one for the
// system by the hints of Ironic, writes an image to it, adds a config drive, and erases.
package disk
