package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"ironhook/bootsrv"
	"ironhook/store"
)

// check refuses options that contradict each other: one of them would be without
// effect, and whoever gave it would find out from a machine that does not boot.
func (c *Config) check() error {
	nowhere := len(c.BootInterfaces) == 0
	gives := c.DHCP == bootsrv.Auto || c.DHCP == bootsrv.Full
	for _, rule := range []struct {
		broken bool
		text   string
	}{
		{nowhere && (c.DHCP == bootsrv.Full || c.DHCP == bootsrv.Proxy),
			fmt.Sprintf("--dhcp %s: name the network on which machines boot with --boot-interface", c.DHCP)},
		{nowhere && c.Range != "",
			fmt.Sprintf("--dhcp-range %s: name the network on which machines boot with --boot-interface", c.Range)},
		{c.Range != "" && !gives,
			fmt.Sprintf("--dhcp-range %s: with --dhcp %s no addresses are given; leave one of the two out", c.Range, c.DHCP)},
		{clash(c.API, c.HTTP), fmt.Sprintf("--api %s, --http %s: give each a port of its own", c.API, c.HTTP)},
		{clash(c.API, c.ISCSI), fmt.Sprintf("--api %s, --iscsi %s: give each a port of its own", c.API, c.ISCSI)},
		{clash(c.HTTP, c.ISCSI), fmt.Sprintf("--http %s, --iscsi %s: give each a port of its own", c.HTTP, c.ISCSI)},
		{!nowhere && loopback(c.HTTP), unreachable("--http", c.HTTP)},
		{!nowhere && loopback(c.TFTP), unreachable("--tftp", c.TFTP)},
		{!nowhere && loopback(c.ISCSI), unreachable("--iscsi", c.ISCSI)},
	} {
		if rule.broken {
			return misuse("%s", rule.text)
		}
	}
	return nil
}

// clash tells whether two listeners would be in each other's way: a listener without
// an address is on all of them.
func clash(a, b string) bool {
	hostA, portA, _ := net.SplitHostPort(a)
	hostB, portB, _ := net.SplitHostPort(b)
	return portA == portB && portA != "0" && (hostA == hostB || hostA == "" || hostB == "")
}

func loopback(address string) bool {
	a, err := netip.ParseAddrPort(address)
	return err == nil && a.Addr().Unmap().IsLoopback()
}

func unreachable(option, address string) string {
	return fmt.Sprintf("%s %s: machines on the boot interface cannot reach the loopback of this one; leave the address out to listen on all", option, address)
}

// explain makes an operator's error of a data directory that does not serve its
// purpose: it names the option and the remedy. Other errors it returns as they are.
func (c *Config) explain(err error) error {
	var remedy string
	switch {
	case errors.As(err, new(usageError)):
		return err
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		remedy = "make room there, or give another directory"
	case errors.Is(err, unix.EROFS), errors.Is(err, fs.ErrPermission), errors.Is(err, unix.ENOTDIR):
		remedy = "give a directory that you may write to"
	default:
		remedy = store.Remedy(err)
	}
	if remedy == "" {
		return err
	}
	return misuse("--data %s: %w; %s", c.Data, err, remedy)
}

// unknownVariables are those of environ that look like options and are none: most
// often misspelt ones. They are no error, since others may name theirs like ours.
func unknownVariables(environ []string) (unknown []string) {
	known := []string{"IRONHOOK_CONFIG", "IRONHOOK_URL"}
	for _, o := range options() {
		known = append(known, o.env())
	}
	for _, setting := range environ {
		name, _, _ := strings.Cut(setting, "=")
		if strings.HasPrefix(name, "IRONHOOK_") && !slices.Contains(known, name) {
			unknown = append(unknown, name)
		}
	}
	return unknown
}
