package baremetal

import (
	"fmt"
	"maps"
	"net/netip"
	"time"
)

// Grant lets one initiator log in to one local volume. It lasts from attach to
// detach, and the iSCSI target asks for nothing else at a login. The secret is
// stored here only; boot scripts, connection_info and the properties of a volume
// target are rendered from the grant when they are asked for.
type Grant struct {
	IQN        string // of the target, made from the owner's UUID
	Target     string // UUID of the node's volume target; "" when the owner is a host
	Node       string // UUID of the target's node; "" when the owner is a host
	Attachment string // UUID of the host's attachment; "" when the owner is a node
	Volume     string // UUID of the volume, or the name of a raw file
	Serial     string // of the unit; the initiator's system identifies the disk by it, so it never changes
	ReadOnly   bool
	Initiator  string         // IQN that may log in
	Portal     netip.AddrPort // where the node reaches the target; zero for a host, whose portal is that of its request
	User       string         // CHAP
	Secret     string         // CHAP; at least 96 random bits (RFC 7143 section 9.2.1)
	CreatedAt  time.Time
}

// Connection is what an initiator needs to log in, the secret included, under the keys
// of the specification of volume connection information.
func (g *Grant) Connection(portal netip.AddrPort) Object {
	return Object{
		"target_portal": portal.String(), "target_iqn": g.IQN, "target_lun": 0,
		"auth_method": "CHAP", "auth_username": g.User, "auth_password": g.Secret,
	}
}

// Connected returns a copy of t whose properties say how to log in with g: what a
// boot script is made from and what the API shows, masked. A nil g leaves t as it is.
func (t *VolumeTarget) Connected(g *Grant) *VolumeTarget {
	if g == nil {
		return t
	}
	shown := *t
	shown.Properties = maps.Clone(t.Properties)
	if shown.Properties == nil {
		shown.Properties = Object{}
	}
	maps.Copy(shown.Properties, g.Connection(g.Portal))
	return &shown
}

// Disconnect removes from properties what Connected put there, and leaves what an
// operator has changed. The properties that a client read and sends back are stored
// without it.
func (g *Grant) Disconnect(properties Object) {
	if g == nil {
		return
	}
	for key, rendered := range g.Connection(g.Portal) {
		if v, ok := properties[key]; ok && fmt.Sprint(v) == fmt.Sprint(rendered) {
			delete(properties, key)
		}
	}
}

// GrantTo finds the grant of a volume target among grants, nil when the target is
// not attached.
func GrantTo(target string, grants []*Grant) *Grant {
	for _, g := range grants {
		if g.Target == target {
			return g
		}
	}
	return nil
}
