package baremetal

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// PortOptions are what Ironhook itself reads in the extra of a port.
type PortOptions struct {
	VLAN uint16 // tag of the VLAN in which the machine reaches its volumes, 0 for the network it boots from
	MTU  uint16 // of the network it boots from, in bytes, 0 for what the machine takes by itself
	// FixedIP is the IPv4 address that DHCP leases to this port alone, invalid for any.
	FixedIP netip.Addr
}

// fixedIP is the key of FixedIP, as OpenStack calls such an address.
const fixedIP = "fixed_ip"

// portKeys are the numbers of PortOptions with their bounds: tags of IEEE 802.1Q, and what every
// host takes (RFC 791) up to jumbo frames as switches have them.
var portKeys = []struct {
	key         string
	least, most uint16
	field       func(*PortOptions) *uint16
}{
	{"storage_vlan", 1, 4094, func(o *PortOptions) *uint16 { return &o.VLAN }},
	{"mtu", 576, 9216, func(o *PortOptions) *uint16 { return &o.MTU }},
}

// ParsePortOptions reads the extra of a port. The error is ErrInvalid and names each invalid
// value and what to set instead; such a value counts as not set.
func ParsePortOptions(extra Object) (o PortOptions, err error) {
	var wrong []string
	for _, k := range portKeys {
		text := strings.TrimSpace(fmt.Sprint(extra[k.key]))
		if extra[k.key] == nil || text == "" {
			continue
		}
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil || uint16(n) < k.least || uint16(n) > k.most {
			wrong = append(wrong, fmt.Sprintf("%s is %.40q: set it to a whole number from %d to %d.", k.key, text, k.least, k.most))
			continue
		}
		*k.field(&o) = uint16(n)
	}
	if text := strings.TrimSpace(fmt.Sprint(extra[fixedIP])); extra[fixedIP] != nil && text != "" {
		if a, err := netip.ParseAddr(text); err == nil && a.Is4() && a.IsGlobalUnicast() {
			o.FixedIP = a
		} else {
			wrong = append(wrong, fmt.Sprintf("%s is %.40q: set it to an IPv4 address.", fixedIP, text))
		}
	}
	if len(wrong) > 0 {
		err = Errorf(ErrInvalid, "In extra, %s", strings.Join(wrong, " "))
	}
	return o, err
}

// Options are those of the port, whose unreadable values are reported where a port is written.
func (p *Port) Options() PortOptions {
	o, _ := ParsePortOptions(p.Extra)
	return o
}
