package appliance

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"ironhook/api/rest"
)

// clouds is the clouds.yaml with which OpenStack's clients find all three APIs.
func (a *appliance) clouds(w http.ResponseWriter, r *http.Request) {
	base := rest.Base(r)
	if isLocal(r) {
		base = a.published()
	}
	auth := fmt.Sprintf("    auth_type: none\n    auth: {endpoint: %q}\n", base)
	if a.config.Auth != NoAuth {
		user, _, _ := r.BasicAuth()
		auth = fmt.Sprintf("    auth_type: http_basic\n    auth: {endpoint: %q, username: %q, password: PASSWORD}\n", base, cmp.Or(user, "admin"))
	}
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write([]byte("clouds:\n  ironhook:\n" + auth + strings.ReplaceAll(endpoints, "BASE", base))) // the client is gone when this fails
}

// published is the URL of the API as others on the network know it.
func (a *appliance) published() string {
	if a.config.PublicURL != "" {
		return a.config.PublicURL
	}
	u, err := url.Parse(a.url)
	if err != nil {
		return a.url
	}
	if at, err := netip.ParseAddr(u.Hostname()); err == nil && at.IsUnspecified() {
		if host, err := os.Hostname(); err == nil {
			u.Host = net.JoinHostPort(host, u.Port())
		}
	}
	return u.String()
}

// endpoints are where each client looks. The client of volumes is known by three names.
// There is no identity service; the newest clients look for its version before they
// list volumes, snapshots and attachments.
const endpoints = `    baremetal_endpoint_override: BASE
    image_endpoint_override: BASE/image/v2
    block_storage_endpoint_override: BASE/volume/v3/standalone
    volume_endpoint_override: BASE/volume/v3/standalone
    volumev3_endpoint_override: BASE/volume/v3/standalone
    identity_api_version: "3"
    identity_endpoint_override: BASE/identity/v3
`
