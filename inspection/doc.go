// Package inspection decides what the rules of inspection make of what a ramdisk has found on
// a machine, as Ironic does (ironic/common/inspection_rules). It is pure: a rule changes the
// [Subject] that it is given, and the caller stores that.
package inspection
