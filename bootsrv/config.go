package bootsrv

import (
	"io/fs"
	"log/slog"

	"ironhook/bootsrv/dhcp"
	"ironhook/store"
)

// Mode is how the DHCP server works: beside another server, as the only one, or
// whichever the network needs.
type Mode = dhcp.Mode

// The modes of DHCP.
const (
	Auto  = dhcp.Auto
	Proxy = dhcp.Proxy
	Full  = dhcp.Full
	Off   = dhcp.Off
)

// ParseMode reads the name of a mode.
func ParseMode(s string) (Mode, error) { return dhcp.ParseMode(s) }

// DefaultTFTP is the only port at which firmware looks for a TFTP server.
const DefaultTFTP = ":69"

// Config says where and how to serve.
type Config struct {
	Interfaces []string // on which machines boot; none means no DHCP
	DHCP       Mode
	Range      string // "A-B", the addresses to lease; "" for none
	HTTP       string // host:port of the boot files; "" for none
	TFTP       string // host:port; "" for none. DefaultTFTP is opened only where there is a boot interface
	Binaries   fs.FS  // iPXE, see package ipxe
	Store      *store.Store
	Log        *slog.Logger
}
