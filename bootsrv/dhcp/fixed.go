package dhcp

import (
	"fmt"
	"net/netip"

	"ironhook/store"
)

// fix finds the address that the port of the machine has for it alone. Where that cannot be
// leased now, the machine gets one like the others, and its timeline says why.
func (s *Server) fix(tx *store.Tx, x *exchange) error {
	if !x.known() || !x.net.leases {
		return nil
	}
	a := x.port.Options().FixedIP
	if !a.IsValid() {
		return nil
	}
	why := x.net.unfit(a)
	if why == "" {
		held, err := tx.Leases().Find(a.String())
		if err != nil {
			return err
		}
		if held != nil && held.MAC != x.mac && held.Expires.After(tx.Now()) {
			why = "another machine has it: " + held.MAC
		}
	}
	if why != "" {
		x.unfixed = fmt.Sprintf("; not its fixed_ip %s: %s", a, why)
		return nil
	}
	x.net.fixed = a
	return nil
}

// unfit says why an address cannot be one machine's own in the network, "" for it can. Those
// of the range are for everybody: another machine may have it when its owner comes.
func (n subnet) unfit(a netip.Addr) string {
	subnet := n.prefix.Masked()
	switch {
	case !subnet.Contains(a), a == subnet.Addr(), a == last(subnet):
		return fmt.Sprintf("it is no address for a machine in %s", subnet)
	case a == n.prefix.Addr(), a == n.router:
		return "it is that of a router or of this server"
	case n.addrs.Contains(a):
		return fmt.Sprintf("it is in %s, from which all machines get addresses", n.addrs)
	}
	return ""
}
