package hardware

import (
	"path"
	"strings"
)

// Interface is a network card.
type Interface struct {
	Name    string `json:"name"`
	MAC     string `json:"mac_address"`
	IPv4    string `json:"ipv4_address,omitempty"`
	IPv6    string `json:"ipv6_address,omitempty"`
	Carrier bool   `json:"has_carrier"`
	Vendor  string `json:"vendor,omitempty"` // PCI's, 0x8086
	Product string `json:"product,omitempty"`
	Driver  string `json:"driver,omitempty"`
	Bus     string `json:"pci_address,omitempty"`
	Speed   int64  `json:"speed_mbps,omitempty"` // 0 is not known
	// LLDP is what the neighbour has announced: pairs of the type and the value of a TLV, in
	// hexadecimal digits (IEEE 802.1AB).
	LLDP [][2]any `json:"lldp,omitempty"`
}

// Interfaces lists the Ethernet cards that are hardware: without loopback, bridges, VLANs.
func (m Machine) Interfaces() (list []Interface) {
	for _, name := range m.names("sys/class/net") {
		dir := "sys/class/net/" + name
		if !m.has(dir+"/device") || m.number(dir+"/type") != 1 {
			continue
		}
		i := Interface{Name: name, MAC: strings.ToLower(m.text(dir + "/address")), Carrier: m.text(dir+"/carrier") == "1",
			Driver: path.Base(m.where(dir + "/device/driver")), Speed: max(m.number(dir+"/speed"), 0)}
		if i.Driver == "." {
			i.Driver = ""
		}
		// a virtio card is below its PCI function, others are one
		for _, at := range []string{"/device", "/device/.."} {
			real := m.real(dir) + "/../.." // of net/NAME below the device
			if at == "/device/.." {
				real += "/.."
			}
			if bus := path.Base(path.Clean(real)); isPCI(bus) {
				i.Bus, i.Vendor, i.Product = bus, m.text("sys/bus/pci/devices/"+bus+"/vendor"), m.text("sys/bus/pci/devices/"+bus+"/device")
				break
			}
		}
		list = append(list, i)
	}
	return list
}

// real is the place of a class's entry in the tree of devices.
func (m Machine) real(link string) string {
	if to := m.where(link); to != "" {
		return to
	}
	return link
}

// isPCI reports whether a name is the address of a PCI function: 0000:00:1f.2.
func isPCI(name string) bool {
	return len(name) >= 12 && strings.Count(name, ":") == 2 && strings.Count(name, ".") == 1
}
