// Agentimage packs the initramfs of the agent:
//
//	agentimage -program FILE -modules DIR [-shell FILE] -out FILE
//
// DIR is the modules of one kernel, /lib/modules/RELEASE, with the files that depmod makes. Of
// the modules it takes those that find disks, network cards, keyboards and BMCs, and the file systems of those who rescue, with all that
// they need, as they are: their signatures hold under Secure Boot. The same files make the
// same archive.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"ironhook/agent"
	"ironhook/agent/modules"
	"ironhook/internal/cpio"
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

// wanted are the directories and files below kernel/ whose modules are taken.
var wanted = []string{
	"drivers/ata/", "drivers/nvme/host/", "drivers/scsi/", "drivers/message/fusion/", "drivers/block/virtio_blk.ko",
	"drivers/block/xen-blkfront.ko",
	"drivers/mmc/", "drivers/virtio/", "drivers/net/virtio_net.ko", "drivers/net/net_failover.ko", "drivers/net/vmxnet3/",
	"drivers/net/hyperv/",
	"drivers/net/xen-netfront.ko", "drivers/net/ethernet/", "drivers/net/phy/", "drivers/net/mdio/", "drivers/net/usb/", "drivers/hv/",
	"drivers/usb/host/", "drivers/usb/storage/", "drivers/usb/core/", "drivers/usb/common/", "drivers/usb/dwc", "drivers/hid/hid.ko",
	"drivers/hid/hid-generic.ko", "drivers/hid/usbhid/",
	"drivers/input/", "drivers/char/ipmi/", "drivers/char/tpm/", "drivers/char/hw_random/", "drivers/firmware/", "drivers/pci/",
	"drivers/platform/x86/wmi.ko",
	"fs/efivarfs/", "fs/nls/nls_", "fs/ext4/", "fs/xfs/", "fs/btrfs/", "fs/fat/", "fs/isofs/", "crypto/crc32c_generic.ko",
	"arch/x86/crypto/crc32c-intel.ko", "drivers/thunderbolt/", "drivers/i2c/busses/i2c-designware", "drivers/pinctrl/", "drivers/phy/",
	"drivers/reset/",
}

// unwanted are those of them that a machine's disks, cards and BMC never need.
var unwanted = []string{
	"drivers/scsi/scsi_debug.ko", "drivers/input/joystick/", "drivers/input/touchscreen/", "drivers/input/tablet/", "drivers/scsi/pcmcia/",
	"drivers/scsi/fcoe/fcoe.ko",
	"drivers/net/ethernet/mellanox/mlxsw/", "drivers/input/mouse/", "drivers/input/gameport/", "drivers/mmc/core/sdio_uart.ko",
	"drivers/net/usb/hso.ko",
}

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
	if err := copyFile(p.program, filepath.Join(root, "init"), 0o755); err != nil {
		return err
	}
	if p.shell != "" {
		if err := copyFile(p.shell, filepath.Join(root, "bin/busybox"), 0o755); err != nil {
			return err
		}
		for _, name := range []string{"sh", "ls", "cat", "dmesg", "ip", "ps", "mount", "hexdump", "vi", "less", "grep", "poweroff", "reboot",
			"dd", "ping", "lspci", "blkid"} {
			if err := os.Symlink("busybox", filepath.Join(root, "bin", name)); err != nil {
				return err
			}
		}
	}
	if err := p.addModules(root); err != nil {
		return err
	}
	return p.write(root)
}

// addModules copies the modules, and the parts of the index that are about them.
func (p pack) addModules(root string) error {
	dir := os.DirFS(p.modules)
	dep, err := fs.ReadFile(dir, "modules.dep")
	if err != nil {
		return err
	}
	taken := chosen(string(dep))
	to := filepath.Join(root, "lib/modules", filepath.Base(p.modules))
	var kept strings.Builder
	for line := range strings.Lines(string(dep)) {
		file, _, _ := strings.Cut(line, ":")
		if !taken[file] {
			continue
		}
		kept.WriteString(line)
		if err := copyFile(filepath.Join(p.modules, file), filepath.Join(to, file), 0o644); err != nil {
			return err
		}
	}
	alias, err := fs.ReadFile(dir, "modules.alias")
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(filepath.Join(to, "modules.dep"), []byte(kept.String()), 0o644),
		os.WriteFile(filepath.Join(to, "modules.alias"), []byte(aliasesOf(string(alias), taken)), 0o644))
}

// chosen are the files that are wanted, with all that they need.
func chosen(dep string) map[string]bool {
	taken := map[string]bool{}
	for line := range strings.Lines(dep) {
		file, needs, _ := strings.Cut(strings.TrimSpace(line), ":")
		name := strings.TrimPrefix(file, "kernel/")
		begins := func(prefix string) bool { return strings.HasPrefix(name, prefix) }
		if !slices.ContainsFunc(wanted, begins) || slices.ContainsFunc(unwanted, begins) {
			continue
		}
		taken[file] = true
		for _, n := range strings.Fields(needs) {
			taken[n] = true
		}
	}
	return taken
}

// aliasesOf are the lines of modules.alias for the files.
func aliasesOf(all string, files map[string]bool) string {
	names := map[string]bool{}
	for file := range files {
		names[modules.Name(file)] = true
	}
	var kept strings.Builder
	for line := range strings.Lines(all) {
		words := strings.Fields(line)
		if len(words) == 3 && names[strings.ReplaceAll(words[2], "-", "_")] {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// write packs the root. It replaces the file at once, or not at all.
func (p pack) write(root string) error {
	f, err := os.CreateTemp(filepath.Dir(p.out), ".initrd-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // it has another name then
	z, err := zstd.NewWriter(f, zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(8<<20))
	if err == nil {
		err = errors.Join(cpio.Write(z, root), z.Close(), f.Chmod(0o644), f.Close())
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), p.out)
}

func copyFile(from, to string, mode fs.FileMode) error {
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o755)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, mode)
}
