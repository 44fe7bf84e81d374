package hardware

import (
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
)

// files makes a machine of lines "path = content" and "path -> link", where \xNN stands for a byte.
func files(t *testing.T, text string) Machine {
	t.Helper()
	m := fstest.MapFS{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if name, to, ok := strings.Cut(line, " -> "); ok {
			m[name] = &fstest.MapFile{Data: []byte(to), Mode: fs.ModeSymlink | 0o777}
		} else if name, content, ok := strings.Cut(line, " = "); ok {
			m[name] = &fstest.MapFile{Data: []byte(strings.NewReplacer(`\n`, "\n", `\0`, "\x00", `\1`, "\x01", `\2`, "\x02", `\9`,
				"\x09").Replace(content))}
		}
	}
	return Machine{m}
}

// server is a rack server with UEFI, Secure Boot, a TPM, two Fibre Channel ports that both lead to
// one LUN, and a disk of NVMe.
const server = `
proc/cmdline = BOOT_IMAGE=kernel BOOTIF=01-52-54-00-AA-BB-01 quiet
proc/meminfo = MemTotal:       65536000 kB\nMemFree: 1 kB
proc/cpuinfo = processor : 0\nmodel name : Xeon\nphysical id : 0\ncpu MHz : 2594.5\nflags : vmx aes\n\nprocessor : 1\nmodel name : Xeon\nphysical id : 1\ncpu MHz : 2594.5
proc/sys/kernel/hostname = (none)
sys/class/dmi/id/product_name = R740
sys/class/dmi/id/sys_vendor = ACME Inc.
sys/class/dmi/id/product_serial = SN7
sys/class/dmi/id/product_uuid = 4C4C4544-0000-1111-2222-333344445555
sys/class/dmi/id/bios_version = 2.1
sys/firmware/dmi/entries/17-0/raw = 0123456789ab\0\2rest
sys/firmware/dmi/entries/17-1/raw = 0123456789ab\0\0rest
sys/firmware/efi/fw_platform_size = 64
sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c = \0\0\0\0\1
sys/class/tpm/tpm0/tpm_version_major = 2
sys/bus/pci/devices/0000:3b:00.0/vendor = 0x10de
sys/bus/pci/devices/0000:3b:00.0/device = 0x20b5
sys/bus/pci/devices/0000:3b:00.0/class = 0x030200
sys/bus/pci/devices/0000:19:00.0/vendor = 0x8086
sys/bus/pci/devices/0000:19:00.0/device = 0x1572
sys/bus/pci/devices/0000:19:00.0/class = 0x020000
sys/class/net/lo/address = 00:00:00:00:00:00
sys/class/net/eno1 -> ../../devices/pci0000:17/0000:19:00.0/net/eno1
sys/devices/pci0000:17/0000:19:00.0/net/eno1/address = 52:54:00:AA:BB:01
sys/devices/pci0000:17/0000:19:00.0/net/eno1/type = 1
sys/devices/pci0000:17/0000:19:00.0/net/eno1/carrier = 1
sys/devices/pci0000:17/0000:19:00.0/net/eno1/speed = 25000
sys/devices/pci0000:17/0000:19:00.0/net/eno1/device/driver -> ../../../../../bus/pci/drivers/i40e
sys/class/fc_host/host1/node_name = 0x20000025b5aa0001
sys/class/fc_host/host1/port_name = 0x20000025b5bb0001
sys/class/fc_host/host2/node_name = 0x20000025b5aa0001
sys/class/fc_host/host2/port_name = 0x20000025b5bb0002
sys/class/fc_host/host3/node_name = 0xffffffffffffffff
sys/class/fc_host/host3/port_name = 0xffffffffffffffff
sys/block/loop0/size = 4
sys/block/sr0/size = 4
sys/block/sda -> ../devices/pci0000:17/0000:18:00.0/host1/rport-1:0-2/target1:0:0/1:0:0:7/block/sda
sys/devices/pci0000:17/0000:18:00.0/host1/rport-1:0-2/target1:0:0/1:0:0:7/block/sda/size = 209715200
sys/devices/pci0000:17/0000:18:00.0/host1/rport-1:0-2/target1:0:0/1:0:0:7/block/sda/queue/rotational = 1
sys/devices/pci0000:17/0000:18:00.0/host1/rport-1:0-2/target1:0:0/1:0:0:7/block/sda/queue/logical_block_size = 512
sys/devices/pci0000:17/0000:18:00.0/host1/rport-1:0-2/target1:0:0/1:0:0:7/block/sda/device/model = ARRAY LUN
sys/devices/pci0000:17/0000:18:00.0/host1/rport-1:0-2/target1:0:0/1:0:0:7/block/sda/device/wwid = naa.600143801259ab4f00001000012a0000
sys/devices/pci0000:17/0000:18:00.0/host1/rport-1:0-2/target1:0:0/1:0:0:7/block/sda/device/vpd_pg80 = \0\0\0\9 SERIAL-7
sys/block/sdb -> ../devices/pci0000:17/0000:18:00.1/host2/rport-2:0-2/target2:0:0/2:0:0:7/block/sdb
sys/devices/pci0000:17/0000:18:00.1/host2/rport-2:0-2/target2:0:0/2:0:0:7/block/sdb/size = 209715200
sys/devices/pci0000:17/0000:18:00.1/host2/rport-2:0-2/target2:0:0/2:0:0:7/block/sdb/device/wwid = naa.600143801259ab4f00001000012a0000
sys/devices/pci0000:17/0000:18:00.1/host2/rport-2:0-2/target2:0:0/2:0:0:7/block/sdb/device/vpd_pg80 = \0\0\0\9 SERIAL-7
sys/block/sdc -> ../devices/pci0000:17/0000:18:00.1/host2/rport-2:0-2/target2:0:0/2:0:0:8/block/sdc
sys/devices/pci0000:17/0000:18:00.1/host2/rport-2:0-2/target2:0:0/2:0:0:8/block/sdc/size = 209715200
sys/devices/pci0000:17/0000:18:00.1/host2/rport-2:0-2/target2:0:0/2:0:0:8/block/sdc/device/wwid = naa.600143801259ab4f00001000012b0000
sys/block/nvme0n1 -> ../devices/pci0000:00/0000:00:1d.0/nvme/nvme0/nvme0n1
sys/devices/pci0000:00/0000:00:1d.0/nvme/nvme0/nvme0n1/size = 2000409264
sys/devices/pci0000:00/0000:00:1d.0/nvme/nvme0/nvme0n1/wwid = eui.0025385b71b0a1c2
sys/devices/pci0000:00/0000:00:1d.0/nvme/nvme0/nvme0n1/device/serial = S3X
sys/devices/pci0000:00/0000:00:1d.0/nvme/nvme0/nvme0n1/device/firmware_rev = EXF7
`

