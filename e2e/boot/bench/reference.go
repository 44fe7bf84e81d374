package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

// dnsmasqConf is a good configuration of dnsmasq for this purpose: it tells iPXE
// from firmware, and it advertises a router, without which iPXE waits about 13
// seconds for one. Parameters: TFTP folder.
const dnsmasqConf = `port=0
interface=` + lab.Bridge + `
bind-dynamic
except-interface=lo
keep-in-foreground
log-facility=-
user=root
leasefile-ro
no-ping
dhcp-range=10.77.0.100,10.77.0.200,255.255.255.0,1h
dhcp-authoritative
enable-tftp
tftp-root=%s
dhcp-match=set:ipxe,175
dhcp-match=set:bios,option:client-arch,0
dhcp-match=set:uefi,option:client-arch,7
dhcp-match=set:uefi,option:client-arch,9
dhcp-boot=tag:!ipxe,tag:bios,undionly.kpxe
dhcp-boot=tag:!ipxe,tag:uefi,tag:!secure,` + loader + `
dhcp-boot=tag:!ipxe,tag:secure,` + signedDir + loader + `
dhcp-boot=tag:ipxe,tag:!secure,http://` + lab.Address + `/boot.ipxe
dhcp-boot=tag:ipxe,tag:secure,http://` + lab.Address + `/` + signedDir + `boot.ipxe
enable-ra
ra-param=` + lab.Bridge + `,4,0
dhcp-range=fd77::,ra-only,64
`

// referenceScript boots a disk. Parameters: LUN.
const referenceScript = `#!ipxe
set initiator-iqn iqn.2024-01.test.reference:${mac:hexhyp}
set keep-san 1
sanboot iscsi:` + lab.Address + `:::%d:` + referenceIQN + `
`

const referenceIQN = "iqn.2024-01.test.reference:disk"

// signedDir is the folder with what the machine with Secure Boot loads.
const signedDir = "signed/"

// LUNs of the reference. tgt keeps 0 for itself.
const (
	plainLUN  = 1
	signedLUN = 2
)

// known is what dnsmasq must know of one machine: that it has Secure Boot, or where the disk is for
// the initiator of its firmware.
func known(m *lab.Machine) string {
	switch {
	case m.SecureBoot != nil:
		return fmt.Sprintf("dhcp-host=%s,set:secure\n", m.MAC)
	case m.Initiator != "":
		return fmt.Sprintf("dhcp-host=%s,set:own\ndhcp-option-force=tag:own,17,\"iscsi:%s::3260:%d:%s\"\ndhcp-option-force=tag:own,203,\"%s\"\n",
			m.MAC, lab.Address, plainLUN, referenceIQN, m.Initiator)
	}
	return ""
}

// reference serves the machines with the usual set; they share a disk, since
// only one of them is on at a time.
func reference(ctx context.Context, img image.Image, hardware []lab.Hardware, signed string) (*stack, error) {
	l, err := lab.New("bench-reference")
	if err != nil {
		return nil, err
	}
	s := &stack{name: "dnsmasq, http, tgt", lab: l}
	machines := make([]*lab.Machine, len(hardware))
	var hosts strings.Builder
	for i, hw := range hardware {
		if machines[i], err = l.Machine(ctx, hw); err != nil {
			return s, err
		}
		hosts.WriteString(known(machines[i]))
	}
	if err := startReference(ctx, l, hosts.String(), signed); err != nil {
		return s, err
	}
	if err := startTgt(ctx, l, img); err != nil {
		return s, err
	}
	boots := make([]int, len(hardware))
	s.boot = func(ctx context.Context, i int) (time.Duration, error) {
		boots[i]++
		if err := machines[i].PowerOn(); err != nil {
			return 0, err
		}
		return awaitRoot(ctx, machines[i], boots[i])
	}
	return s, nil
}

// startReference serves boot programs and scripts with dnsmasq and Python's web server.
func startReference(ctx context.Context, l *lab.Lab, hosts, signed string) error {
	dir := filepath.Join(l.Dir, "reference")
	if err := referenceFiles(dir, signed); err != nil {
		return err
	}
	conf := filepath.Join(l.Dir, "dnsmasq.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, dnsmasqConf+"%s", dir, hosts), 0o644); err != nil {
		return err
	}
	dnsmasq, err := l.Start("dnsmasq", "dnsmasq", "--conf-file="+conf)
	if err != nil {
		return err
	}
	if _, err := dnsmasq.Log.Wait(ctx, regexp.MustCompile(`TFTP root is`)); err != nil {
		return err
	}
	http, err := l.Start("http", "/usr/bin/python3", "-u", "-m", "http.server", "80", "--directory", dir, "--bind", lab.Address)
	if err != nil {
		return err
	}
	_, err = http.Log.Wait(ctx, regexp.MustCompile(`Serving HTTP`))
	return err
}

// referenceFiles lays out what TFTP and HTTP serve: our own iPXE binaries, so
// that only the servers differ.
func referenceFiles(dir, signed string) error {
	root, err := lab.Root()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(dir, signedDir), 0o755); err != nil {
		return err
	}
	for name, from := range map[string]string{
		"undionly.kpxe":    filepath.Join(root, "ipxe", "bin", "undionly.kpxe"),
		loader:             filepath.Join(root, "ipxe", "bin", loader),
		signedDir + loader: filepath.Join(signed, "x86_64-sb", loader),
	} {
		body, err := os.ReadFile(from)
		if err != nil {
			return fmt.Errorf("%w (run scripts/ipxe.sh)", err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), body, 0o644); err != nil {
			return err
		}
	}
	return errors.Join(os.WriteFile(filepath.Join(dir, "boot.ipxe"), fmt.Appendf(nil, referenceScript, plainLUN), 0o644),
		os.WriteFile(filepath.Join(dir, signedDir, "boot.ipxe"), fmt.Appendf(nil, referenceScript, signedLUN), 0o644))
}

// startTgt exports two disks to anybody, of which one boots under Secure Boot. tgtd's control socket is a
// file with a fixed name, so it gets a /run of its own.
func startTgt(ctx context.Context, l *lab.Lab, img image.Image) error {
	plain, signed := filepath.Join(l.Dir, "plain.raw"), filepath.Join(l.Dir, "signed.raw")
	if err := errors.Join(img.Volume(ctx, plain, image.Options{}), img.Volume(ctx, signed, image.Options{Signed: true})); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", "/run", "tmpfs", 0, "mode=0755"); err != nil {
		return fmt.Errorf("private /run for tgtd: %w", err)
	}
	tgt, err := l.Start("tgtd", "tgtd", "--foreground", "--iscsi", "portal="+lab.Address+":3260")
	if err != nil {
		return err
	}
	if err := l.Listening(ctx, tgt, lab.Address+":3260"); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"--op", "new", "--mode", "target", "--tid", "1", "-T", referenceIQN},
		{"--op", "new", "--mode", "logicalunit", "--tid", "1", "--lun", strconv.Itoa(plainLUN), "-b", plain},
		{"--op", "new", "--mode", "logicalunit", "--tid", "1", "--lun", strconv.Itoa(signedLUN), "-b", signed},
		{"--op", "bind", "--mode", "target", "--tid", "1", "-I", "ALL"},
	} {
		if _, err := l.Output(ctx, nil, "tgtadm", append([]string{"--lld", "iscsi"}, args...)...); err != nil {
			return err
		}
	}
	return nil
}
