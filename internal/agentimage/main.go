// Agentimage packs the initramfs of the agent:
//
//	agentimage -program FILE -modules DIR [-shell FILE] -out FILE
//
// DIR is the modules of one kernel, /lib/modules/RELEASE, with the files that depmod makes. The same files make the
// same archive.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"ironhook/agent"
	"ironhook/internal/initramfs"
)

func main() {
	var p pack
	flag.StringVar(&p.program, "program", "", "static program, the /init")
	flag.StringVar(&p.modules, "modules", "", "directory of the kernel's modules")
	flag.StringVar(&p.shell, "shell", "", "static busybox, for the shell; none without")
	flag.StringVar(&p.out, "out", "", "file to write")
	flag.Parse()
	if err := p.run(); err != nil {
		fmt.Fprintln(os.Stderr, "agentimage:", err)
		os.Exit(1)
	}
}

type pack struct{ program, modules, shell, out string }

// more are the modules that the agent has beyond what every system has: those of BMCs, of chips that
// attest, of disks that are elsewhere, and the file systems of those who rescue.
var more = append([]string{
	"drivers/char/ipmi/", "drivers/char/tpm/", "drivers/platform/x86/wmi.ko",
	"fs/nls/nls_", "fs/xfs/", "fs/btrfs/", "fs/fat/", "fs/isofs/",
}, initramfs.SAN...)

func (p pack) run() error {
	root, err := os.MkdirTemp("", "agentimage-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(root) //nolint:errcheck // a temporary directory
	for _, dir := range []string{"bin", "dev", "proc", "sys", "tmp", "etc"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(root, agent.Mark), nil, 0o644); err != nil {
		return err
	}
	if err := initramfs.CopyFile(p.program, filepath.Join(root, "init"), 0o755); err != nil {
		return err
	}
	if p.shell != "" {
		if err := initramfs.CopyFile(p.shell, filepath.Join(root, "bin/busybox"), 0o755); err != nil {
			return err
		}
		for _, name := range []string{"sh", "ls", "cat", "dmesg", "ip", "ps", "mount", "hexdump",
			"vi", "less", "grep", "poweroff", "reboot", "dd", "ping", "lspci", "blkid"} {
			if err := os.Symlink("busybox", filepath.Join(root, "bin", name)); err != nil {
				return err
			}
		}
	}
	if err := initramfs.AddModules(root, p.modules, more...); err != nil {
		return err
	}
	return initramfs.Write(p.out, root)
}
