// Package conductor carries out the verbs of the Bare Metal API: power,
// provision, boot device, validate.
//
// A verb is accepted in one transaction, which checks the state table, takes the
// node's reservation, writes the new state and tells of it in the event log. The
// caller can answer 202 as soon as that has committed. A task then does the work
// as a plan of named steps; each step is safe to repeat, its name is saved before
// it runs, and when one fails those before it are undone in reverse and the node
// says why in last_error.
//
// Nothing is remembered outside the store. After a crash [Conductor.Recover]
// finds the nodes that were being worked on, releases them and fails their work
// the way Ironic does, so that the operator can ask again.
//
// The conductor knows no driver and no disk. It is given both as small
// interfaces, [Power] and [Storage], by name.
package conductor
