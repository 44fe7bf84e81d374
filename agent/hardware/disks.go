package hardware

import (
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Disk is a disk, with the fields of Ironic's agent.
type Disk struct {
	Name       string `json:"name"` // /dev/sda
	Model      string `json:"model"`
	Size       int64  `json:"size"` // bytes
	Rotational bool   `json:"rotational"`
	WWN        string `json:"wwn,omitempty"`
	Serial     string `json:"serial,omitempty"`
	Vendor     string `json:"vendor,omitempty"`
	// WWNExtended is WWN with its vendor extension, WWNExtension that alone: a NAA identifier
	// of 16 bytes has both.
	WWNExtended     string   `json:"wwn_with_extension,omitempty"`
	WWNExtension    string   `json:"wwn_vendor_extension,omitempty"`
	HCTL            string   `json:"hctl,omitempty"` // host:channel:target:LUN of SCSI
	ByPath          string   `json:"by_path,omitempty"`
	LogicalSectors  int64    `json:"logical_sectors"` // bytes of one
	PhysicalSectors int64    `json:"physical_sectors"`
	ReadOnly        bool     `json:"read_only,omitempty"`
	Removable       bool     `json:"removable,omitempty"`
	Transport       string   `json:"transport,omitempty"` // nvme, ata, virtio, usb, fc, iscsi, sas
	Firmware        string   `json:"firmware_version,omitempty"`
	Paths           []string `json:"multipath,omitempty"` // other names of the same disk, by other ways to it
}

// Disks lists the disks, by name. Several ways to one disk (multipath) are one entry, named by
// the first of them.
func (m Machine) Disks() (list []Disk) {
	for _, name := range m.names("sys/block") {
		d := m.disk(name)
		if !isDisk(name) || d.Size == 0 {
			continue
		}
		same := func(other Disk) bool { return d.sameAs(other) }
		if i := slices.IndexFunc(list, same); i >= 0 {
			list[i].Paths = append(list[i].Paths, d.Name)
			continue
		}
		list = append(list, d)
	}
	return list
}

// isDisk leaves out what is made of memory or other disks, and drives of media.
func isDisk(name string) bool {
	for _, prefix := range []string{"sd", "vd", "nvme", "hd", "xvd", "mmcblk", "pmem"} {
		if strings.HasPrefix(name, prefix) {
			return !strings.Contains(name, "boot") && !strings.Contains(name, "rpmb")
		}
	}
	return false
}

// sameAs reports whether two entries are ways to one disk: a disk's name is the same on all of
// them. Two units of one array differ in it. A serial number alone proves nothing: arrays and
// card readers give one to all of their units.
func (d Disk) sameAs(other Disk) bool {
	return d.WWNExtended != "" && d.WWNExtended == other.WWNExtended && d.Size == other.Size && d.Serial == other.Serial
}

func (m Machine) disk(name string) Disk {
	dir := "sys/block/" + name
	d := Disk{Name: "/dev/" +
		name, Model: m.text(dir + "/device/model"), Vendor: m.text(dir + "/device/vendor"), Size: m.number(dir+"/size") * 512,
		Rotational: m.number(dir+"/queue/rotational") == 1, ReadOnly: m.number(dir+"/ro") == 1, Removable: m.number(dir+"/removable") == 1,
		LogicalSectors: m.number(dir + "/queue/logical_block_size"), PhysicalSectors: m.number(dir + "/queue/physical_block_size"),
		Firmware: first(m.text(dir+"/device/firmware_rev"), m.text(dir+"/device/rev"))}
	d.Serial = m.serial(dir)
	d.name(first(m.text(dir+"/device/wwid"), m.text(dir+"/wwid")))
	if real := m.real(dir); real != dir {
		d.place(strings.Split(real, "/"))
	}
	return d
}

// serial is the number that a disk reports: SCSI in page 0x80 of its vital product data, after
// a header of four bytes (SPC-4, 7.8.13).
func (m Machine) serial(dir string) string {
	if s := first(m.text(dir+"/serial"), m.text(dir+"/device/serial")); s != "" {
		return s
	}
	if page, err := fs.ReadFile(m.FS, dir+"/device/vpd_pg80"); err == nil && len(page) > 4 {
		return strings.TrimSpace(strings.Trim(string(page[4:]), "\x00"))
	}
	return ""
}

// name sets the world-wide name from the kernel's identifier: naa.5000c500a1b2c3d4, eui. or
// nvme. of NVMe, t10. of what has no better one.
func (d *Disk) name(id string) {
	kind, hex, ok := strings.Cut(id, ".")
	switch {
	case !ok || kind == "t10":
	case kind == "naa" && len(hex) == 32:
		d.WWN, d.WWNExtension, d.WWNExtended = "0x"+hex[:16], "0x"+hex[16:], "0x"+hex
	case kind == "naa":
		d.WWN, d.WWNExtended = "0x"+hex, "0x"+hex
	default:
		d.WWN, d.WWNExtended = id, id
	}
}

// place sets what the way to the disk in the tree of devices tells, which begins with
// sys/devices and ends with block/NAME.
func (d *Disk) place(way []string) {
	pci, ata, host := "", "", ""
	for i, part := range way {
		switch {
		case isPCI(part):
			pci = part
		case strings.HasPrefix(part, "virtio") && len(part) > 6:
			d.Transport = "virtio"
		case strings.HasPrefix(part, "ata") && len(part) > 3:
			d.Transport, ata = "ata", strings.TrimPrefix(part, "ata")
		case strings.HasPrefix(part, "usb"):
			d.Transport = "usb"
		case strings.HasPrefix(part, "rport-"):
			d.Transport = "fc"
		case strings.HasPrefix(part, "session") && host != "":
			d.Transport = "iscsi"
		case strings.HasPrefix(part, "end_device-"):
			d.Transport = "sas"
		case part == "nvme":
			d.Transport = "nvme"
		case strings.HasPrefix(part, "host"):
			host = part
		case strings.Count(part, ":") == 3 && i > 0:
			d.HCTL = part
		}
	}
	if pci != "" {
		d.ByPath = "/dev/disk/by-path/pci-" + pci + d.behind(ata)
	}
}

// behind is the part of udev's by-path name (path_id) after the PCI function.
func (d *Disk) behind(ata string) string {
	base := path.Base(d.Name)
	switch {
	case d.Transport == "nvme":
		_, ns, _ := strings.Cut(strings.TrimPrefix(base, "nvme"), "n")
		return "-nvme-" + ns
	case ata != "":
		return "-ata-" + ata
	case d.HCTL != "":
		_, ctl, _ := strings.Cut(d.HCTL, ":")
		return "-scsi-0:" + ctl
	}
	return ""
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// GiB is the size of the disk in GiB, rounded down, as hints have it.
func (d Disk) GiB() int64 { return d.Size >> 30 }

func (d Disk) String() string {
	return strings.Join(strings.Fields(d.Name+" "+strconv.FormatInt(d.GiB(), 10)+" GiB "+d.Vendor+" "+d.Model+" "+d.WWN+" "+d.Serial), " ")
}
