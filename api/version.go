package api

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// The microversions spoken: 1.minMinor to 1.maxMinor.
const (
	minMinor = 1
	maxMinor = 82
)

// The headers of negotiation.
const (
	versionHeader = "X-Openstack-Ironic-Api-Version"
	minimumHeader = "X-Openstack-Ironic-Api-Minimum-Version"
	maximumHeader = "X-Openstack-Ironic-Api-Maximum-Version"
	commonHeader  = "Openstack-Api-Version" // "baremetal 1.40"; wins over the older one
)

func version(minor int) string { return "1." + strconv.Itoa(minor) }

// negotiate finds the minor version a request asks for, 1.1 when it does not say.
// The reply carries the range unless the header makes no sense at all.
func negotiate(request http.Header, reply http.Header) (int, error) {
	asked := strings.ToLower(wanted(request))
	major, minor := 1, maxMinor
	if asked != "latest" {
		var ok bool
		if major, minor, ok = parseVersion(asked); !ok {
			return 0, abort(http.StatusNotAcceptable, "Invalid value for X-OpenStack-Ironic-API-Version header")
		}
	}
	reply[minimumHeader], reply[maximumHeader] = minimumValue, maximumValue
	supported := fmt.Sprintf("The supported version range is: [%s, %s].", version(minMinor), version(maxMinor))
	if major != 1 {
		return 0, abort(http.StatusNotAcceptable, fmt.Sprintf(
			"Mutually exclusive versions requested. Version %d.%d requested but not supported by this service. %s", major, minor, supported))
	}
	if minor < minMinor || minor > maxMinor {
		return 0, abort(http.StatusNotAcceptable, fmt.Sprintf(
			"Version 1.%d was requested but the minor version is not supported by this service. %s", minor, supported))
	}
	reply[versionHeader] = []string{version(minor)}
	return minor, nil
}

var (
	minimumValue = []string{version(minMinor)}
	maximumValue = []string{version(maxMinor)}
)

// wanted returns the version as the client wrote it.
func wanted(h http.Header) string {
	for _, line := range h[commonHeader] {
		for service := range strings.SplitSeq(line, ",") {
			if name, v, ok := strings.Cut(strings.TrimSpace(service), " "); ok && strings.EqualFold(name, "baremetal") {
				return strings.TrimSpace(v)
			}
		}
	}
	if v, ok := h[versionHeader]; ok && len(v) > 0 {
		return v[0]
	}
	return version(minMinor)
}

// parseVersion reads "1.33". Like Ironic it takes whatever two integers look
// like: Python allows signs, underscores and surrounding space.
func parseVersion(s string) (major, minor int, ok bool) {
	first, second, found := strings.Cut(s, ".")
	major, err1 := strconv.Atoi(strings.TrimSpace(first))
	minor, err2 := strconv.Atoi(strings.TrimSpace(second))
	return major, minor, found && err1 == nil && err2 == nil
}
