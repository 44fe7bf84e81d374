package appliance

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"

	"ironhook/baremetal"
)

// portal is the address at which all initiators reach the iSCSI target: the one that the
// configuration advertises, else the one that the target listens on. Without either it has
// no address, only a port: the address depends on the initiator.
func (a *appliance) portal() netip.AddrPort {
	return portalOf(a.config.Portal, a.target.Addr().(*net.TCPAddr).AddrPort())
}

func portalOf(advertised, listening netip.AddrPort) netip.AddrPort {
	switch {
	case advertised.IsValid():
		return netip.AddrPortFrom(advertised.Addr(), cmp.Or(advertised.Port(), listening.Port()))
	case listening.Addr().Unmap().IsUnspecified():
		return netip.AddrPortFrom(netip.Addr{}, listening.Port())
	}
	return netip.AddrPortFrom(bare(listening.Addr()), listening.Port())
}

// bare returns an address without its zone, which is a name of our own link.
func bare(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// portalOfNode is the address at which a node reaches the iSCSI target: the one of all,
// else that of the boot interface which the node is on.
func (a *appliance) portalOfNode(ctx context.Context, n *baremetal.Node) (netip.AddrPort, error) {
	portal := a.portal()
	if portal.IsValid() {
		return portal, nil
	}
	address, err := a.boot.Portal(ctx, n)
	return netip.AddrPortFrom(address, portal.Port()), err
}

var errNoPortal = errors.New("the address at which the request arrived is not known, and the iSCSI target has none of its own")

// portalOfRequest is the address at which the sender of a request reaches the iSCSI
// target: the one of all, else that at which the request reached us.
func (a *appliance) portalOfRequest(r *http.Request) (netip.AddrPort, error) {
	portal := a.portal()
	if portal.IsValid() {
		return portal, nil
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}, errNoPortal
	}
	return netip.AddrPortFrom(bare(local.AddrPort().Addr()), portal.Port()), nil
}
