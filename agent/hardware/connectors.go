package hardware

import "strings"

// Connector is an address by which storage knows the machine: what Ironic calls a volume
// connector, of the type iqn, wwnn or wwpn.
type Connector struct {
	Type string `json:"type"`
	ID   string `json:"connector_id"`
}

// Connectors lists the addresses of the machine's initiators: Fibre Channel ports, iSCSI
// adapters, the initiator of the firmware (iBFT). A machine with none of them, that iPXE has
// booted, has the name that iPXE makes of its UUID (iscsi.c in its source).
func (m Machine) Connectors() (list []Connector) {
	add := func(kind, id string) {
		for _, has := range list {
			if has.ID == id && has.Type == kind {
				return
			}
		}
		if id != "" && id != "<NULL>" {
			list = append(list, Connector{kind, id})
		}
	}
	for _, host := range m.names("sys/class/fc_host") {
		add("wwnn", wwn(m.text("sys/class/fc_host/"+host+"/node_name")))
		add("wwpn", wwn(m.text("sys/class/fc_host/"+host+"/port_name")))
	}
	for _, host := range m.names("sys/class/iscsi_host") {
		add("iqn", m.text("sys/class/iscsi_host/"+host+"/initiatorname"))
	}
	add("iqn", m.text("sys/firmware/ibft/initiator/initiator-name"))
	uuid := m.vendor().UUID
	if len(list) == 0 && uuid != "" && m.Booted() != "" {
		add("iqn", "iqn.2010-04.org.ipxe:"+uuid)
	}
	return list
}

// HBA reports whether an adapter attaches volumes by itself: Fibre Channel, or iSCSI in
// hardware.
func (m Machine) HBA() bool {
	return len(m.names("sys/class/fc_host")) > 0 || len(m.names("sys/class/iscsi_host")) > 0
}

// wwn writes a world-wide name as storage has it, 50:01:43:80:..., from the kernel's 0x5001...
func wwn(text string) string {
	digits := strings.TrimPrefix(strings.ToLower(text), "0x")
	if len(digits) != 16 || strings.Trim(digits, "f") == "" || strings.Trim(digits, "0") == "" {
		return "" // no name is given yet
	}
	var b strings.Builder
	for i := 0; i < len(digits); i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(digits[i : i+2])
	}
	return b.String()
}
