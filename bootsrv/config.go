package bootsrv

import (
	"io/fs"
	"log/slog"

	"ironhook/bootsrv/dhcp"
	"ironhook/internal/timing"
	"ironhook/store"
)

// Mode is the mode of the DHCP server: beside another server, as the only one, or
// automatic.
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

// DefaultTFTP is the only port that firmware uses for TFTP.
const DefaultTFTP = ":69"

// Config says where and how to serve.
type Config struct {
	Interfaces []string // boot interfaces; none means no DHCP
	DHCP       Mode
	Range      string   // "A-B", the addresses to lease; "" for none
	DHCP6      bool     // boot enrolled machines over IPv6, too
	Relays     []string // ADDRESS/LENGTH or ADDRESS/LENGTH=A-B each, see dhcp.ParseRelay
	HTTP       string   // host:port of the boot files; "" for none
	TFTP       string   // host:port; "" for none. DefaultTFTP is opened only where there is a boot interface
	Binaries   fs.FS    // iPXE, see package ipxe
	Secure     fs.FS    // signed programs, see [ipxe.Signed]; nil for none
	Unknown    []byte   // script for machines that are not enrolled, nil for one that says so
	Agent      Agent
	Store      *store.Store
	Times      *timing.Set // counts what is served; nil counts nothing
	Log        *slog.Logger
}
