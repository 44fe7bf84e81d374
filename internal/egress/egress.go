// Package egress limits where a server connects to when a user has named the URL. Without
// it, a user reads through the server what only the server can reach: its own loopback,
// the network behind it, the metadata service of its cloud.
//
// Addresses are judged when a connection is made, after names have been looked up, for
// every hop of a redirect. Thus neither a redirect nor a name that changes its address
// between a check and its use (DNS rebinding) leads anywhere else.
package egress

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Policy is which addresses may be connected to besides those of the public Internet; the
// zero Policy is none.
type Policy struct {
	classes  []class
	prefixes []netip.Prefix
	purpose  Purpose
}

// Purpose is what connections are for, in the words of an error.
type Purpose struct {
	Nothing string // that is done otherwise: "from which nothing is fetched"
	Option  string // which allows it
}

// For is the policy for this purpose; without, it is that of fetching images.
func (p Policy) For(use Purpose) Policy {
	p.purpose = use
	return p
}

// words are the classes that a policy may name.
var words = []class{private, linkLocal, loopback}

// Parse reads a policy: "private", "link-local", "loopback" (and all addresses of this
// machine), addresses and prefixes, separated by commas.
func Parse(list string) (p Policy, err error) {
	for item := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		if slices.Contains(words, class(item)) {
			p.classes = append(p.classes, class(item))
			continue
		}
		prefix, err := netip.ParsePrefix(item)
		if a, plain := netip.ParseAddr(item); plain == nil && a.Zone() == "" {
			prefix, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil {
			return Policy{}, fmt.Errorf("%q is none of private, link-local, loopback, an address, and a prefix such as 192.168.1.0/24", item)
		}
		p.prefixes = append(p.prefixes, prefix.Masked())
	}
	return p, nil
}

// Refused is the error of a connection that the policy does not allow.
type Refused struct {
	Addr    netip.Addr
	class   class
	purpose Purpose
}

// Error names the address and what allows it.
func (r *Refused) Error() string {
	allow := r.Addr.WithZone("").String()
	if slices.Contains(words, r.class) {
		allow += " or " + string(r.class)
	}
	return fmt.Sprintf("%s is a %s address, %s unless the operator allows it (the option %s with %s)",
		r.Addr, r.class, cmp.Or(r.purpose.Nothing, "from which nothing is fetched"), cmp.Or(r.purpose.Option, "import-from"), allow)
}

// Check returns a [*Refused] unless connections to the address are allowed.
func (p Policy) Check(a netip.Addr) error { return p.check(a, isOwn) }

func (p Policy) check(a netip.Addr, own func(netip.Addr) bool) error {
	end := carried(a)
	kind := classOf(end)
	if own(end) { // what listens on all addresses of this machine is at this one too
		kind = loopback
	}
	listed := func(prefix netip.Prefix) bool { return prefix.Contains(end) || prefix.Contains(a.WithZone("")) }
	if kind == public || slices.Contains(p.classes, kind) || slices.ContainsFunc(p.prefixes, listed) {
		return nil
	}
	return &Refused{a, kind, p.purpose}
}

// isOwn reports whether the address is one of this machine's. An error hides none of its
// loopback addresses, which have a class of their own.
func isOwn(a netip.Addr) bool {
	list, err := net.InterfaceAddrs()
	return err == nil && slices.ContainsFunc(list, func(i net.Addr) bool {
		prefix, err := netip.ParsePrefix(i.String())
		return err == nil && prefix.Addr().Unmap() == a
	})
}

// control is the net.Dialer.ControlContext of the policy: it sees the address itself.
func (p Policy) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	return p.Check(to.Addr())
}

// Transport returns a transport that connects only where the policy allows, without
// compression and with this timeout for everything but the body.
//
// Where the environment names a proxy (HTTPS_PROXY), that connects in our place: its own
// address is the operator's choice, and names are its own to look up. Addresses in a URL
// are still judged.
func (p Policy) Transport(timeout time.Duration) http.RoundTripper {
	plain := func(d *net.Dialer) *http.Transport {
		return &http.Transport{DialContext: d.DialContext, TLSHandshakeTimeout: timeout, ResponseHeaderTimeout: timeout,
			DisableCompression: true, DisableKeepAlives: true}
	}
	t := &transport{p, plain(&net.Dialer{Timeout: timeout, ControlContext: p.control}), plain(&net.Dialer{Timeout: timeout}),
		http.ProxyFromEnvironment}
	t.proxied.Proxy = func(r *http.Request) (*url.URL, error) { return t.proxy(r) }
	return t
}

// transport connects itself or through a proxy.
type transport struct {
	policy          Policy
	direct, proxied *http.Transport
	proxy           func(*http.Request) (*url.URL, error)
}

// RoundTrip sends a request; each hop of a redirect is one.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	via, err := t.proxy(r)
	if err != nil {
		return nil, err
	}
	if via == nil {
		return t.direct.RoundTrip(r)
	}
	if a, err := netip.ParseAddr(r.URL.Hostname()); err == nil {
		if err := t.policy.Check(a); err != nil {
			return nil, err
		}
	}
	return t.proxied.RoundTrip(r)
}
