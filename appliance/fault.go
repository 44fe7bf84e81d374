package appliance

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"

	"ironhook/bootsrv"
	"ironhook/bootsrv/dhcp"
	"ironhook/store"
)

// Setting names a field of [Config], or a file that belongs to one.
type Setting string

// The settings that a [Fault] may be about.
const (
	Data           Setting = "data directory"
	API            Setting = "API address"
	ISCSI          Setting = "iSCSI address"
	HTTP           Setting = "HTTP address"
	TFTP           Setting = "TFTP address"
	BootInterfaces Setting = "boot interface"
	DHCP           Setting = "DHCP mode"
	Range          Setting = "DHCP range"
	Relays         Setting = "DHCP relays"
	HardwareTypes  Setting = "hardware types"
	IPXEDir        Setting = "iPXE binaries"
	DHCP6          Setting = "DHCPv6"
	SecureDir      Setting = "signed programs"
	Cinder         Setting = "Cinder"
	TLS            Setting = "certificate"
	Users          Setting = "users"
	Sandbox        Setting = "sandbox"
	BackupTo       Setting = "backups"
	BootServers    Setting = "boot servers" // for no single reason
)

// Fault is a setting with which the appliance cannot start. Its text has no advice on
// how to change the setting, only the Remedy when something else helps.
type Fault struct {
	Setting Setting
	Value   string // the part of the setting that is wrong, "" for all
	Err     error
	Remedy  string // what else helps, "" for nothing
}

// Error names the setting, its value and the cause.
func (f *Fault) Error() string {
	text := string(f.Setting)
	if f.Value != "" {
		text += " " + f.Value
	}
	text += ": " + f.Err.Error()
	if f.Remedy != "" {
		text += "; " + f.Remedy
	}
	return text
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Err }

// Causes of a Fault with more detail than an error of the system.
type (
	SocketError = dhcp.SocketError   // a DHCP port that cannot be opened
	RangeError  = bootsrv.RangeError // a range on no boot interface
	Subnet      = bootsrv.Subnet     // of a RangeError
)

// KeyPairError is the cause of a Fault of TLS: a certificate and a key that cannot be
// read, or do not belong together.
type KeyPairError struct {
	Cert, Key string // their files
	Err       error
}

// Error names the files and the cause.
func (e *KeyPairError) Error() string { return e.Cert + ", " + e.Key + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *KeyPairError) Unwrap() error { return e.Err }

// ErrInUse is the cause of a Fault of Data: another appliance works there.
var ErrInUse = errors.New("another ironhook works there")

// bootSettings are the fields of bootsrv.Config as settings of ours.
var bootSettings = map[string]Setting{
	"Interfaces": BootInterfaces, "DHCP": DHCP, "Range": Range, "Relays": Relays, "DHCP6": DHCP6, "HTTP": HTTP, "TFTP": TFTP,
	"Binaries": IPXEDir, "Secure": SecureDir,
}

// bootFault makes a Fault of the error that kept the boot servers from opening.
func bootFault(err error) error {
	var f *bootsrv.Fault
	if errors.As(err, &f) {
		return &Fault{Setting: bootSettings[f.Field], Value: f.Value, Err: f.Err}
	}
	return &Fault{Setting: BootServers, Err: err}
}

// ofData are the errors of the system that are the data directory's fault, whichever
// file in it they are about.
var ofData = []error{unix.ENOSPC, unix.EDQUOT, unix.EROFS, unix.ENOTDIR, fs.ErrPermission}

// asFault makes a Fault of an error of the data directory. It returns other errors as
// they are.
func asFault(err error, data string) error {
	if errors.As(err, new(*Fault)) {
		return err
	}
	for _, cause := range ofData {
		if errors.Is(err, cause) {
			return &Fault{Setting: Data, Value: data, Err: err}
		}
	}
	if remedy := store.Remedy(err); remedy != "" {
		return &Fault{Setting: Data, Value: data, Err: err, Remedy: remedy}
	}
	return err
}
