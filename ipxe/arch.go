package ipxe

import (
	"fmt"
	"strings"
)

// Arch is a client's system architecture as DHCP option 93 carries it (RFC 4578
// section 2.1; IANA, "Processor Architecture Types").
type Arch uint16

// Loader is the binary for an architecture.
type Loader struct {
	Name   string // of the architecture, for a person
	File   string // in bin; "" when there is none
	Signed string // the folder of its signed programs, "" for none
	HTTP   bool   // the firmware fetches it over HTTP, not TFTP
}

// architectures is IANA's registry as far as machines ask for it. Firmware that says
// 9 (EFI byte code) means x64: RFC 4578 gave that number to it at first.
var architectures = map[Arch]Loader{
	0:  {Name: "BIOS", File: "undionly.kpxe"},
	6:  {Name: "UEFI x86", File: "ipxe-ia32.efi"},
	7:  {Name: "UEFI x64", File: "snponly.efi", Signed: "x86_64-sb"},
	9:  {Name: "UEFI x64", File: "snponly.efi", Signed: "x86_64-sb"},
	10: {Name: "UEFI arm", File: "ipxe-arm32.efi"},
	11: {Name: "UEFI arm64", File: "ipxe-arm64.efi", Signed: "arm64-sb"},
	15: {Name: "UEFI x86 HTTP", File: "ipxe-ia32.efi", HTTP: true},
	16: {Name: "UEFI x64 HTTP", File: "snponly.efi", Signed: "x86_64-sb", HTTP: true},
	17: {Name: "UEFI x64 HTTP", File: "snponly.efi", Signed: "x86_64-sb", HTTP: true},
	18: {Name: "UEFI arm HTTP", File: "ipxe-arm32.efi", HTTP: true},
	19: {Name: "UEFI arm64 HTTP", File: "ipxe-arm64.efi", Signed: "arm64-sb", HTTP: true},
}

// Loader returns the binary for a. File is "" for an unknown architecture.
func (a Arch) Loader() Loader {
	if l, ok := architectures[a]; ok {
		return l
	}
	return Loader{Name: fmt.Sprintf("architecture %d", uint16(a))}
}

// Program is the name of the program that firmware of the architecture is to load, a signed
// one if it starts no other and files have one. The error says why there is none.
func (a Arch) Program(files map[string][]byte, signed bool) (string, error) {
	l := a.Loader()
	if name := l.SignedFile(files); signed && name != "" {
		return name, nil
	}
	switch _, there := files[l.File]; {
	case l.File == "":
		return "", fmt.Errorf("there is no iPXE binary for %s", l.Name)
	case !there:
		return "", fmt.Errorf("iPXE binary %s for %s is neither in this build nor in the folder of iPXE binaries", l.File, l.Name)
	}
	return l.File, nil
}

// Path is the path of a program, as of [Arch.Program], on the HTTP server.
func Path(program string) string {
	if strings.HasPrefix(program, SecureFolder+"/") {
		return program
	}
	return "ipxe/" + program
}

// String returns the name of the architecture.
func (a Arch) String() string { return a.Loader().Name }
