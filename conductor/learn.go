package conductor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"ironhook/baremetal"
	"ironhook/store"
)

// What the agent finds besides what Ironic's hooks look at. Reports of Ironic's own agent have
// the inventory only.

// maxConnectors bounds the volume connectors that one report adds.
const maxConnectors = 64

// connectorKinds are the types that the agent finds.
var connectorKinds = []string{"iqn", "wwnn", "wwpn"}

// addConnectors enrols the addresses of the machine's initiators. One that is enrolled already
// stays where it is.
func addConnectors(tx *store.Tx, n *baremetal.Node, data baremetal.Object) error {
	found, _ := data["volume_connectors"].([]any)
	for i, c := range found {
		c, _ := c.(map[string]any)
		kind, id := baremetal.Object(c).Text("type"), baremetal.Object(c).Text("connector_id")
		if i >= maxConnectors || !slices.Contains(connectorKinds, kind) || id == "" || len(id) > 255 ||
			strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
			continue
		}
		known, err := tx.Connectors().List(store.Query{Filters: []store.Filter{{Column: "type", Value: kind},
			{Column: "connector_id", Value: id}}})
		if err != nil {
			return err
		}
		if len(known) > 0 {
			continue
		}
		if err := tx.Connectors().Insert(&baremetal.VolumeConnector{UUID: uuid.NewString(), NodeUUID: n.UUID, Type: kind,
			ConnectorID: id}); err != nil {
			return err
		}
		detail := fmt.Sprintf("volume connector %s found by inspection: %s", kind, id)
		if err := tx.Append(baremetal.Event{Node: n.UUID, Kind: baremetal.EventNode, Detail: detail}); err != nil {
			return err
		}
	}
	return nil
}

// describe sets the properties that schedulers and people look at, and the capabilities that
// the machine proves. A capability that an operator has set stays, but for how it has booted.
func describe(n *baremetal.Node, found, data baremetal.Object) {
	part := func(key string) baremetal.Object { o, _ := found[key].(map[string]any); return o }
	if arch := part("cpu").Text("architecture"); baremetal.IsName(arch) {
		n.Properties = with(n.Properties, "cpu_arch", arch)
	}
	if data["volume_connectors"] == nil {
		return // Ironic's agent, of which its hooks take no more by default
	}
	for key, value := range map[string]int{"cpus": number(part("cpu")["count"]), "memory_mb": number(part("memory")["physical_mb"]),
		"local_gb": largest(found)} {
		if value > 0 || key == "local_gb" {
			n.Properties = with(n.Properties, key, value)
		}
	}
	boot := part("boot")
	if mode := boot.Text("current_boot_mode"); mode == "uefi" || mode == "bios" {
		setCapability(n, "boot_mode", mode, true)
		n.BootMode = mode
	}
	if on, known := boot["secure_boot"].(bool); known {
		n.SecureBoot = &on
	}
	if boot.Text("pxe_interface") != "" {
		setCapability(n, "iscsi_boot", "True", false)
	}
	if data["hba"] == true {
		setCapability(n, "hba_boot", "True", false)
	}
}

// largest is the size of the largest disk in GiB, less one for partition tables, as Ironic has
// it; 0 for no disk.
func largest(found baremetal.Object) (gib int) {
	disks, _ := found["disks"].([]any)
	for _, d := range disks {
		d, _ := d.(map[string]any)
		gib = max(gib, number(d["size"])>>30-1)
	}
	return gib
}

// setCapability sets one of the properties' capabilities; without over one that is set stays.
func setCapability(n *baremetal.Node, key, value string, over bool) {
	has, set := n.Capability(key)
	if set && (!over || has == value) {
		return
	}
	var pairs []string
	for pair := range strings.SplitSeq(n.Properties.Text("capabilities"), ",") {
		name, _, _ := strings.Cut(strings.TrimSpace(pair), ":")
		if name != key && name != "" {
			pairs = append(pairs, strings.TrimSpace(pair))
		}
	}
	n.Properties = with(n.Properties, "capabilities", strings.Join(append(pairs, key+":"+value), ","))
}
