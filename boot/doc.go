// Package boot decides what a machine boots from, and what its events say about its
// boots. It is pure: its callers read the facts, each from the store at the moment it
// must know, and all of them get the same answer.
//
// [Decide] makes a [Plan]: a [Method] and what it boots, or a [Refusal] with its remedy.
// The conductor asks before it deploys and switches on, the storage interfaces when they
// validate, and the boot server for the script.
//
// [NewHistory] cuts the events of a machine into boots. The pages ask how a boot stands
// ([History.Status]), and the storage interfaces which event a session with a disk adds
// to the present boot ([History.Next]).
package boot
