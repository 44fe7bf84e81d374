package cli

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"ironhook/appliance"
)

// check refuses options that contradict each other: one of them would be without effect,
// and an operator would notice only when a machine does not boot.
func (c *Config) check() error {
	nowhere := len(c.BootInterfaces) == 0
	gives := c.DHCP == appliance.DHCPAuto || c.DHCP == appliance.DHCPFull
	for _, rule := range []struct {
		broken bool
		text   string
	}{
		{nowhere && (c.DHCP == appliance.DHCPFull || c.DHCP == appliance.DHCPProxy),
			fmt.Sprintf("--dhcp %s: name the network on which machines boot with --boot-interface", c.DHCP)},
		{nowhere && c.Range != "",
			fmt.Sprintf("--dhcp-range %s: name the network on which machines boot with --boot-interface", c.Range)},
		{c.Range != "" && !gives,
			fmt.Sprintf("--dhcp-range %s: with --dhcp %s no addresses are given; leave one of the two out", c.Range, c.DHCP)},
		{len(c.Relays) > 0 && (nowhere || c.DHCP == appliance.DHCPOff),
			fmt.Sprintf("--dhcp-relay %s: messages of a relay arrive at a --boot-interface, where --dhcp is not off", strings.Join(c.Relays, ","))},
		{!c.DHCP6 && strings.Contains(strings.Join(c.Relays, ","), ":"),
			fmt.Sprintf("--dhcp-relay %s: one of IPv6 needs --dhcp6 boot", strings.Join(c.Relays, ","))},
		{c.DHCP == appliance.DHCPProxy && strings.Contains(strings.Join(c.Relays, ","), "="),
			fmt.Sprintf("--dhcp-relay %s: with --dhcp proxy no addresses are given; leave the range out", strings.Join(c.Relays, ","))},
		{clash(c.API, c.HTTP), fmt.Sprintf("--api %s, --http %s: give each a port of its own", c.API, c.HTTP)},
		{clash(c.API, c.ISCSI), fmt.Sprintf("--api %s, --iscsi %s: give each a port of its own", c.API, c.ISCSI)},
		{clash(c.HTTP, c.ISCSI), fmt.Sprintf("--http %s, --iscsi %s: give each a port of its own", c.HTTP, c.ISCSI)},
		{c.Cinder == "" && slices.Contains(c.StorageInterfaces, "cinder"),
			"--storage-interfaces cinder: say where Cinder is with --cinder FILE"},
		{c.Cinder != "" && !slices.Contains(c.StorageInterfaces, "cinder"),
			fmt.Sprintf("--cinder %s: enable the storage interface with --storage-interfaces noop,external,iscsi,cinder", c.Cinder)},
		{c.TLSCert == "" && c.TLSKey != "", fmt.Sprintf("--tls-key %s: give the certificate with --tls-cert too", c.TLSKey)},
		{c.TLSCert == appliance.SelfSigned && c.TLSKey != "",
			fmt.Sprintf("--tls-key %s: a certificate that Ironhook makes has a key of its own; leave it out", c.TLSKey)},
		{c.TLSCert != "" && c.TLSCert != appliance.SelfSigned && c.TLSKey == "",
			fmt.Sprintf("--tls-cert %s: give its private key with --tls-key", c.TLSCert)},
		{c.Backups.To != "" && c.Backups.Passphrase == "",
			fmt.Sprintf("--backup-to %s: give a passphrase with --backup-passphrase-file: a backup has the passwords of all BMCs in it",
				c.Backups.To)},
		{c.Backups.To == "" && c.Backups.Passphrase != "", "--backup-passphrase-file: say where the backups go with --backup-to"},
		{c.Backups.Dir() == c.Backups.To &&
			c.Backups.Credentials != "", "--backup-credentials: they are for S3-like storage, --backup-to https://HOST/BUCKET/PREFIX"},
		{!nowhere && loopback(c.HTTP), unreachable("--http", c.HTTP)},
		{!nowhere && loopback(c.TFTP), unreachable("--tftp", c.TFTP)},
		{!nowhere && loopback(c.ISCSI) && !c.Portal.IsValid(), unreachable("--iscsi", c.ISCSI)},
		{!nowhere && c.Portal.Addr().IsLoopback(), unreachable("--iscsi-portal", c.Portal.String())},
	} {
		if rule.broken {
			return misuse("%s", rule.text)
		}
	}
	return nil
}

// clash reports whether two listeners would take each other's port: a listener without
// an address is on all of them.
func clash(a, b string) bool {
	hostA, portA, _ := net.SplitHostPort(a)
	hostB, portB, _ := net.SplitHostPort(b)
	return portA == portB && portA != "0" && (hostA == hostB || hostA == "" || hostB == "")
}

func loopback(address string) bool {
	a, err := netip.ParseAddrPort(address)
	return err == nil && a.Addr().Unmap().IsLoopback()
}

func unreachable(option, address string) string {
	return fmt.Sprintf("%s %s: machines on the boot interface cannot reach the loopback of this one; leave the address out to listen on all",
		option, address)
}

// unknownVariables are those of environ that look like options but are not, most often
// because they are misspelt. They are not an error, since other programs may use such names.
func unknownVariables(environ []string) (unknown []string) {
	known := []string{"IRONHOOK_CONFIG", "IRONHOOK_URL"}
	for _, o := range options() {
		known = append(known, o.env())
	}
	for _, setting := range environ {
		name, _, _ := strings.Cut(setting, "=")
		if strings.HasPrefix(name, "IRONHOOK_") && !slices.Contains(known, name) {
			unknown = append(unknown, name)
		}
	}
	return unknown
}
