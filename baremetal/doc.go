// Package baremetal holds the nouns and the rules of Ironhook, in the words of
// OpenStack Ironic: nodes and their ports, volume connectors and volume
// targets, the provision states and the table of moves between them, and the
// kinds of error that the rest of the house hands around.
//
// It is pure: no I/O, no goroutine, no clock, nothing but the standard library.
// Every other package speaks in these types, and none of them is spoken of here.
package baremetal
