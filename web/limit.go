package web

import (
	"net/http"
	"net/netip"
	"time"

	"ironhook/internal/limit"
)

// guessing bounds guesses of passwords from one address.
var guessing = limit.Slowdown{Free: 5, Longest: time.Minute, Forget: 15 * time.Minute, Sources: 4096}

// clientAddr is the address that r's tries are counted under. All of an IPv6 /64
// is one, for a host may take any address in it.
func clientAddr(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := peer.Addr().Unmap().WithZone("")
	if addr.Is6() {
		return netip.PrefixFrom(addr, 64).Masked().Addr()
	}
	return addr
}
