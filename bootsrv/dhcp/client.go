package dhcp

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"ironhook/boot"
	"ironhook/ipxe"
)

// kind is the kind of software that asks.
type kind int

const (
	system kind = iota // an operating system, or another client that does not boot
	pxe                // firmware that loads over TFTP
	uefi               // UEFI's HTTP boot
	pi                 // the boot ROM of a Raspberry Pi, over TFTP
	script             // iPXE, in ROM or loaded before
)

// client identifies the sender of a packet.
type client struct {
	kind kind
	arch ipxe.Arch
}

// identify identifies the sender. iPXE calls itself PXEClient too, so it is checked first;
// otherwise iPXE would load iPXE for ever. Some firmware leaves its class out of a
// DHCPREQUEST; only firmware that boots names an architecture (RFC 4578 section 2).
func identify(p *dhcpv4.DHCPv4) client {
	c := client{arch: arch(p)}
	class := p.ClassIdentifier()
	switch {
	case isIPXE(p):
		c.kind = script
	case strings.HasPrefix(class, httpClient), class == "" && c.arch.Loader().HTTP:
		c.kind = uefi
	case strings.HasPrefix(class, pxeClient), p.MessageType() == dhcpv4.MessageTypeNone,
		class == "" && p.Options.Has(dhcpv4.OptionClientSystemArchitectureType):
		c.kind = pxe
	}
	if c.kind == pxe && c.arch == 0 && isPi(p) {
		c.kind = pi
	}
	return c
}

// What iPXE states in option 175 (src/include/ipxe/features.h in its source).
const (
	featureFirst = 0x10
	featureISCSI = 0x11
	featureHTTP  = 0x13
	featureVLAN  = 0x26
	featureLast  = 0x7f
)

// stated is the features that an iPXE states, none if it does not say.
func stated(p *dhcpv4.DHCPv4) map[byte]bool {
	has := map[byte]bool{}
	for b := p.Options.Get(encapsulated); len(b) > 2 && b[1] > 0 && len(b) >= 2+int(b[1]); b = b[2+int(b[1]):] {
		if b[0] >= featureFirst && b[0] <= featureLast {
			has[b[0]] = b[2] != 0
		}
	}
	return has
}

// isIPXE reports whether the sender is an iPXE that can run our scripts. One that states
// its features and lacks HTTP or iSCSI, as some cards and VirtualBox have it, loads our
// iPXE like other firmware; so does gPXE, whose scripts are of another grammar.
func isIPXE(p *dhcpv4.DHCPv4) bool {
	user := string(p.Options.Get(dhcpv4.OptionUserClassInformation))
	named, has := strings.Contains(user, "iPXE"), stated(p)
	switch {
	case strings.Contains(user, "gPXE"):
		return false
	case len(has) == 0:
		return named
	}
	return has[featureHTTP] && has[featureISCSI] && (named || strings.HasPrefix(p.ClassIdentifier(), pxeClient))
}

// suit makes an iPXE that states its features load ours, like other firmware, if it has no
// VLANs and the storage of its machine is in one.
func (x *exchange) suit() {
	if x.kind != script || x.port == nil || x.port.Options().VLAN == 0 {
		return
	}
	if has := stated(x.Packet); len(has) > 0 && !has[featureVLAN] {
		x.kind = pxe
	}
}

// arch is the first architecture that the client names, in its option or its class
// ("PXEClient:Arch:00007:..."); a client without one is a BIOS older than RFC 4578.
func arch(p *dhcpv4.DHCPv4) ipxe.Arch {
	if v := p.Options.Get(dhcpv4.OptionClientSystemArchitectureType); len(v) >= 2 {
		return ipxe.Arch(uint16(v[0])<<8 | uint16(v[1]))
	}
	if fields := strings.Split(p.ClassIdentifier(), ":"); len(fields) > 2 && fields[1] == "Arch" {
		if n, err := strconv.ParseUint(fields[2], 10, 16); err == nil {
			return ipxe.Arch(n)
		}
	}
	return 0
}

func (c client) String() string {
	switch c.kind {
	case script:
		return boot.IPXE + c.arch.String()
	case pxe:
		return "PXE, " + c.arch.String()
	case pi:
		return "Raspberry Pi"
	case uefi:
		return "HTTP boot, " + c.arch.String()
	}
	return "operating system"
}

// bootFile returns the boot file of the client: a URL, or a name on the TFTP server. The
// error says why there is none. Firmware with Secure Boot starts signed programs only;
// without any for its architecture it is given iPXE as it is.
func (c client) bootFile(at Config, mac string, signed bool) (string, error) {
	switch {
	case (c.kind == script || c.kind == uefi) && !at.HTTP.IsValid():
		return "", fmt.Errorf("there is no HTTP server to load from")
	case c.kind == script:
		return fmt.Sprintf("http://%s/boot/%s", at.HTTP, strings.ReplaceAll(mac, ":", "-")), nil
	}
	file, err := c.arch.Program(at.Files, signed)
	if c.kind == pi {
		file, err = piFile(at.Files)
	}
	switch {
	case err != nil:
		return "", err
	case c.kind == uefi:
		return fmt.Sprintf("http://%s/%s", at.HTTP, ipxe.Path(file)), nil
	case at.TFTP.Port() != 69:
		return "", fmt.Errorf("there is no TFTP server on port 69 to load from")
	}
	return file, nil
}
