package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"ironhook/appliance"
)

// listening is the error of a listener on a port that is taken, as package net makes it.
func listening(cause error) error {
	return &net.OpError{Op: "listen", Net: "tcp", Err: os.NewSyscallError("bind", cause)}
}

// Each cause that an operator meets is one line that names the option and the remedy.
func TestExplain(t *testing.T) {
	subnets := []appliance.Subnet{{Prefix: netip.MustParsePrefix("10.0.0.0/24"), Interface: "br0"}}
	socket := func(cause error) error { return &appliance.SocketError{Interface: "br0", Port: 67, Err: cause} }
	for _, c := range []struct {
		fault appliance.Fault
		wants []string // the first is where the line begins
	}{
		{appliance.Fault{Setting: appliance.Data, Value: "/d", Err: unix.ENOSPC}, []string{"--data /d: ", "; make room there"}},
		{appliance.Fault{Setting: appliance.Data, Value: "/d", Err: unix.EDQUOT}, []string{"--data /d: ", "; make room there"}},
		{appliance.Fault{Setting: appliance.Data, Value: "/d", Err: &fs.PathError{Op: "open", Path: "/d/lock", Err: unix.EACCES}},
			[]string{"--data /d: ", "; give a directory that you may write to"}},
		{appliance.Fault{Setting: appliance.Data, Value: "/d", Err: &fs.PathError{Op: "mkdir", Path: "/d", Err: unix.EROFS}},
			[]string{"--data /d: ", "; give a directory that you may write to"}},
		{appliance.Fault{Setting: appliance.Data, Value: "/d", Err: appliance.ErrInUse},
			[]string{"--data /d: another ironhook works there; stop it or give another directory"}},
		{appliance.Fault{Setting: appliance.Data, Value: "/d", Err: errors.New("damaged"), Remedy: "restore it"},
			[]string{"--data /d: damaged; restore it"}},
		{appliance.Fault{Setting: appliance.API, Value: ":80", Err: listening(unix.EADDRINUSE)},
			[]string{"--api :80: another program listens there; stop it (ss -lntup", "listen tcp"}},
		{appliance.Fault{Setting: appliance.TFTP, Value: ":69", Err: listening(unix.EACCES)},
			[]string{"--tftp :69: ports below 1024 need root or CAP_NET_BIND_SERVICE: "}},
		{appliance.Fault{Setting: appliance.HTTP, Value: "192.0.2.1:80", Err: listening(unix.EADDRNOTAVAIL)},
			[]string{"--http 192.0.2.1:80: no interface of this machine has that address"}},
		{appliance.Fault{Setting: appliance.ISCSI, Value: ":x", Err: errors.New("odd")}, []string{"--iscsi :x: odd"}},
		{appliance.Fault{Setting: appliance.BootInterfaces, Value: "eth9", Err: errors.New("it is down")},
			[]string{"--boot-interface eth9: it is down"}},
		{appliance.Fault{Setting: appliance.DHCP, Err: socket(unix.EADDRINUSE)},
			[]string{"--dhcp: UDP port 67 on br0 is taken by another DHCP server", "dnsmasq", "--dhcp off: "}},
		{appliance.Fault{Setting: appliance.DHCP, Value: "auto", Err: socket(unix.EPERM)},
			[]string{"--dhcp auto: answering machines on br0 needs root", "CAP_NET_RAW", "--dhcp off: "}},
		{appliance.Fault{Setting: appliance.DHCP, Err: socket(unix.EIO)}, []string{"--dhcp: UDP port 67 on br0 cannot be opened", "--dhcp off"}},
		{appliance.Fault{Setting: appliance.Range, Err: &appliance.RangeError{Subnets: subnets}},
			[]string{"--dhcp full needs --dhcp-range A-B", "(out of 10.0.0.0/24 on br0)"}},
		{appliance.Fault{Setting: appliance.IPXEDir, Err: fmt.Errorf("iPXE binary x is not in this build: %w", fs.ErrNotExist)},
			[]string{"--ipxe-dir: iPXE binary x", `; run "make build"`, "name that with --ipxe-dir"}},
		{appliance.Fault{Setting: appliance.TLS, Err: &appliance.KeyPairError{Cert: "a b", Key: "k", Err: errors.New("no PEM")}},
			[]string{"--tls-cert a b, --tls-key k: no PEM; give PEM files that belong together"}},
		{appliance.Fault{Setting: appliance.Sandbox, Err: errors.New("odd")},
			[]string{"--sandbox auto: odd; with --sandbox off the appliance serves"}},
		{appliance.Fault{Setting: appliance.HardwareTypes, Err: errors.New("no hardware type")}, []string{"--hardware-types: no hardware type"}},
		{appliance.Fault{Setting: appliance.Users, Value: "/d/htpasswd", Err: errors.New("line 1")}, []string{"/d/htpasswd: line 1"}},
		{appliance.Fault{Setting: appliance.BootServers, Err: errors.New("why")}, []string{"why"}},
	} {
		err := explain(&c.fault)
		text := err.Error()
		if !errors.As(err, new(usageError)) || !strings.HasPrefix(text, c.wants[0]) || strings.Contains(text, "\n") {
			t.Errorf("explain(%v) = %q, want one line that begins with %q", &c.fault, text, c.wants[0])
		}
		for _, want := range c.wants {
			if !strings.Contains(text, want) {
				t.Errorf("explain(%v) = %q, want %q in it", &c.fault, text, want)
			}
		}
	}
	if other := errors.New("name of this machine"); explain(other) != other || explain(nil) != nil {
		t.Error("an error that is no setting's is worded anew")
	}
}
