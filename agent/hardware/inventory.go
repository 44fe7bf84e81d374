package hardware

import (
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Inventory is what a machine has, in the shape of Ironic's inventory.
type Inventory struct {
	Interfaces   []Interface  `json:"interfaces"`
	CPU          CPU          `json:"cpu"`
	Disks        []Disk       `json:"disks"`
	Memory       Memory       `json:"memory"`
	SystemVendor SystemVendor `json:"system_vendor"`
	Boot         Boot         `json:"boot"`
	BMCAddress   string       `json:"bmc_address,omitempty"`
	BMCv6Address string       `json:"bmc_v6address,omitempty"`
	Hostname     string       `json:"hostname"`
}

// Memory is the main memory: what Linux may use, in bytes, and what is plugged in, in MiB.
type Memory struct {
	Total    int64 `json:"total"`
	Physical int64 `json:"physical_mb"`
}

// SystemVendor is what the firmware says of itself and the machine (DMI).
type SystemVendor struct {
	ProductName  string   `json:"product_name"`
	SerialNumber string   `json:"serial_number"`
	Manufacturer string   `json:"manufacturer"`
	UUID         string   `json:"system_uuid,omitempty"`
	Firmware     Firmware `json:"firmware"`
}

// Firmware is the version of the machine's firmware.
type Firmware struct {
	Vendor    string `json:"vendor"`
	Version   string `json:"version"`
	BuildDate string `json:"build_date"`
}

// Boot is how the machine has booted. SecureBoot is nil where the firmware has none to speak
// of; TPM is the version of the specification, "" for no TPM.
type Boot struct {
	Mode         string `json:"current_boot_mode"` // uefi or bios
	PXEInterface string `json:"pxe_interface,omitempty"`
	SecureBoot   *bool  `json:"secure_boot,omitempty"`
	TPM          string `json:"tpm_version,omitempty"`
}

// Machine is the files of a machine.
type Machine struct{ fs.FS }

// Inventory collects what the files of the machine tell.
func (m Machine) Inventory() Inventory {
	return Inventory{
		Interfaces: m.Interfaces(), CPU: m.CPU(), Disks: m.Disks(), Memory: m.memory(), SystemVendor: m.vendor(), Boot: m.boot(),
		Hostname: m.text("proc/sys/kernel/hostname"),
	}
}

// text is the content of a file without white space around it, "" for none.
func (m Machine) text(name string) string {
	b, err := fs.ReadFile(m.FS, name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(strings.Trim(string(b), "\x00"))
}

// number is the number in a file, in decimal or with 0x; 0 for none.
func (m Machine) number(name string) int64 {
	n, _ := strconv.ParseInt(m.text(name), 0, 64)
	return n
}

// names lists a directory in the order of numbers in names, as people do: sda, sdb, sdaa.
func (m Machine) names(dir string) (names []string) {
	entries, _ := fs.ReadDir(m.FS, dir)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.SortFunc(names, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	return names
}

// has reports whether there is such a file.
func (m Machine) has(name string) bool {
	_, err := fs.Stat(m.FS, name)
	return err == nil
}

// where is the path that a symbolic link leads to, seen from the root; "" for none.
func (m Machine) where(link string) string {
	to, err := fs.ReadLink(m.FS, link)
	if err != nil {
		return ""
	}
	return path.Join(path.Dir(link), to)
}

// words reads lines such as "key : value" and returns the first value of each key, and how
// often a key is there.
func (m Machine) words(name string) (first map[string]string, count map[string]int) {
	first, count = map[string]string{}, map[string]int{}
	for line := range strings.Lines(m.text(name)) {
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		key = strings.TrimSpace(key)
		if count[key] == 0 {
			first[key] = strings.TrimSpace(value)
		}
		count[key]++
	}
	return first, count
}

func (m Machine) memory() Memory {
	info, _ := m.words("proc/meminfo")
	kib, _ := strconv.ParseInt(strings.TrimSuffix(info["MemTotal"], " kB"), 10, 64)
	memory := Memory{Total: kib << 10, Physical: m.plugged() >> 20}
	if memory.Physical == 0 {
		memory.Physical = kib >> 10
	}
	return memory
}

// plugged is the size of the memory modules in bytes, as DMI has them (type 17, SMBIOS 3.6,
// 7.18), 0 where it has none.
func (m Machine) plugged() (total int64) {
	for _, name := range m.names("sys/firmware/dmi/entries") {
		if !strings.HasPrefix(name, "17-") {
			continue
		}
		raw, _ := fs.ReadFile(m.FS, "sys/firmware/dmi/entries/"+name+"/raw")
		if len(raw) < 0x0e {
			continue
		}
		size := int64(raw[0x0c]) | int64(raw[0x0d])<<8
		switch {
		case size == 0 || size == 0xffff: // empty, or not known
		case size == 0x7fff && len(raw) >= 0x20:
			total += (int64(raw[0x1c]) | int64(raw[0x1d])<<8 | int64(raw[0x1e])<<16 | int64(raw[0x1f]&0x7f)<<24) << 20
		case size&0x8000 != 0:
			total += size & 0x7fff << 10
		default:
			total += size << 20
		}
	}
	return total
}

func (m Machine) vendor() SystemVendor {
	dmi := func(name string) string { return m.text("sys/class/dmi/id/" + name) }
	return SystemVendor{
		ProductName: dmi("product_name"), SerialNumber: dmi("product_serial"), Manufacturer: dmi("sys_vendor"),
		UUID:     strings.ToLower(dmi("product_uuid")),
		Firmware: Firmware{Vendor: dmi("bios_vendor"), Version: dmi("bios_version"), BuildDate: dmi("bios_date")},
	}
}

// secureBoot is the firmware's variable; its first four bytes are attributes.
const secureBoot = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

func (m Machine) boot() Boot {
	b := Boot{Mode: "bios", PXEInterface: m.Booted()}
	if m.has("sys/firmware/efi") {
		b.Mode = "uefi"
	}
	if v, err := fs.ReadFile(m.FS, secureBoot); err == nil && len(v) > 4 {
		b.SecureBoot = new(v[4] == 1)
	}
	if m.has("sys/class/tpm/tpm0") {
		b.TPM = "1.2"
		if m.number("sys/class/tpm/tpm0/tpm_version_major") == 2 {
			b.TPM = "2.0"
		}
	}
	return b
}

// Booted is the address of the card that the machine has booted from: iPXE and PXELINUX add it
// to the kernel's arguments, BOOTIF=01-52-54-00-12-34-56, where 01 is Ethernet.
func (m Machine) Booted() string {
	mac, _ := strings.CutPrefix(m.Args()["BOOTIF"], "01-")
	return strings.ToLower(strings.ReplaceAll(mac, "-", ":"))
}

// Args are the arguments of the kernel; one without a value has "". Of several the last counts.
func (m Machine) Args() map[string]string {
	args := map[string]string{}
	for word := range strings.FieldsSeq(m.text("proc/cmdline")) {
		key, value, _ := strings.Cut(word, "=")
		args[key] = value
	}
	return args
}

// CPU is the processors. Count is that of threads.
type CPU struct {
	ModelName    string   `json:"model_name"`
	Frequency    string   `json:"frequency"` // MHz
	Count        int      `json:"count"`
	Sockets      int      `json:"socket_count"`
	Architecture string   `json:"architecture"`
	Flags        []string `json:"flags"`
}

// CPU tells the processors.
func (m Machine) CPU() CPU {
	info, count := m.words("proc/cpuinfo")
	c := CPU{ModelName: info["model name"], Count: max(count["processor"], 1), Flags: strings.Fields(info["flags"] + info["Features"])}
	c.Frequency, _, _ = strings.Cut(info["cpu MHz"], ".")
	if khz := m.number("sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq"); khz > 0 {
		c.Frequency = strconv.FormatInt(khz/1000, 10)
	}
	sockets := map[string]bool{}
	for line := range strings.Lines(m.text("proc/cpuinfo")) {
		if key, id, _ := strings.Cut(line, ":"); strings.TrimSpace(key) == "physical id" {
			sockets[strings.TrimSpace(id)] = true
		}
	}
	c.Sockets = max(len(sockets), 1)
	c.Architecture = "x86_64"
	if _, arm := info["CPU implementer"]; arm {
		c.Architecture = "aarch64"
	}
	return c
}

// PCI is one PCI function.
type PCI struct {
	Vendor   string `json:"vendor_id"`
	Product  string `json:"product_id"`
	Class    string `json:"class"`
	Revision string `json:"revision"`
	Bus      string `json:"bus"`
	NUMA     int64  `json:"numa_node_id"`
}

// PCI lists the functions on the PCI buses.
func (m Machine) PCI() (list []PCI) {
	for _, bus := range m.names("sys/bus/pci/devices") {
		of := func(name string) string {
			return strings.TrimPrefix(m.text("sys/bus/pci/devices/"+bus+"/"+name), "0x")
		}
		list = append(list, PCI{Vendor: of("vendor"), Product: of("device"), Class: of("class"), Revision: of("revision"), Bus: bus,
			NUMA: m.number("sys/bus/pci/devices/" + bus + "/numa_node")})
	}
	return list
}

// GPUs are the PCI functions that are display controllers or accelerators (classes 03 and 12).
func (m Machine) GPUs() []PCI {
	return slices.DeleteFunc(m.PCI(), func(p PCI) bool { return !strings.HasPrefix(p.Class, "03") && !strings.HasPrefix(p.Class, "12") })
}

// UEFI reports whether the machine of these files was booted by UEFI.
func UEFI(root fs.FS) bool { return Machine{root}.has("sys/firmware/efi") }
