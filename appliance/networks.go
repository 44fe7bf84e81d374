package appliance

import (
	"ironhook/bootsrv"
	"ironhook/web"
)

// networks are the boot interfaces for the pages, each with the reason why DHCP works as it
// does there.
func (a *appliance) networks() (list []web.Network) {
	for _, n := range a.boot.Networks() {
		why, rival := whyDHCP(a.config, n.Mode)
		list = append(list, web.Network{Interface: n.Interface, Prefix: n.Prefix, Mode: string(n.Mode), Why: why, Rival: rival,
			First: n.Range.First, Last: n.Range.Last})
	}
	return list
}

// whyDHCP says why DHCP works in a mode, given the configuration, and whether that is because
// another server is there.
func whyDHCP(c Config, now Mode) (why string, rival bool) {
	switch {
	case now == bootsrv.Off:
		return "DHCP is off: machines get their addresses and what to boot from another server.", false
	case c.DHCP == DHCPProxy:
		return "It is set to proxy: addresses come from another DHCP server, and Ironhook adds what to boot.", false
	case c.DHCP == DHCPFull:
		return "It is set to full: it leases from " + c.Range + " and does not look for other DHCP servers.", false
	case c.Range == "":
		return "No range of addresses is set, so it never leases any: addresses come from another DHCP server, and Ironhook adds what to boot. " +
			"Where there is no other, machines get no address: give it a range of addresses.", false
	case now == DHCPProxy:
		return "Another DHCP server answers here, so Ironhook leases no addresses of " + c.Range + " and only adds what to boot. " +
			"It takes over when the other one is silent.", true
	}
	return "No other DHCP server answers here, so it leases from " + c.Range + ".", false
}
