package initramfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ironhook/agent/modules"
)

// everywhere are the directories and files below kernel/ whose modules each of our systems takes, on whatever machine it
// starts: those of disks, network cards by cable, keyboards and the buses that these are on. What one kernel has as a module
// another has built in, or does not have.
var everywhere = []string{
	// Disks.
	"drivers/ata/", "drivers/nvme/host/", "drivers/scsi/", "drivers/message/fusion/", "drivers/mmc/",
	"drivers/block/virtio_blk.ko", "drivers/block/xen-blkfront.ko",
	"fs/ext4/", "crypto/crc32c_generic.ko", "arch/x86/crypto/crc32c-intel.ko",
	// Network cards.
	"drivers/net/ethernet/", "drivers/net/phy/", "drivers/net/mdio/", "drivers/net/usb/", "drivers/net/virtio_net.ko",
	"drivers/net/net_failover.ko", "drivers/net/vmxnet3/", "drivers/net/hyperv/", "drivers/net/xen-netfront.ko",
	// Keyboards.
	"drivers/hid/hid.ko", "drivers/hid/hid-generic.ko", "drivers/hid/usbhid/", "drivers/input/",
	// Buses, and what stands before them: on ARM these are often modules, too.
	"drivers/pci/", "drivers/virtio/", "drivers/hv/", "drivers/thunderbolt/", "drivers/i2c/busses/i2c-designware", "drivers/bus/",
	"drivers/usb/host/", "drivers/usb/storage/", "drivers/usb/core/", "drivers/usb/common/",
	"drivers/usb/dwc", "drivers/usb/chipidea/", "drivers/usb/phy/",
	"drivers/clk/", "drivers/gpio/", "drivers/pinctrl/", "drivers/phy/", "drivers/regulator/", "drivers/reset/",
	// The firmware's variables, such as whether Secure Boot is on, and random numbers.
	"drivers/firmware/", "fs/efivarfs/", "drivers/char/hw_random/",
}

// nowhere are those of them that no machine of ours needs.
var nowhere = []string{
	"drivers/scsi/scsi_debug.ko", "drivers/scsi/pcmcia/", "drivers/scsi/fcoe/fcoe.ko", "drivers/mmc/core/sdio_uart.ko",
	"drivers/input/joystick/", "drivers/input/touchscreen/", "drivers/input/tablet/", "drivers/input/mouse/", "drivers/input/gameport/",
	"drivers/net/ethernet/mellanox/mlxsw/", "drivers/net/usb/hso.ko",
}

// SAN are those of disks that are elsewhere, behind an adapter of Fibre Channel or iSCSI: a system whose own disks never are there has them
// only if it names them.
var SAN = []string{
	"drivers/scsi/bfa/", "drivers/scsi/elx/", "drivers/scsi/lpfc/", "drivers/scsi/qla2xxx/",
	"drivers/scsi/csiostor/", "drivers/scsi/fnic/", "drivers/scsi/snic/",
	"drivers/scsi/fcoe/", "drivers/scsi/libfc/", "drivers/scsi/bnx2fc/", "drivers/scsi/qedf/", "drivers/scsi/scsi_transport_fc.ko",
	"drivers/scsi/qla4xxx/", "drivers/scsi/be2iscsi/", "drivers/scsi/bnx2i/", "drivers/scsi/cxgbi/", "drivers/scsi/qedi/",
	"drivers/scsi/libiscsi", "drivers/scsi/iscsi_", "drivers/scsi/scsi_transport_iscsi.ko",
}

// AddModules copies into root those of the modules that every system has and those in more, with all that they need, as
// they are: their signatures hold under Secure Boot. from is the directory of a kernel's modules, /lib/modules/RELEASE, with the
// files that depmod makes, of which root gets what is about these modules.
func AddModules(root, from string, more ...string) error {
	dir := os.DirFS(from)
	dep, err := fs.ReadFile(dir, "modules.dep")
	if err != nil {
		return err
	}
	alias, err := fs.ReadFile(dir, "modules.alias")
	if err != nil {
		return err
	}
	taken := chosen(string(dep), more)
	to := filepath.Join(root, "lib/modules", filepath.Base(from))
	var kept strings.Builder
	for line := range strings.Lines(string(dep)) {
		file, _, _ := strings.Cut(line, ":")
		if !taken[file] {
			continue
		}
		kept.WriteString(line)
		if err := CopyFile(filepath.Join(from, file), filepath.Join(to, file), 0o644); err != nil {
			return err
		}
	}
	return errors.Join(os.WriteFile(filepath.Join(to, "modules.dep"), []byte(kept.String()), 0o644),
		os.WriteFile(filepath.Join(to, "modules.alias"), []byte(aliasesOf(string(alias), taken)), 0o644))
}

// chosen are the files of modules.dep that every system has and those in more, with all that they need.
func chosen(dep string, more []string) map[string]bool {
	taken := map[string]bool{}
	for line := range strings.Lines(dep) {
		file, needs, _ := strings.Cut(strings.TrimSpace(line), ":")
		name := strings.TrimPrefix(file, "kernel/")
		in := func(list []string) bool {
			return slices.ContainsFunc(list, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
		}
		if in(nowhere) || !in(more) && (in(SAN) || !in(everywhere)) {
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
