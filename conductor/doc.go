// Package conductor carries out the verbs of the Bare Metal API: power,
// provision, boot device, validate.
//
// A verb is accepted in one transaction, which checks the state table, reserves the node,
// writes the new state and appends the event. The caller can answer 202 as soon as it has
// committed. A task then does the work as a plan of named steps; each step is safe to
// repeat, its name is saved before it runs, and when one fails, the steps before it are
// undone in reverse and last_error has the reason.
//
// All state is in the store. After a crash [Conductor.Recover] finds the reserved nodes,
// releases them and fails their work as Ironic does, so that the operator can try again.
//
// The conductor knows no driver and no disk. Both are small interfaces, [Power] and
// [Storage], that it finds by name.
package conductor
