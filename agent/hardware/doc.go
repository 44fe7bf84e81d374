// Package hardware tells what a machine has, from Linux's sysfs and procfs, in the words of the
// inventory of Ironic's agent (ironic-python-agent, hardware.py). It reads files only, of any
// fs.FS whose root has proc and sys: a table of recorded machines tests it.
package hardware
