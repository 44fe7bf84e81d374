package baremetalapi

import (
	"errors"
	"fmt"
	"net/http"

	"ironhook/api/rest"
	"ironhook/fleet"
)

// The microversions spoken: 1.minMinor to 1.maxMinor.
const (
	minMinor = 1
	maxMinor = 115
)

// The headers of negotiation, older than [rest.CommonHeader].
const (
	versionHeader = "X-Openstack-Ironic-Api-Version"
	minimumHeader = "X-Openstack-Ironic-Api-Minimum-Version"
	maximumHeader = "X-Openstack-Ironic-Api-Maximum-Version"
)

// versions is the negotiation in Ironic's words.
var versions = rest.Versions{
	Service: "baremetal", Header: versionHeader, Major: 1, Min: minMinor, Max: maxMinor, Default: minMinor,
	Malformed: func(string) error { return errVersion },
	Unsupported: func(major, minor int) error {
		supported := fmt.Sprintf("The supported version range is: [1.%d, 1.%d].", minMinor, maxMinor)
		if major != 1 {
			return rest.Abort(http.StatusNotAcceptable, fmt.Sprintf(
				"Mutually exclusive versions requested. Version %d.%d requested but not supported by this service. %s", major, minor, supported))
		}
		return rest.Abort(http.StatusNotAcceptable, fmt.Sprintf(
			"Version 1.%d was requested but the minor version is not supported by this service. %s", minor, supported))
	},
}

var errVersion = rest.Abort(http.StatusNotAcceptable, "Invalid value for X-OpenStack-Ironic-API-Version header")

// negotiate finds the minor version that a request asks for. The reply carries the range
// unless the header makes no sense at all.
func negotiate(request, reply http.Header) (int, error) {
	minor, err := versions.Negotiate(request)
	if errors.Is(err, errVersion) {
		return 0, err
	}
	reply[minimumHeader], reply[maximumHeader] = minimumValue, maximumValue
	if err == nil {
		reply[versionHeader] = []string{versions.Text(minor)}
	}
	return minor, err
}

var (
	minimumValue = []string{versions.Text(minMinor)}
	maximumValue = []string{versions.Text(maxMinor)}
)

// rules are those of the records that the request's microversion knows.
func (c *call) rules() fleet.Rules {
	r := fleet.Rules{
		Enrols:           c.Minor >= 11,
		TargetRAID:       c.Minor >= 12,
		ChassisRemovable: c.Minor >= 25,
		InspectingLocks:  c.Minor >= 39,
		Backfill:         c.Minor >= 58,
		AgentToken:       c.Minor >= 62,
		NetworkType:      c.Minor >= 64,
		PortgroupNetwork: c.Minor >= 102,
		RunbookTraits:    c.Minor >= 112,
	}
	switch {
	case c.Minor >= 10:
		r.Names = fleet.AnyNames
	case c.Minor >= 5:
		r.Names = fleet.HostNames
	}
	return r
}
