package ipxe

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// word checks that iPXE takes v literally as one word of a script line. Errors do not
// repeat v, which may be a secret.
func word(v string) (string, error) {
	switch {
	case v == "":
		return "", fmt.Errorf("is empty")
	case len(v) > 255:
		return "", fmt.Errorf("is longer than 255 characters")
	case strings.IndexFunc(v, func(r rune) bool { return r <= ' ' || r > '~' }) >= 0:
		return "", fmt.Errorf("has a space, a control character or a character outside ASCII, which an iPXE script cannot express")
	case strings.Contains(v, "${"):
		return "", fmt.Errorf(`contains "${", which an iPXE script cannot express`)
	case v[0] == '#', v == "||", v == "&&", v == ";":
		return "", fmt.Errorf(`starts with "#" or is an operator, which an iPXE script cannot express`)
	}
	return v, nil
}

// iqn checks an iSCSI name (RFC 7143 section 4.2.7): ASCII letters, digits and
// ".-:" after one of the three type prefixes, at most 223 bytes. Upper case and
// "_" are allowed, for arrays that use them against the standard.
func iqn(v string) (string, error) {
	typed := strings.HasPrefix(v, "iqn.") || strings.HasPrefix(v, "eui.") || strings.HasPrefix(v, "naa.")
	if !typed || len(v) > 223 || strings.IndexFunc(v, func(r rune) bool { return !alphanumeric(r) && !strings.ContainsRune(".-:_", r) }) >= 0 {
		return "", fmt.Errorf("is not an iSCSI name (iqn., eui. or naa., at most 223 of a-z 0-9 . - :)")
	}
	return v, nil
}

// portal checks "host", "host:port", "[v6]:port" or a bare IPv6 address and
// returns it as the first three fields of a root path (RFC 4173 section 5):
// "host::port". An IPv6 address is always bracketed, or its colons would be
// taken for the fields'.
func portal(v string) (string, error) {
	name, port := v, ""
	if addr, err := netip.ParseAddr(v); err == nil && addr.Is6() {
		return address(addr, "")
	}
	if i := strings.LastIndexByte(v, ':'); i >= 0 && !strings.HasSuffix(v, "]") {
		name, port = v[:i], v[i+1:]
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return "", fmt.Errorf("has no valid port behind its last colon (host:port, [IPv6]:port)")
		}
		port = strconv.FormatUint(n, 10)
	}
	if inner, ok := strings.CutPrefix(name, "["); ok {
		addr, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		if err != nil || !strings.HasSuffix(inner, "]") || !addr.Is6() {
			return "", fmt.Errorf("is not an IPv6 address in brackets")
		}
		return address(addr, port)
	}
	if name == "" || len(name) > 253 || strings.IndexFunc(name, func(r rune) bool { return !alphanumeric(r) && r != '.' && r != '-' }) >= 0 {
		return "", fmt.Errorf("is not a host name or an address with an optional port")
	}
	return name + "::" + port, nil
}

func address(addr netip.Addr, port string) (string, error) {
	if addr.Zone() != "" {
		return "", fmt.Errorf("has an IPv6 zone, which means nothing on another machine")
	}
	return "[" + addr.String() + "]::" + port, nil
}

func alphanumeric(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// printable makes text for a person harmless: anything that could mean
// something to iPXE becomes "?", and a long text is cut at two screen lines.
func printable(text string) string {
	if len(text) > 160 {
		text = text[:157] + "..."
	}
	return strings.Map(func(r rune) rune {
		if alphanumeric(r) || strings.ContainsRune(" .,:/()_'\"=+@-", r) {
			return r
		}
		return '?'
	}, text)
}
