// Package baremetal holds the nouns and the rules of Ironhook, in the words of
// OpenStack Ironic: nodes and their ports, volume connectors and volume
// targets, the provision states and the table of moves between them, and the
// kinds of error that all other packages use.
//
// It is pure: no I/O, no goroutine, no clock, nothing but the standard library.
// Every other package uses these types, and this one imports none of them.
package baremetal
