// Package boot decides what a machine boots from. It is pure: its callers read the
// facts, each from the store at the moment it must know, and all of them get the same
// [Plan], or the same [Refusal] with its remedy. The conductor asks before it deploys
// and switches on, the storage interfaces when they validate, and the boot server for
// the script.
package boot
