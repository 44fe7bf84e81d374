package redfish

import (
	"crypto/tls"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"ironhook/baremetal"
	"ironhook/power/driverinfo"
	"ironhook/power/webclient"
)

// info is what driver_info says.
type info struct {
	address, root, system string // scheme://host:port, the path of the service, and that of the machine
	user, password        string
	auth                  string // basic, session or auto
	httpBoot              string // where UEFI HTTP boot loads from, "" for what DHCP says
	trust                 *tls.Config
	timeout               time.Duration
}

// tlsVersions are the values of redfish_tls_minimum_version.
var tlsVersions = map[string]uint16{"1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}

// parse reads driver_info. The error is ErrInvalid and says all that is wrong, in Ironic's sentences
// where it has some.
func (d *Driver) parse(n *baremetal.Node) (info, error) {
	r := driverinfo.Read(nil, n.DriverInfo)
	i := info{
		system: r.Text("redfish_system_id", ""), user: r.Text("redfish_username", ""), password: r.Text("redfish_password", ""),
		auth: r.Text("redfish_auth_type", "auto"), httpBoot: r.Text("redfish_http_boot_url", ""),
		trust: webclient.Trust(r, "redfish_verify_ca"), timeout: d.c.Request,
	}
	var wrong []string
	if err := i.place(r.Text("redfish_address", "")); err != "" {
		wrong = append(wrong, fmt.Sprintf(err, n.UUID))
	}
	if !slices.Contains([]string{"basic", "session", "auto"}, i.auth) {
		wrong = append(wrong, fmt.Sprintf("Invalid value \"%s\" set in driver_info/redfish_auth_type on node %s. "+
			"The value should be one of \"basic\", \"session\" or \"auto\".", i.auth, n.UUID))
	}
	if i.system != "" && (!strings.HasPrefix(i.system, "/") || strings.ContainsAny(i.system, "?#")) {
		wrong = append(wrong, fmt.Sprintf("Invalid value \"%s\" set in driver_info/redfish_system_id on node %s. The value should be a path "+
			"(string) to "+
			"the resource that the driver will interact with. For example: /redfish/v1/Systems/1", i.system, n.UUID))
	}
	if i.password != "" && i.user == "" {
		r.Wrong("redfish_password goes with redfish_username")
	}
	if v := r.Text("redfish_tls_minimum_version", ""); v != "" && tlsVersions[v] == 0 {
		r.Wrong("redfish_tls_minimum_version is %q, want one of 1.1, 1.2, 1.3", v)
	} else if i.trust != nil && v != "" {
		i.trust.MinVersion = tlsVersions[v]
	}
	if i.httpBoot != "" {
		webclient.CheckURL(r, "redfish_http_boot_url", i.httpBoot)
	}
	if err := r.Err(); err != nil {
		wrong = append(wrong, err.Error())
	}
	if wrong != nil {
		return i, baremetal.Errorf(baremetal.ErrInvalid, "%s", strings.Join(wrong, " "))
	}
	return i, nil
}

// place takes redfish_address apart, whose path is that of the service. The fault is a sentence that
// lacks the node.
func (i *info) place(given string) (fault string) {
	if given == "" {
		return "Missing the following Redfish properties in node %s driver_info: ['redfish_address']"
	}
	address := given
	if !strings.Contains(address, "://") || strings.HasPrefix(address, "://") ||
		strings.ContainsAny(strings.SplitN(address, "://", 2)[0], " /") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "Invalid Redfish address " + strings.ReplaceAll(shown(address), "%", "%%") + " set in driver_info/redfish_address on node %s"
	}
	i.address, i.root = u.Scheme+"://"+u.Host, defaultRoot
	if path := strings.Trim(u.EscapedPath(), "/"); path != "" {
		i.root = "/" + path + "/"
	}
	return ""
}

// shown is an address without a password that may be in it.
func shown(address string) string {
	if at := strings.LastIndex(address, "@"); at >= 0 {
		return "******" + address[at:]
	}
	return address
}
