package door

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"ironhook/internal/limit"
)

// ParseProxies reads a list of addresses and prefixes, separated by commas.
func ParseProxies(list string) (proxies []netip.Prefix, err error) {
	for text := range strings.SplitSeq(list, ",") {
		text = strings.TrimSpace(text)
		if at, err := netip.ParseAddr(text); err == nil && at.Zone() == "" {
			proxies = append(proxies, netip.PrefixFrom(at.Unmap(), at.Unmap().BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, err
		}
		proxies = append(proxies, p.Masked())
	}
	return proxies, nil
}

// Behind returns next with requests as the clients of the proxies sent them: by the last
// X-Forwarded-Host and X-Forwarded-Proto, and the last address of X-Forwarded-For that is not a
// proxy's own. What others say in these headers counts for nothing: any client can send them.
func Behind(proxies []netip.Prefix, next http.Handler) http.Handler {
	if len(proxies) == 0 {
		return next
	}
	b := behind(proxies)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if b.has(limit.AddressOf(r.RemoteAddr)) {
			r = b.restore(r)
		}
		next.ServeHTTP(w, r)
	})
}

type behind []netip.Prefix

func (b behind) has(at netip.Addr) bool {
	return slices.ContainsFunc(b, func(p netip.Prefix) bool { return p.Contains(at) })
}

// restore returns r as it was before the proxies.
func (b behind) restore(r *http.Request) *http.Request {
	r = r.WithContext(r.Context()) // a copy
	if host := last(r, "X-Forwarded-Host"); host != "" {
		r.Host = host
	}
	// Handlers ask whether a connection is encrypted, for links and cookies, and no more.
	switch strings.ToLower(last(r, "X-Forwarded-Proto")) {
	case "https":
		r.TLS = &tls.ConnectionState{}
	case "http":
		r.TLS = nil
	}
	if client := b.client(r); client.IsValid() {
		r.RemoteAddr = net.JoinHostPort(client.String(), "0")
	}
	return r
}

// client is the nearest address that is not a proxy's; the zero value if there is none. What
// stands before an address that cannot be read may be anybody's.
func (b behind) client(r *http.Request) netip.Addr {
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		at, err := netip.ParseAddr(strings.Trim(strings.TrimSpace(hop), "[]"))
		if err != nil {
			return netip.Addr{}
		}
		if at = at.Unmap().WithZone(""); !b.has(at) {
			return at
		}
	}
	return netip.Addr{}
}

// last is the last value of a header: the one that the nearest proxy wrote.
func last(r *http.Request, name string) string {
	values := strings.Split(strings.Join(r.Header.Values(name), ","), ",")
	return strings.TrimSpace(values[len(values)-1])
}
