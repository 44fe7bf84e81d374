package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
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
dhcp-boot=tag:!ipxe,tag:uefi,snponly.efi
dhcp-boot=tag:ipxe,http://` + lab.Address + `/boot.ipxe
enable-ra
ra-param=` + lab.Bridge + `,4,0
dhcp-range=fd77::,ra-only,64
`

// referenceScript boots the disk; tgt keeps LUN 0 for itself.
const referenceScript = `#!ipxe
set initiator-iqn iqn.2024-01.test.reference:${mac:hexhyp}
set keep-san 1
sanboot iscsi:` + lab.Address + `:::1:` + referenceIQN + `
`

const referenceIQN = "iqn.2024-01.test.reference:disk"

// reference serves the machines with the usual set; they share a disk, since
// only one of them is on at a time.
func reference(ctx context.Context, img image.Image, hardware []lab.Hardware) (*stack, error) {
	l, err := lab.New("bench-reference")
	if err != nil {
		return nil, err
	}
	s := &stack{name: "dnsmasq, http, tgt", lab: l}
	disk := filepath.Join(l.Dir, "disk.raw")
	if err := img.Volume(ctx, disk, image.Options{}); err != nil {
		return s, err
	}
	if err := startReference(ctx, l, disk); err != nil {
		return s, err
	}
	machines := make([]*lab.Machine, len(hardware))
	for i, hw := range hardware {
		if machines[i], err = l.Machine(ctx, hw); err != nil {
			return s, err
		}
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

// startReference serves the disk with dnsmasq, Python's web server and tgt.
func startReference(ctx context.Context, l *lab.Lab, disk string) error {
	dir := filepath.Join(l.Dir, "reference")
	if err := referenceFiles(dir); err != nil {
		return err
	}
	conf := filepath.Join(l.Dir, "dnsmasq.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, dnsmasqConf, dir), 0o644); err != nil {
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
	if _, err := http.Log.Wait(ctx, regexp.MustCompile(`Serving HTTP`)); err != nil {
		return err
	}
	return startTgt(ctx, l, disk)
}

// referenceFiles lays out what TFTP and HTTP serve: our own iPXE binaries, so
// that only the servers differ.
func referenceFiles(dir string) error {
	root, err := lab.Root()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"undionly.kpxe", "snponly.efi"} {
		body, err := os.ReadFile(filepath.Join(root, "ipxe", "bin", name))
		if err != nil {
			return fmt.Errorf("%w (run scripts/ipxe.sh)", err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), body, 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "boot.ipxe"), []byte(referenceScript), 0o644)
}

// startTgt exports the disk to anybody. tgtd's control socket is a file with a
// fixed name, so it gets a /run of its own.
func startTgt(ctx context.Context, l *lab.Lab, disk string) error {
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
		{"--op", "new", "--mode", "logicalunit", "--tid", "1", "--lun", "1", "-b", disk},
		{"--op", "bind", "--mode", "target", "--tid", "1", "-I", "ALL"},
	} {
		if _, err := l.Output(ctx, nil, "tgtadm", append([]string{"--lld", "iscsi"}, args...)...); err != nil {
			return err
		}
	}
	return nil
}