func TestServer(t *testing.T) {
	m := files(t, server)
	got := m.Inventory()
	if !*got.Boot.SecureBoot || got.Boot.Mode != "uefi" || got.Boot.TPM != "2.0" || got.Boot.PXEInterface != "52:54:00:aa:bb:01" {
		t.Errorf("boot %+v", got.Boot)
	}
	if got.Memory != (Memory{Total: 65536000 << 10, Physical: 512}) {
		t.Errorf("memory %+v", got.Memory)
	}
	if c := got.CPU; c.Count != 2 || c.Sockets != 2 || c.ModelName != "Xeon" || c.Frequency != "2594" || c.Architecture != "x86_64" ||
		!reflect.DeepEqual(c.Flags, []string{"vmx", "aes"}) {
		t.Errorf("processors %+v", c)
	}
	want := []Interface{{Name: "eno1", MAC: "52:54:00:aa:bb:01", Carrier: true, Vendor: "0x8086", Product: "0x1572", Driver: "i40e",
		Bus: "0000:19:00.0", Speed: 25000}}
	if !reflect.DeepEqual(got.Interfaces, want) {
		t.Errorf("cards %+v, want %+v", got.Interfaces, want)
	}
	if v := got.SystemVendor; v.ProductName != "R740" || v.Manufacturer != "ACME Inc." || v.SerialNumber != "SN7" ||
		v.UUID != "4c4c4544-0000-1111-2222-333344445555" || v.Firmware.Version != "2.1" {
		t.Errorf("vendor %+v", v)
	}
	if g := m.GPUs(); len(g) != 1 || g[0].Vendor != "10de" || len(m.PCI()) != 2 {
		t.Errorf("GPUs %+v", g)
	}
}

