package conductor

import (
	"slices"

	"ironhook/baremetal"
)

// HardwareType says which implementations a node of this driver may use for each
// kind of interface. The first of each is the default.
type HardwareType struct {
	Name       string
	Interfaces map[string][]string // by kind: {"power": {"ipmitool", "fake"}, ...}
}

// Default returns the implementation a new node gets for kind, "" for none.
func (h HardwareType) Default(kind string) string {
	if names := h.Interfaces[kind]; len(names) > 0 {
		return names[0]
	}
	return ""
}

// knownTypes is every hardware type Ironhook can serve, after Ironic's
// ironic/drivers/{generic,ipmi,fake_hardware}.py.
var knownTypes = []HardwareType{
	{Name: "fake-hardware", Interfaces: map[string][]string{
		"bios": {"fake", "no-bios"}, "boot": {"fake", "ipxe", "pxe"}, "console": {"fake", "no-console"},
		"deploy": {"fake", "direct", "ramdisk"}, "inspect": {"fake", "no-inspect"}, "management": {"fake"},
		"network": {"noop"}, "power": {"fake"}, "raid": {"fake", "no-raid", "agent"}, "rescue": {"fake", "no-rescue"},
		"storage": nil, "vendor": {"fake", "no-vendor"},
	}},
	{Name: "ipmi", Interfaces: map[string][]string{
		"bios": {"no-bios"}, "boot": {"ipxe", "pxe"}, "console": {"no-console"},
		"deploy": {"direct", "ramdisk"}, "inspect": {"no-inspect"}, "management": {"ipmitool", "noop"},
		"network": {"noop"}, "power": {"ipmitool"}, "raid": {"no-raid", "agent"}, "rescue": {"no-rescue"},
		"storage": nil, "vendor": {"ipmitool", "no-vendor"},
	}},
	{Name: "manual-management", Interfaces: map[string][]string{
		"bios": {"no-bios"}, "boot": {"ipxe", "pxe"}, "console": {"no-console"},
		"deploy": {"direct", "ramdisk"}, "inspect": {"no-inspect"}, "management": {"noop"},
		"network": {"noop"}, "power": {"fake"}, "raid": {"no-raid"}, "rescue": {"no-rescue"},
		"storage": nil, "vendor": {"no-vendor"},
	}},
}

// HardwareTypes returns the known types of these names, each with the given
// storage interfaces, the first of which is the default. An unknown name is
// ErrInvalid and lists the known ones.
func HardwareTypes(names, storage []string) ([]HardwareType, error) {
	var types []HardwareType
	for _, name := range names {
		i := slices.IndexFunc(knownTypes, func(h HardwareType) bool { return h.Name == name })
		if i < 0 {
			var known []string
			for _, h := range knownTypes {
				known = append(known, h.Name)
			}
			return nil, baremetal.Errorf(baremetal.ErrInvalid, "no hardware type %q; there are %v", name, known)
		}
		h := HardwareType{Name: name, Interfaces: map[string][]string{}}
		for kind, impls := range knownTypes[i].Interfaces {
			h.Interfaces[kind] = impls
		}
		h.Interfaces["storage"] = storage
		types = append(types, h)
	}
	return types, nil
}
