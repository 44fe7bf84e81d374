// Package fleet holds the rules of the records: nodes, ports, portgroups, chassis, volume
// connectors and targets, allocations, deploy templates, and the reports of a ramdisk. They
// are Ironic's rules, in Ironic's order and words.
//
// An exported method opens its transaction, checks, writes and appends its event. The
// unexported half takes the transaction. A refusal is an error of one of the kinds in
// package baremetal; fleet knows neither HTTP nor microversions. Differences between
// microversions are passed as [Rules].
package fleet
