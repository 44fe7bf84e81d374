// Package grub writes configurations of GRUB, the signed boot program of distributions, for
// machines with Secure Boot and without a signed iPXE. GRUB loads kernels over HTTP; it
// attaches no volumes.
package grub

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"ironhook/baremetal"
)

// Config is a configuration. It may have secrets, so [Config.WriteTo] is its only way out.
type Config struct{ lines []string }

// add appends a line. Values may only come through quote, device and say.
func (c *Config) add(format string, args ...any) {
	c.lines = append(c.lines, fmt.Sprintf(format, args...))
}

// WriteTo writes the configuration, one command a line.
func (c Config) WriteTo(w io.Writer) (int64, error) {
	return bytes.NewBufferString(strings.Join(c.lines, "\n") + "\n").WriteTo(w)
}

// say adds a line for the person at the screen.
func (c *Config) say(text string) {
	if len(text) > 160 {
		text = text[:157] + "..."
	}
	c.add("echo '%s'", strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`'\$`, r) {
			return '?'
		}
		return r
	}, text))
}

// Load is a kernel to start, with what it needs.
type Load struct {
	Node            string // name of the node in messages
	Kernel, Ramdisk string // URLs; Ramdisk may be ""
	Args            string // of the kernel, words with one space between
	Card            string // the MAC address with hyphens that it boots from
	Report          string // URL to fetch when everything is loaded, "" for none
}

// Boot makes the configuration that loads a kernel and starts it. What GRUB cannot fetch or
// pass on is ErrInvalid and names the key of instance_info.
func Boot(l Load) (c Config, err error) {
	kernel, err := device("kernel", l.Kernel)
	if err != nil {
		return c, err
	}
	args, err := words(l.Args + " BOOTIF=01-" + l.Card)
	if err != nil {
		return c, err
	}
	c.say("Ironhook boots " + l.Node + " from what GRUB loads over the network")
	c.add("if linux %s %s; then", kernel, args)
	steps := []string{"  boot"}
	if l.Report != "" {
		report, err := device("report", l.Report)
		if err != nil {
			return c, err
		}
		steps = append([]string{fmt.Sprintf("  if source %s; then true; fi", report)}, steps...)
	}
	if l.Ramdisk != "" {
		ramdisk, err := device("ramdisk", l.Ramdisk)
		if err != nil {
			return c, err
		}
		steps = append(append([]string{fmt.Sprintf("  if initrd %s; then", ramdisk)}, steps...), "  fi")
	}
	c.lines = append(append(c.lines, steps...), "fi")
	c.say("GRUB could not load it. Is the web server of the kernel reachable, and the kernel signed?")
	c.end(true)
	return c, nil
}

// Notice makes a configuration that shows lines and ends: with the machine off, or else with
// its next boot device.
func Notice(off bool, lines ...string) (c Config) {
	for _, line := range lines {
		c.say("Ironhook: " + line)
	}
	c.end(off)
	return c
}

func (c *Config) end(off bool) {
	c.add("sleep 5")
	if off {
		c.add("halt")
	}
	c.add("exit")
}

// Dispatcher makes the first configuration of any machine, which leads to its own: boot
// files are served over HTTP at an address, and plain is the name of an unsigned iPXE on the
// TFTP server. GRUB that is not locked down starts that: then Secure Boot is off.
func Dispatcher(at netip.AddrPort, plain string) (c Config) {
	c.add(`if [ "$lockdown" != y ]; then`)
	c.add("  if chainloader (tftp,%s)/%s; then boot; fi", at.Addr(), plain)
	c.add("fi")
	c.add("configfile (http,%s)/boot/$net_default_mac/grub.cfg", at)
	c.say("Ironhook: no configuration for this machine. GRUB needs its module http, which that of Debian 13 has")
	c.end(false)
	return c
}

// words quotes the arguments of a kernel. GRUB adds backslashes to some characters
// (grub_create_loader_cmdline in its source), so these are refused.
func words(args string) (string, error) {
	var all []string
	for word := range strings.SplitSeq(args, " ") {
		if word == "" {
			continue
		}
		if strings.IndexFunc(word, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`'"\`, r) }) >= 0 {
			return "", baremetal.Errorf(baremetal.ErrInvalid,
				`instance_info.kernel_append_params has a quote, a backslash, a control character or a character outside ASCII, which GRUB cannot `+
					`pass on.`)
		}
		all = append(all, "'"+word+"'")
	}
	return strings.Join(all, " "), nil
}

// host is a name or an IPv4 address with an optional port.
var host = regexp.MustCompile(`^[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?$`)

// device is a URL as GRUB names a file.
func device(key, text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" || u.User != nil || !host.MatchString(u.Host) || len(text) > 255 ||
		strings.IndexFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`'"\`, r) }) >= 0 {
		return "", baremetal.Errorf(baremetal.ErrInvalid, "instance_info.%s is no URL like http://HOST/PATH, and GRUB fetches nothing else.", key)
	}
	return fmt.Sprintf("'(http,%s)%s'", u.Host, u.RequestURI()), nil
}
