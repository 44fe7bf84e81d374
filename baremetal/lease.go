package baremetal

import (
	"net/netip"
	"time"
)

// Lease binds a MAC address to an IPv4 address on one boot interface. Leases are
// sticky: a machine keeps its address until the range is used up.
type Lease struct {
	MAC       string
	Address   netip.Addr
	Interface string    // boot interface it was seen on
	Observed  bool      // another DHCP server gave it; seen in the client's broadcast
	Expires   time.Time // end of the time promised to the client
	UpdatedAt time.Time
}
