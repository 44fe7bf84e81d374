package bootsrv

import (
	"fmt"
	"net/netip"
	"strings"

	"ironhook/bootsrv/dhcp"
)

// Fault is a setting of [Config] with which the boot servers cannot be opened. The caller,
// which knows how it was set, words the remedy.
type Fault struct {
	Field string // of Config: "HTTP", "Interfaces", ...
	Value string // the part of it that is wrong, "" for all
	Err   error
}

// Error names the field, its value and the cause.
func (f *Fault) Error() string {
	if f.Value == "" {
		return f.Field + ": " + f.Err.Error()
	}
	return f.Field + " " + f.Value + ": " + f.Err.Error()
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Err }

// RangeError is an address range that is outside the subnets of all boot interfaces.
type RangeError struct {
	Range   dhcp.Range // empty if none is set, and one must be
	Subnets []Subnet   // of the boot interfaces
}

// Subnet is the network of a boot interface.
type Subnet struct {
	Prefix    netip.Prefix
	Interface string
}

// String names the subnet and its interface.
func (s Subnet) String() string { return fmt.Sprintf("%s on %s", s.Prefix, s.Interface) }

// Error describes the fault of the range and lists the subnets.
func (e *RangeError) Error() string {
	if e.Range.Empty() {
		return "no range of addresses to give to machines is set (out of " + e.List() + ")"
	}
	return "it does not lie in the subnet of a boot interface (" + e.List() + ")"
}

// List returns the subnets in words.
func (e *RangeError) List() string {
	var all []string
	for _, s := range e.Subnets {
		all = append(all, s.String())
	}
	return strings.Join(all, ", ")
}
