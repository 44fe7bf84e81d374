package rest

import (
	"net/http"
	"strconv"
	"strings"
)

// Versions is how one API negotiates microversions (OpenStack API SIG, "Microversion
// Specification").
type Versions struct {
	Service  string // its name in OpenStack-API-Version, such as "baremetal 1.40"
	Header   string // an older header that holds the version alone; "" is none
	Major    int
	Min, Max int // minor versions
	Default  int // when the client does not say
	// Malformed and Unsupported are the API's words for a malformed version, and for
	// one that it does not speak.
	Malformed   func(asked string) error
	Unsupported func(major, minor int) error
}

// Text is a version of this API with this minor version, such as "1.40".
func (v *Versions) Text(minor int) string {
	return strconv.Itoa(v.Major) + "." + strconv.Itoa(minor)
}

// CommonHeader is the header that all services share, in Go's spelling.
const CommonHeader = "Openstack-Api-Version"

// Negotiate returns the minor version that the request asks for.
func (v *Versions) Negotiate(h http.Header) (minor int, err error) {
	asked, ok := v.asked(h)
	if !ok || strings.TrimSpace(asked) == "" {
		return v.Default, nil
	}
	if strings.EqualFold(asked, "latest") {
		return v.Max, nil
	}
	major, minor, ok := parseVersion(asked)
	switch {
	case !ok:
		return 0, v.Malformed(asked)
	case major != v.Major || minor < v.Min || minor > v.Max:
		return 0, v.Unsupported(major, minor)
	}
	return minor, nil
}

// asked returns the version as the client wrote it. The common header wins.
func (v *Versions) asked(h http.Header) (version string, ok bool) {
	for _, line := range h[CommonHeader] {
		for part := range strings.SplitSeq(line, ",") {
			if service, version, ok := strings.Cut(strings.TrimSpace(part), " "); ok && strings.EqualFold(service, v.Service) {
				return strings.TrimSpace(version), true
			}
		}
	}
	if list := h[v.Header]; len(list) > 0 {
		return list[0], true
	}
	return "", false
}

// parseVersion reads "1.33". As Python does, it lets signs and surrounding space be.
func parseVersion(s string) (major, minor int, ok bool) {
	first, second, found := strings.Cut(s, ".")
	major, err1 := strconv.Atoi(strings.TrimSpace(first))
	minor, err2 := strconv.Atoi(strings.TrimSpace(second))
	return major, minor, found && err1 == nil && err2 == nil
}
