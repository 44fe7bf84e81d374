package web

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"ironhook/baremetal"
)

// groups are the facts of a machine's page: what it is, its cards, and its way
// to its volumes.
func groups(m *machine, connectors []*baremetal.VolumeConnector, targets []*baremetal.VolumeTarget) []group {
	n := m.node
	all := []group{{"Node", filled(
		fact{"UUID", n.UUID}, fact{"Name", n.Name}, fact{"Driver", n.Driver}, fact{"Description", n.Description},
		fact{"Resource class", n.ResourceClass}, fact{"Instance", n.InstanceUUID}, fact{"Instance name", n.InstanceName},
		fact{"Owner", n.Owner}, fact{"Part of", n.ParentNode}, fact{"Health", n.Health}, fact{"Power off", staysOn(n)},
		fact{"Conductor", n.Conductor}, fact{"Reserved by", n.Reservation}, fact{"Fault", n.Fault},
		fact{"Maintenance", n.MaintenanceReason}, fact{"Last error", n.LastError},
	)}}
	for _, p := range m.ports {
		all = append(all, group{"Port " + p.Address, portFacts(m, p)})
	}
	for _, c := range connectors {
		all = append(all, group{"Volume connector", filled(fact{c.Type, c.ConnectorID}, fact{"UUID", c.UUID})})
	}
	for _, t := range targets {
		head := filled(fact{"Volume", t.VolumeID}, fact{"Type", t.VolumeType}, fact{"UUID", t.UUID})
		all = append(all, group{"Volume target " + strconv.FormatInt(t.BootIndex, 10), append(head, guarded(t.Properties)...)})
	}
	for _, g := range []group{
		{"Driver", guarded(n.DriverInfo)}, {"Properties", facts(n.Properties)}, {"Interfaces", interfaces(n.Interfaces)},
	} {
		if len(g.Facts) > 0 {
			all = append(all, g)
		}
	}
	return all
}

func portFacts(m *machine, p *baremetal.Port) []fact {
	list := filled(fact{"Name", text(p.Name)}, fact{"Description", text(p.Description)}, fact{"Vendor", text(p.Vendor)},
		fact{"Category", text(p.Category)}, fact{"Physical network", p.PhysicalNetwork}, fact{"UUID", p.UUID})
	for _, l := range m.leases {
		if l.MAC == p.Address {
			given := "leased"
			if l.Observed {
				given = "given by another DHCP server"
			}
			list = append(list, fact{"Address", fmt.Sprintf("%s on %s, %s", l.Address, l.Interface, given)})
		}
	}
	if !p.PXEEnabled {
		list = append(list, fact{"Network boot", "switched off for this port"})
	}
	return list
}

// text is "" for none.
func text(of *string) string {
	if of == nil {
		return ""
	}
	return *of
}

func staysOn(n *baremetal.Node) string {
	if n.DisablePowerOff != nil && *n.DisablePowerOff {
		return "never: disable_power_off is set"
	}
	return ""
}

func interfaces(i baremetal.Interfaces) []fact {
	var list []fact
	for _, kind := range slices.Sorted(maps.Keys(i)) {
		list = append(list, fact{kind, i[kind]})
	}
	return filled(list...)
}

// filled leaves out the facts without a value.
func filled(list ...fact) []fact {
	return slices.DeleteFunc(list, func(f fact) bool { return f.Value == "" })
}
