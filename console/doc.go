// Package console keeps the serial consoles of machines: it holds the line to each machine whose
// console is enabled, writes what the machine says to a file of limited size, and lets many read
// and one type.
//
// # Positions
//
// What a machine writes is a stream of bytes that are counted from the first that was kept. A reader
// goes on from its own position, so that a slow one neither holds the line up nor misses anything
// that is still kept.
//
// # Secrets
//
// What is typed is passed on and kept nowhere. What a machine echoes it has written, and is kept:
// systems do not echo passwords. The files are readable by the appliance's user only, and are in no
// event and no log.
package console
