package door

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// answersTo reports whether r asks for a host that is this machine. The name of a
// foreign page that has been rebound to our address is not among them. A request of
// HTTP/1.0 may ask for no host; browsers always do.
func (c *Config) answersTo(r *http.Request) bool {
	name := hostname(r.Host)
	if at, err := netip.ParseAddr(name); err == nil {
		at = at.Unmap().WithZone("")
		return at.IsLoopback() || at == arrivedAt(r)
	}
	return name == "" || name == "localhost" || strings.HasSuffix(name, ".localhost") ||
		slices.ContainsFunc(c.Hosts, func(host string) bool { return hostname(host) == name })
}

// hostname is the host of a Host header, without the port and in one spelling.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// arrivedAt is the address of ours at which r's connection arrived.
func arrivedAt(r *http.Request) netip.Addr {
	local, _ := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if local == nil {
		return netip.Addr{}
	}
	return local.AddrPort().Addr().Unmap().WithZone("")
}
