package baremetal

import "io"

// Terminal is the open serial console of a machine: Read returns what the machine writes, Write types.
// Read, Write and Close may be called at once, each by one goroutine. The error of Read is io.EOF after
// Close, else says in words what ended the console.
type Terminal interface {
	io.ReadWriteCloser
	// Break holds the serial line low for a moment, which some systems take for a signal.
	Break() error
}
