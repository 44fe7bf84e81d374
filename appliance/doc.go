// Package appliance is the whole program without its command line: it opens what serves,
// introduces the packages to one another, runs them as a group and closes them.
//
// [Run] goes through four phases, in this order:
//
//   - open: the data directory, the sockets, the certificate, the accounts. Only this
//     phase depends on the machine, so that a mistake leaves nothing half started.
//   - introduce: every package is connected to the others. Nothing fails here.
//   - serve: resume the work that the last exit interrupted, then run until one task ends.
//   - close: everything that was opened, in reverse.
//
// A setting that prevents the start is a [*Fault]. It names the field of [Config]; the
// command line knows which option set that field.
package appliance
