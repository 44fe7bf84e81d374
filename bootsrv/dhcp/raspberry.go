package dhcp

import (
	"bytes"
	"fmt"
	"net"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"ironhook/ipxe"
)

// The boot ROM of a Raspberry Pi is no PXE firmware, though it says so: it names the
// architecture 0, takes an offer only if option 43 has a boot menu with the entry
// "Raspberry Pi Boot", and fetches files of fixed names over TFTP, first from a folder named
// after its serial number. It loads a UEFI firmware, which then boots over the network.

// piFiles are the files that begin a boot, of the models up to 3 and from 4 on.
var piFiles = []string{ipxe.PiFolder + "/bootcode.bin", ipxe.PiFolder + "/start4.elf", ipxe.PiFolder + "/config.txt"}

// piCards are the prefixes of the MAC addresses of Raspberry Pi (IEEE's registry).
var piCards = [][]byte{
	{0xb8, 0x27, 0xeb}, {0xdc, 0xa6, 0x32}, {0xe4, 0x5f, 0x01}, {0xd8, 0x3a, 0xdd}, {0x2c, 0xcf, 0x67}, {0x28, 0xcd, 0xc1}, {0x88, 0xa2, 0x9e},
}

// piMenu is PXE's options for the boot ROM: no discovery of boot servers, a prompt, and the
// menu (PXE specification 2.1, section 2.4.4, tags 6, 10 and 9).
var piMenu = dhcpv4.OptGeneric(dhcpv4.OptionVendorSpecificInformation,
	append(append([]byte{6, 1, 3, 10, 4, 0, 'P', 'X', 'E', 9, 20, 0, 0, 17}, "Raspberry Pi Boot"...), 255))

// isPi reports whether PXE firmware of architecture 0 is the boot ROM of a Raspberry Pi: by
// its GUID, which begins with RPi from model 4 on, or by its card.
func isPi(p *dhcpv4.DHCPv4) bool {
	if bytes.HasPrefix(p.Options.Get(dhcpv4.OptionClientMachineIdentifier), []byte("\x00RPi")) {
		return true
	}
	for _, prefix := range piCards {
		if bytes.HasPrefix(p.ClientHWAddr, net.HardwareAddr(prefix)) {
			return true
		}
	}
	return false
}

// piFile is the first file that such a machine asks for.
func piFile(files map[string][]byte) (string, error) {
	for _, name := range piFiles {
		if _, there := files[name]; there {
			return name[len(ipxe.PiFolder)+1:], nil
		}
	}
	return "", fmt.Errorf("the folder %s of the iPXE binaries has no firmware for a Raspberry Pi", ipxe.PiFolder)
}