// Two ways to one LUN are one disk, and another LUN of the same array is another.
func TestDisks(t *testing.T) {
	got := files(t, server).Disks()
	want := []Disk{
		{Name: "/dev/sda", Model: "ARRAY LUN", Size: 100 << 30, Rotational: true, WWN: "0x600143801259ab4f", WWNExtension: "0x00001000012a0000",
			WWNExtended: "0x600143801259ab4f00001000012a0000",
			Serial:      "SERIAL-7", HCTL: "1:0:0:7", ByPath: "/dev/disk/by-path/pci-0000:18:00.0-scsi-0:0:0:7", LogicalSectors: 512,
			Transport: "fc",
			Paths:     []string{"/dev/sdb"}},
		{Name: "/dev/sdc", Size: 100 << 30, WWN: "0x600143801259ab4f", WWNExtension: "0x00001000012b0000",
			WWNExtended: "0x600143801259ab4f00001000012b0000",
			HCTL:        "2:0:0:8", ByPath: "/dev/disk/by-path/pci-0000:18:00.1-scsi-0:0:0:8", Transport: "fc"},
		{Name: "/dev/nvme0n1", Size: 2000409264 * 512, WWN: "eui.0025385b71b0a1c2", WWNExtended: "eui.0025385b71b0a1c2", Serial: "S3X",
			Firmware: "EXF7",
			ByPath:   "/dev/disk/by-path/pci-0000:00:1d.0-nvme-1", Transport: "nvme"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("disks\n%+v, want\n%+v", got, want)
	}
}

func TestConnectors(t *testing.T) {
	for name, c := range map[string]struct {
		files string
		want  []Connector
		hba   bool
	}{
		"Fibre Channel": {server,
			[]Connector{{"wwnn", "20:00:00:25:b5:aa:00:01"}, {"wwpn", "20:00:00:25:b5:bb:00:01"}, {"wwpn", "20:00:00:25:b5:bb:00:02"}}, true},
		"iSCSI adapter": {"sys/class/iscsi_host/host4/initiatorname = iqn.1999-04.com.acme:hba4\nsys/firmware/ibft/initiator/initiator-name = " +
			"iqn.2001-04.org.example:fw",
			[]Connector{{"iqn", "iqn.1999-04.com.acme:hba4"}, {"iqn", "iqn.2001-04.org.example:fw"}}, true},
		"adapter without a name": {"sys/class/iscsi_host/host4/initiatorname = <NULL>", nil, true},
		"booted by iPXE": {"proc/cmdline = BOOTIF=01-52-54-00-00-00-01\nsys/class/dmi/id/product_uuid = 4C4C4544-0000-1111-2222-333344445555",
			[]Connector{{"iqn", "iqn.2010-04.org.ipxe:4c4c4544-0000-1111-2222-333344445555"}}, false},
		"nothing": {"", nil, false},
	} {
		m := files(t, c.files)
		if got := m.Connectors(); !reflect.DeepEqual(got, c.want) || m.HBA() != c.hba {
			t.Errorf("%s: %v, adapter %v, want %v, %v", name, got, m.HBA(), c.want, c.hba)
		}
	}
}

// A machine of which nothing can be read is described as far as that goes.
func TestNothing(t *testing.T) {
	got := files(t, "").Inventory()
	if got.Boot.Mode != "bios" || got.Boot.SecureBoot != nil || got.CPU.Count != 1 || got.Disks != nil || got.Interfaces != nil {
		t.Errorf("%+v", got)
	}
}
