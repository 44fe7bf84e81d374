package stick

import (
	"net/netip"

	"ironhook/agent/network"
)

// Where nobody else gives addresses, the stick has this one and gives the others.
const (
	ownPrefix = "10.77.77.1/24"
	ownRange  = "10.77.77.100-10.77.77.200"
)

// address is how the stick is on the network.
type address struct {
	network.Address
	Range string // of the addresses that the stick gives when nobody else does, "" for none
}

// own is the address of a network without another server.
func own(card string) address {
	return address{network.Address{Card: card, Prefix: netip.MustParsePrefix(ownPrefix)}, ownRange}
}
