package dhcp6

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/insomniacslk/dhcp/dhcpv6"

	"ironhook/boot"
	"ironhook/ipxe"
)

// client is the software that asks.
type client struct {
	arch   ipxe.Arch
	boots  bool // it asks for a boot file
	script bool // it is iPXE, which runs scripts
	http   bool // it is UEFI's HTTP boot
}

const (
	pxeClient  = "PXEClient"
	httpClient = "HTTPClient"
	// enterprise is the number that firmware has in its vendor class: Intel's.
	enterprise = 343
)

// identify identifies the sender of a message. iPXE calls itself PXEClient too.
func identify(m *dhcpv6.Message) client {
	var c client
	if archs := m.Options.ArchTypes(); len(archs) > 0 {
		c.arch, c.boots = ipxe.Arch(archs[0]), true
	}
	c.boots = c.boots && slices.Contains(m.Options.RequestedOptions(), dhcpv6.OptionBootfileURL)
	for _, class := range m.Options.VendorClasses() {
		for _, data := range class.Data {
			c.http = c.http || strings.HasPrefix(string(data), httpClient)
		}
	}
	for _, class := range m.Options.UserClasses() {
		c.script = c.script || bytes.Equal(class, []byte("iPXE"))
	}
	c.http = (c.http || c.arch.Loader().HTTP) && !c.script
	return c
}

func (c client) String() string {
	switch {
	case c.script:
		return boot.IPXE + c.arch.String() + ", IPv6"
	case c.http:
		return "HTTP boot over IPv6, " + c.arch.String()
	}
	return "PXE over IPv6, " + c.arch.String()
}

// url is the URL of the boot file of the client with this card (RFC 5970 section 3.1). The
// error says why there is none.
func (c client) url(at Config, card net.HardwareAddr, signed bool) (string, error) {
	if (c.script || c.http) && at.HTTP == 0 {
		return "", errors.New("no HTTP server listens on IPv6")
	}
	host := fmt.Sprintf("[%s]", at.Address.Addr())
	if c.script {
		return fmt.Sprintf("http://%s:%d/boot/%s", host, at.HTTP, strings.ReplaceAll(card.String(), ":", "-")), nil
	}
	name, err := c.arch.Program(at.Files, signed)
	switch {
	case err != nil:
		return "", err
	case c.http:
		return fmt.Sprintf("http://%s:%d/%s", host, at.HTTP, ipxe.Path(name)), nil
	case at.TFTP != 69:
		return "", errors.New("no TFTP server listens on port 69 of IPv6")
	}
	return fmt.Sprintf("tftp://%s/%s", host, name), nil
}
