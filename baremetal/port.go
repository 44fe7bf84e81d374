package baremetal

import (
	"net"
	"time"
)

// Port is one network card of a node, known by its MAC address.
type Port struct {
	ID                  int64
	UUID                string
	NodeUUID            string
	Address             string // lower case with colons; unique across nodes
	CreatedAt           time.Time
	UpdatedAt           time.Time
	Extra               Object
	InternalInfo        Object
	IsSmartNIC          bool
	LocalLinkConnection Object
	PhysicalNetwork     string
	PXEEnabled          bool
	PortgroupUUID       string
	// For people and for what attaches networks; nil is the API's null, which is not "".
	Name        *string // unique across nodes
	Description *string
	Vendor      *string
	Category    *string
	// AvailableForDynamicPortgroup lets a network service bond the port by itself.
	AvailableForDynamicPortgroup bool
}

// ParseMAC returns the canonical form of a 48-bit MAC address: lower case with
// colons. It accepts what net.ParseMAC does; anything else is ErrInvalid.
func ParseMAC(s string) (string, error) {
	mac, err := net.ParseMAC(s)
	if err != nil || len(mac) != 6 {
		return "", Errorf(ErrInvalid, "Expected valid MAC address for address: %s", s)
	}
	return mac.String(), nil
}
