package ipxe

import "fmt"

// Arch is a client's system architecture as DHCP option 93 carries it (RFC 4578
// section 2.1; IANA, "Processor Architecture Types").
type Arch uint16

// Loader is the binary for an architecture.
type Loader struct {
	Name string // of the architecture, for a person
	File string // in bin; "" when there is none
	HTTP bool   // the firmware fetches it over HTTP, not TFTP
}

// architectures is IANA's registry as far as machines ask for it. Firmware that says
// 9 (EFI byte code) means x64: RFC 4578 gave that number to it at first.
var architectures = map[Arch]Loader{
	0:  {Name: "BIOS", File: "undionly.kpxe"},
	6:  {Name: "UEFI x86"},
	7:  {Name: "UEFI x64", File: "snponly.efi"},
	9:  {Name: "UEFI x64", File: "snponly.efi"},
	10: {Name: "UEFI arm"},
	11: {Name: "UEFI arm64", File: "ipxe-arm64.efi"},
	15: {Name: "UEFI x86 HTTP", HTTP: true},
	16: {Name: "UEFI x64 HTTP", File: "snponly.efi", HTTP: true},
	17: {Name: "UEFI x64 HTTP", File: "snponly.efi", HTTP: true},
	18: {Name: "UEFI arm HTTP", HTTP: true},
	19: {Name: "UEFI arm64 HTTP", File: "ipxe-arm64.efi", HTTP: true},
}

// Loader returns the binary for a. File is "" for an unknown architecture.
func (a Arch) Loader() Loader {
	if l, ok := architectures[a]; ok {
		return l
	}
	return Loader{Name: fmt.Sprintf("architecture %d", uint16(a))}
}

// String returns the name of the architecture.
func (a Arch) String() string { return a.Loader().Name }
