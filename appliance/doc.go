// Package appliance is the whole program without its command line: it opens what serves,
// introduces the packages to one another, runs them as a group and closes them.
//
// [Run] goes through four phases, in this order:
//
//   - open: the data directory, the sockets, the certificate, the accounts. Only this
//     phase depends on the machine, so that a mistake leaves nothing half started.
//   - introduce: every package gets what it needs of the others. Nothing fails here.
//   - serve: resume what the last end cut short, then run until one task ends.
//   - close: everything that was opened, in reverse.
//
// A setting that stands in the way is a [*Fault]. It names the field of [Config]; which
// option set that field is the business of the command line.
package appliance
