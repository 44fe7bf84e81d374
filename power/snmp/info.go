package snmp

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gosnmp/gosnmp"

	"ironhook/baremetal"
	"ironhook/power/driverinfo"
)

// info is what driver_info says.
type info struct {
	unit    *unit // nil is "auto"
	address string
	port    int
	outlet  string
	version gosnmp.SnmpVersion
	read    string // communities
	write   string
	user    *gosnmp.UsmSecurityParameters // of version 3
	flags   gosnmp.SnmpV3MsgFlags
	context string
}

var versions = map[string]gosnmp.SnmpVersion{"1": gosnmp.Version1, "2c": gosnmp.Version2c, "3": gosnmp.Version3}

var authentications = map[string]gosnmp.SnmpV3AuthProtocol{
	"none": gosnmp.NoAuth, "md5": gosnmp.MD5, "sha": gosnmp.SHA, "sha224": gosnmp.SHA224, "sha256": gosnmp.SHA256, "sha384": gosnmp.SHA384,
	"sha512": gosnmp.SHA512,
}

var privacies = map[string]gosnmp.SnmpV3PrivProtocol{
	"none": gosnmp.NoPriv, "des": gosnmp.DES, "aes": gosnmp.AES, "aes128": gosnmp.AES, "aes192": gosnmp.AES192, "aes256": gosnmp.AES256,
}

func parse(n *baremetal.Node) (info, error) {
	r := driverinfo.Read(baremetal.DriverKeys[HardwareType], n.DriverInfo)
	i := info{
		address: r.Text("snmp_address", ""), port: r.Int("snmp_port", 161, 1, 65535),
		outlet: strconv.Itoa(r.Int("snmp_outlet", 1, 1, 1000)), version: versions[r.OneOf("snmp_version", "1", "2c", "3")],
	}
	names := []string{"auto", apc}
	for _, u := range units {
		names = append(names, u.name)
	}
	name := r.OneOf("snmp_driver", names...)
	if name == apc {
		name = "apc_masterswitch"
	}
	if at := slices.IndexFunc(units, func(u unit) bool { return u.name == name }); at >= 0 {
		i.unit = &units[at]
	}
	if i.version == gosnmp.Version3 {
		i.secure(r)
	} else {
		i.communities(r)
	}
	return i, r.Err()
}

func (i *info) communities(r *driverinfo.Reader) {
	both := r.Text("snmp_community", "")
	i.read, i.write = r.Text("snmp_community_read", both), r.Text("snmp_community_write", both)
	if i.read == "" || i.write == "" {
		r.Wrong("snmp_community is missing, or snmp_community_read and snmp_community_write")
	}
	for _, key := range []string{"snmp_user", "snmp_auth_protocol", "snmp_auth_key", "snmp_priv_protocol", "snmp_priv_key",
		"snmp_context_name"} {
		if r.Value(key) != nil {
			r.Wrong("%s goes with snmp_version 3 alone", key)
		}
	}
}

// secure reads the user of version 3 (RFC 3414).
func (i *info) secure(r *driverinfo.Reader) {
	auth, priv := r.OneOf("snmp_auth_protocol", "none", "md5", "sha", "sha224", "sha256", "sha384", "sha512"),
		r.OneOf("snmp_priv_protocol", "none", "des", "aes", "aes128", "aes192", "aes256")
	i.context = r.Text("snmp_context_name", "")
	i.user = &gosnmp.UsmSecurityParameters{
		UserName: r.Text("snmp_user", ""), AuthenticationProtocol: authentications[auth], AuthenticationPassphrase: r.Text("snmp_auth_key", ""),
		PrivacyProtocol: privacies[priv], PrivacyPassphrase: r.Text("snmp_priv_key", ""),
	}
	i.flags = gosnmp.NoAuthNoPriv
	if auth != "none" {
		i.flags = gosnmp.AuthNoPriv
	}
	if priv != "none" {
		i.flags = gosnmp.AuthPriv
	}
	switch {
	case i.user.UserName == "":
		r.Wrong("snmp_user is missing: version 3 needs one")
	case priv != "none" && auth == "none":
		r.Wrong("snmp_priv_protocol needs snmp_auth_protocol")
	case auth != "none" && len(i.user.AuthenticationPassphrase) < 8:
		r.Wrong("snmp_auth_key needs at least 8 characters")
	case priv != "none" && len(i.user.PrivacyPassphrase) < 8:
		r.Wrong("snmp_priv_key needs at least 8 characters")
	}
}

// object is the full name of an object of the outlet.
func (i info) object(pattern string) string {
	return enterprises + strings.ReplaceAll(pattern, "OUTLET", i.outlet)
}
