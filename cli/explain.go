package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"

	"golang.org/x/sys/unix"

	"ironhook/appliance"
)

// optionOf names the option that set a setting.
var optionOf = map[appliance.Setting]string{
	appliance.Data: "--data", appliance.API: "--api", appliance.ISCSI: "--iscsi", appliance.HTTP: "--http", appliance.TFTP: "--tftp",
	appliance.BootInterfaces: "--boot-interface", appliance.DHCP: "--dhcp", appliance.Range: "--dhcp-range", appliance.Relays: "--dhcp-relay",
	appliance.HardwareTypes: "--hardware-types", appliance.IPXEDir: "--ipxe-dir", appliance.DHCP6: "--dhcp6",
	appliance.SecureDir: "--secure-boot-dir", appliance.TLS: "--tls-cert", appliance.Cinder: "--cinder", appliance.Sandbox: "--sandbox",
	appliance.BackupTo: "--backup-to",
}

// explain makes a usage error of a setting that keeps the appliance from starting: one
// line that names the option and the remedy. Other errors it returns as they are.
func explain(err error) error {
	var f *appliance.Fault
	if !errors.As(err, &f) {
		return err
	}
	subject := strings.TrimSpace(optionOf[f.Setting] + " " + f.Value)
	var socket *appliance.SocketError
	var addresses *appliance.RangeError
	var pair *appliance.KeyPairError
	switch {
	case f.Setting == appliance.BootServers:
		return misuse("%w", f.Err)
	case f.Setting == appliance.Sandbox:
		return misuse("%s auto: %w; with %s off the appliance serves without it", subject, f.Err, subject)
	case errors.As(f.Err, &socket):
		return misuse("%s: %s: %w", subject, socketRemedy(socket), socket.Err)
	case errors.As(f.Err, &addresses) && addresses.Range.Empty():
		return misuse("--dhcp full needs --dhcp-range A-B, the addresses to give to machines (out of %s)", addresses.List())
	case errors.As(f.Err, &addresses):
		return misuse("%s does not lie in the subnet of a boot interface (%s)", subject, addresses.List())
	case errors.As(f.Err, &pair):
		return misuse("--tls-cert %s, --tls-key %s: %w; give PEM files that belong together", pair.Cert, pair.Key, pair.Err)
	}
	return misuse("%s: %s%w%s", subject, listenRemedy(f.Err), f.Err, remedyAfter(f))
}

// listenRemedy says, after ": ", what to do about an address on which a server cannot
// listen; "" for any other error.
func listenRemedy(err error) string {
	var call *net.OpError
	switch {
	case !errors.As(err, &call) || call.Op != "listen" || call.Net == "unix":
		return ""
	case errors.Is(err, unix.EADDRINUSE):
		return "another program listens there; stop it (ss -lntup shows it) or give another address: "
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return "ports below 1024 need root or CAP_NET_BIND_SERVICE: "
	case errors.Is(err, unix.EADDRNOTAVAIL):
		return "no interface of this machine has that address (ip address shows which there are): "
	}
	return ""
}

// socketRemedy is what to do about a port that the DHCP server cannot open.
func socketRemedy(e *appliance.SocketError) string {
	switch {
	case errors.Is(e, unix.EADDRINUSE):
		return fmt.Sprintf("UDP port %d on %s is taken by another DHCP server on this machine (often dnsmasq): stop it, or use --dhcp off",
			e.Port, e.Interface)
	case errors.Is(e, unix.EPERM), errors.Is(e, unix.EACCES):
		return fmt.Sprintf("answering machines on %s needs root, or the capabilities CAP_NET_BIND_SERVICE and CAP_NET_RAW; or use --dhcp off",
			e.Interface)
	}
	return fmt.Sprintf("UDP port %d on %s cannot be opened; use --dhcp off to go without", e.Port, e.Interface)
}

// remedyAfter says, after "; ", what else to do about a setting; "" for nothing.
func remedyAfter(f *appliance.Fault) string {
	switch {
	case f.Remedy != "":
		return "; " + f.Remedy
	case errors.Is(f.Err, appliance.ErrInUse):
		return "; stop it or give another directory"
	case f.Setting == appliance.IPXEDir && errors.Is(f.Err, fs.ErrNotExist):
		return `; run "make build" (scripts/ipxe.sh fetches the binaries), or put it into a folder and name that with --ipxe-dir`
	case f.Setting != appliance.Data:
		return ""
	case errors.Is(f.Err, unix.ENOSPC), errors.Is(f.Err, unix.EDQUOT):
		return "; make room there, or give another directory"
	case errors.Is(f.Err, unix.EROFS), errors.Is(f.Err, fs.ErrPermission), errors.Is(f.Err, unix.ENOTDIR):
		return "; give a directory that you may write to"
	}
	return ""
}
