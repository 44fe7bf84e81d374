// Package ipxe writes what a machine runs before it has an operating system:
// iPXE's boot scripts, and iPXE itself.
//
// A boot script is a few lines of text that contain values from outside: an IQN
// from a storage array, a secret from an API call, the name of a machine. iPXE
// has no quoting. It joins a line that ends in a backslash with the next, splits
// each line at white space, interprets the words "||", "&&" and ";", drops everything
// after a "#", and expands ${setting} in what is left, again and
// again until nothing expands (src/image/script.c, src/core/exec.c and
// expand_settings in iPXE's source). So a value is never pasted into a script
// here. It passes a check on its way in, and a value that iPXE's grammar cannot
// express is an error that names the volume target and the field, never its
// content, which may be a secret. Text for a person is different: a
// character that cannot be shown becomes "?".
//
// [BootVolumes] makes the script that attaches a node's volumes and boots the
// first; [Notice] shows the person at the screen why there is nothing to boot;
// [Autoexec] and [Dispatcher] lead a machine to its script. A [Script] is a
// plain value, made without I/O.
//
// [Arch] is the other half: which iPXE binary suits the firmware that asks.
// The binaries come from a Debian package at build time (bin/README.md) and are
// embedded; [Embedded] is them, [Binaries] puts a folder of one's own in front.
package ipxe
