package dhcp

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"ironhook/ipxe"
)

// kind is the kind of software that asks.
type kind int

const (
	system kind = iota // an operating system, or another client that does not boot
	pxe                // firmware that loads over TFTP
	uefi               // UEFI's HTTP boot
	script             // iPXE, in ROM or loaded before
)

// client identifies the sender of a packet.
type client struct {
	kind kind
	arch ipxe.Arch
}

// identify identifies the sender. iPXE calls itself PXEClient too, so it is checked first;
// otherwise iPXE would load iPXE for ever.
func identify(p *dhcpv4.DHCPv4) client {
	c := client{arch: arch(p)}
	class := p.ClassIdentifier()
	switch {
	case p.Options.Has(encapsulated) || bytes.Contains(p.Options.Get(dhcpv4.OptionUserClassInformation), []byte("iPXE")):
		c.kind = script
	case strings.HasPrefix(class, httpClient):
		c.kind = uefi
	case strings.HasPrefix(class, pxeClient):
		c.kind = pxe
	}
	return c
}

// arch is the first architecture that the client names; a client without one is a BIOS
// older than RFC 4578.
func arch(p *dhcpv4.DHCPv4) ipxe.Arch {
	v := p.Options.Get(dhcpv4.OptionClientSystemArchitectureType)
	if len(v) < 2 {
		return 0
	}
	return ipxe.Arch(uint16(v[0])<<8 | uint16(v[1]))
}

func (c client) String() string {
	switch c.kind {
	case script:
		return "iPXE on " + c.arch.String()
	case pxe:
		return "PXE, " + c.arch.String()
	case uefi:
		return "HTTP boot, " + c.arch.String()
	}
	return "operating system"
}

// bootFile returns the boot file of the client: a URL, or a name on the TFTP server. The
// error says why there is none.
func (c client) bootFile(at Config, mac string) (string, error) {
	loader := c.arch.Loader()
	_, there := at.Files[loader.File]
	switch {
	case (c.kind == script || c.kind == uefi) && !at.HTTP.IsValid():
		return "", fmt.Errorf("there is no HTTP server to load from")
	case c.kind == script:
		return fmt.Sprintf("http://%s/boot/%s", at.HTTP, strings.ReplaceAll(mac, ":", "-")), nil
	case loader.File == "":
		return "", fmt.Errorf("there is no iPXE binary for %s", loader.Name)
	case !there:
		return "", fmt.Errorf("iPXE binary %s for %s is neither in this build nor in the folder of iPXE binaries", loader.File, loader.Name)
	case c.kind == uefi:
		return fmt.Sprintf("http://%s/ipxe/%s", at.HTTP, loader.File), nil
	case at.TFTP.Port() != 69:
		return "", fmt.Errorf("there is no TFTP server on port 69 to load from")
	}
	return loader.File, nil
}
