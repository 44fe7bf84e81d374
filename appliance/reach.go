package appliance

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
)

// reachable is the URL of the API and the pages as a person can type it: a listener on every
// address is reached under one of ours.
func (a *appliance) reachable() string {
	if a.config.PublicURL != "" {
		return a.config.PublicURL
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		addresses = nil
	}
	return typed(a.url, addresses)
}

// linkBase is what links begin with that are for others, where who asks cannot know it: behind the local
// socket, and where --public-url says so. Others say what they reached us under, perhaps through a proxy.
func (a *appliance) linkBase(r *http.Request) string {
	if a.config.PublicURL == "" && !isLocal(r) {
		return ""
	}
	return a.reachable()
}

// typed replaces the unspecified address in a URL by the first of ours that others reach,
// IPv4 before IPv6, or else by the loopback's.
func typed(from string, ours []net.Addr) string {
	u, err := url.Parse(from)
	if err != nil {
		return from
	}
	at, err := netip.ParseAddr(u.Hostname())
	if err != nil || !at.IsUnspecified() {
		return from
	}
	best := netip.MustParseAddr("127.0.0.1")
	for _, a := range ours {
		prefix, err := netip.ParsePrefix(a.String())
		if err != nil || !prefix.Addr().IsGlobalUnicast() {
			continue
		}
		if prefix.Addr().Unmap().Is4() {
			best = prefix.Addr()
			break
		}
		if best.IsLoopback() {
			best = prefix.Addr()
		}
	}
	u.Host = net.JoinHostPort(best.String(), u.Port())
	return u.String()
}
