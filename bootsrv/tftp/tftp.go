// Package tftp serves the few files that firmware fetches over TFTP (RFC 1350):
// iPXE binaries, signed programs, autoexec.ipxe, grub/grub.cfg. The names are a fixed table; there is no
// folder that a name could climb out of, and nothing can be written.
//
// A client that has not answered yet draws one packet for each that it sends, and gives way
// to others: the address of a request may be forged.
package tftp

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"path"
	"strings"

	"ironhook/bootsrv/journal"
	"ironhook/grub"
	"ironhook/internal/timing"
	"ironhook/ipxe"
)

// Server serves boot files over TFTP.
type Server struct {
	Files map[string][]byte // iPXE binaries by name
	// HTTP is the server that autoexec.ipxe leads to. An unspecified address stands for
	// the one that the machine has reached; the zero value for none.
	HTTP    netip.AddrPort
	Journal *journal.Journal
	Times   *timing.Set // counts the requests
	Log     *slog.Logger
}

var errNoSuchFile = errors.New("no such file")

const (
	autoexec   = "autoexec.ipxe"
	grubConfig = "grub/grub.cfg" // what Debian's signed GRUB fetches first
)

// content is the table of names.
func (s *Server) content(name string, here netip.Addr) ([]byte, error) {
	first := name == grubConfig
	if path.Base(name) != autoexec && !first {
		for _, key := range keys(name) {
			if content, ok := s.Files[key]; ok {
				return content, nil
			}
		}
		return nil, errNoSuchFile
	}
	at := s.HTTP
	if at.Addr().IsUnspecified() {
		at = netip.AddrPortFrom(here, at.Port())
	}
	if !at.Addr().IsValid() {
		return nil, errNoSuchFile
	}
	if first {
		var b bytes.Buffer
		_, err := grub.Dispatcher(at, "snponly.efi").WriteTo(&b)
		return b.Bytes(), err
	}
	script, err := ipxe.Autoexec(fmt.Sprintf("http://%s/boot.ipxe", at))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	_, err = script.WriteTo(&b)
	return b.Bytes(), err
}

// keys are the files that a name may mean. A Raspberry Pi asks for those of its folder, and
// there first below its serial number; what is the same for all is not kept there.
func keys(name string) []string {
	keys := []string{name, ipxe.PiFolder + "/" + name}
	if serial, rest, below := strings.Cut(name, "/"); below && len(serial) == 8 && strings.Trim(serial, "0123456789abcdef") == "" {
		keys = append(keys, ipxe.PiFolder+"/"+rest)
	}
	return keys
}

// clean undoes what firmware does to a name: a leading slash of either kind, and
// the byte 0xff that some append to a name taken from a DHCP packet.
func clean(name string) string {
	name, _, _ = strings.Cut(name, "\xff")
	return strings.TrimLeft(name, `/\`)
}
