package conductor

import (
	"maps"
	"slices"

	"ironhook/baremetal"
)

// HardwareType is a row of the table of hardware types: all that Ironhook knows about a
// driver. The API's lists and properties, the defaults and the validation of a node's
// interfaces, and the secret keys of driver_info come from it.
type HardwareType struct {
	Name string
	// Interfaces are the implementations that a node may use, by kind of interface:
	// {"power": {"ipmitool"}, ...}. The first of each is the default. A kind that a row
	// leaves out has those of generic.
	Interfaces map[string][]string
	// Power serves the power and management interfaces, and those of seamsofmanagement.go and
	// console.go, by the name of the implementation.
	Power map[string]Power
}

// generic are the interfaces of a hardware type that has only its own power and management,
// as in Ironic's ironic/drivers/generic.py.
var generic = map[string][]string{
	"bios": {"no-bios"}, "boot": {"ipxe", "pxe", "http-ipxe"}, "console": {"no-console"}, "deploy": {"direct", "ramdisk"},
	"firmware": {"no-firmware"},
	"inspect":  {"no-inspect", baremetal.InspectAgent}, "management": {"noop"}, "network": {"noop"}, "raid": {"no-raid"},
	"rescue": {"no-rescue", "agent"}, "vendor": {"no-vendor"},
}

// Enable returns the rows of the table with the given names, completed with the generic and
// the given storage interfaces. An unknown name is ErrInvalid and lists the known ones.
func Enable(table []HardwareType, names, storage []string) ([]HardwareType, error) {
	var enabled []HardwareType
	for _, name := range names {
		i := slices.IndexFunc(table, func(h HardwareType) bool { return h.Name == name })
		if i < 0 {
			var known []string
			for _, h := range table {
				known = append(known, h.Name)
			}
			return nil, baremetal.Errorf(baremetal.ErrInvalid, "no hardware type %q; there are %v", name, known)
		}
		h := table[i]
		h.Interfaces = maps.Clone(generic)
		maps.Copy(h.Interfaces, table[i].Interfaces)
		h.Interfaces["storage"] = storage
		enabled = append(enabled, h)
	}
	return enabled, nil
}

// Default returns the implementation a new node gets for kind, "" for none.
func (h HardwareType) Default(kind string) string {
	if names := h.Interfaces[kind]; len(names) > 0 {
		return names[0]
	}
	return ""
}

// Keys returns the keys of driver_info that nodes of this type may have, by name.
func (h HardwareType) Keys() map[string]baremetal.Key {
	keys := map[string]baremetal.Key{}
	for _, k := range baremetal.DriverKeys[h.Name] {
		keys[k.Name] = k
	}
	for _, kind := range []string{"power", "management"} {
		for _, name := range h.Interfaces[kind] {
			if p, ok := h.Power[name]; ok {
				for _, k := range p.Keys() {
					keys[k.Name] = k
				}
			}
		}
	}
	return keys
}

// Properties returns the descriptions of Keys, as GET /v1/drivers/{name}/properties
// shows them.
func (h HardwareType) Properties() map[string]string {
	docs := map[string]string{}
	for name, key := range h.Keys() {
		docs[name] = key.Doc
	}
	return docs
}

// powersOf returns the implementations of power and management of all types, by name.
func powersOf(types []HardwareType) map[string]Power {
	all := map[string]Power{}
	for _, h := range types {
		maps.Copy(all, h.Power)
	}
	return all
}
