// Package environment finds a Bare Metal API by the variables that OpenStack's own
// clients read.
package environment

import (
	"os"
	"strings"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/baremetal/httpbasic"
	"github.com/gophercloud/gophercloud/v2/openstack/baremetal/noauth"
)

// Client is a client of the API at OS_ENDPOINT. OS_AUTH_TYPE is "none" or "http_basic",
// with OS_USERNAME and OS_PASSWORD.
func Client() (*gophercloud.ServiceClient, error) {
	endpoint := strings.TrimSuffix(os.Getenv("OS_ENDPOINT"), "/")
	if endpoint != "" && !strings.HasSuffix(endpoint, "/v1") {
		endpoint += "/v1"
	}
	if os.Getenv("OS_AUTH_TYPE") != "http_basic" {
		return noauth.NewBareMetalNoAuth(noauth.EndpointOpts{IronicEndpoint: endpoint})
	}
	return httpbasic.NewBareMetalHTTPBasic(httpbasic.EndpointOpts{
		IronicEndpoint:     endpoint,
		IronicUser:         os.Getenv("OS_USERNAME"),
		IronicUserPassword: os.Getenv("OS_PASSWORD"),
	})
}
