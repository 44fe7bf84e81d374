package conductor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"ironhook/baremetal"
	"ironhook/fleet"
	"ironhook/inspection"
	"ironhook/store"
)

// inspect finds out what a machine has. With the inspect interface agent a ramdisk does: the
// machine is booted into it, and the node waits for [Conductor.Inspected].
func (c *Conductor) inspect(ctx context.Context, uuid string) (baremetal.ProvisionEvent, error) {
	n, err := c.node(ctx, uuid)
	if err != nil {
		return "", err
	}
	if n.Interfaces.InspectsByAgent() {
		return baremetal.Wait, c.bootRamdisk(ctx, n, "to be inspected", func(n *baremetal.Node, now time.Time) {
			n.InspectionStartedAt, n.InspectionFinishedAt = now, time.Time{}
		})
	}
	if i, err := extension[Inspector](c, n, "inspect", "inspect"); err == nil {
		return "", c.inspectByBMC(ctx, n, i)
	}
	return "", c.change(ctx, uuid, func(n *baremetal.Node, now time.Time) []baremetal.Event {
		n.InspectionStartedAt, n.InspectionFinishedAt = time.Time{}, now
		return nil
	})
}

// inspectByBMC asks the BMC what the machine has.
func (c *Conductor) inspectByBMC(ctx context.Context, n *baremetal.Node, i Inspector) error {
	err := c.change(ctx, n.UUID, func(n *baremetal.Node, now time.Time) []baremetal.Event {
		n.InspectionStartedAt, n.InspectionFinishedAt = now, time.Time{}
		return nil
	})
	if err != nil {
		return err
	}
	found, err := i.Inspect(ctx, n)
	if err != nil {
		return err
	}
	c.observeParts(ctx, n)
	return c.Store.Update(ctx, func(tx *store.Tx) error {
		if err := sizeUp(tx, n.UUID, found); err != nil {
			return err
		}
		return c.learn(tx, n.UUID, found, baremetal.Object{})
	})
}

// sizeUp notes in the node's properties what Ironic's scheduler looks for: memory, the smallest disk that
// holds an operating system, and how the machine boots.
func sizeUp(tx *store.Tx, uuid string, found baremetal.Object) error {
	n, err := tx.Nodes().Get(uuid)
	if err != nil {
		return err
	}
	memory, _ := found["memory"].(map[string]any)
	if mb, ok := memory["physical_mb"].(float64); ok {
		n.Properties = with(n.Properties, "memory_mb", int64(mb))
	}
	n.Properties = with(n.Properties, "local_gb", smallest(found))
	booted, _ := found["boot"].(map[string]any)
	_, declared := n.Capability("boot_mode")
	if mode, ok := booted["current_boot_mode"].(string); ok && !declared {
		capabilities := "boot_mode:" + mode
		if old := n.Properties.Text("capabilities"); old != "" {
			capabilities = old + "," + capabilities
		}
		n.Properties = with(n.Properties, "capabilities", capabilities)
	}
	return tx.Nodes().Update(n)
}

// smallest is the size in GiB, less one, of the smallest disk of at least 4 GiB; 0 if there is none.
func smallest(found baremetal.Object) int64 {
	const gib = 1 << 30
	least := int64(0)
	disks, _ := found["disks"].([]any)
	for _, d := range disks {
		d, _ := d.(map[string]any)
		if size, _ := d["size"].(float64); size >= 4*gib && (least == 0 || int64(size) < least) {
			least = int64(size)
		}
	}
	return max(0, least/gib-1)
}

// bootRamdisk boots a machine from the network once, without its volumes. why is for the event,
// and note what is noted in the node before.
func (c *Conductor) bootRamdisk(ctx context.Context, n *baremetal.Node, why string, note func(n *baremetal.Node, now time.Time)) error {
	power, err := c.powerOf(n, "power")
	if err != nil {
		return err
	}
	target := baremetal.PowerOn
	if staysOn(n) {
		target = baremetal.Reboot
	} else if err := c.power(ctx, n, baremetal.PowerOff); err != nil {
		return err
	}
	management, err := c.powerOf(n, "management")
	if err == nil {
		err = management.SetBootDevice(ctx, n, networkDevice(n, management), false)
	}
	if err = ignoring(ignoring(err, baremetal.ErrUnsupported), baremetal.ErrBootDevice); err != nil {
		return err
	}
	err = c.change(ctx, n.UUID, func(n *baremetal.Node, now time.Time) []baremetal.Event {
		fleet.ForgetAgent(n)
		note(n, now)
		return []baremetal.Event{{Kind: baremetal.EventPowerOn, Detail: why}}
	})
	if err == nil {
		err = power.Set(ctx, n, target)
	}
	if err != nil {
		return err
	}
	return c.change(ctx, n.UUID, func(n *baremetal.Node, now time.Time) []baremetal.Event {
		setPower(n, baremetal.PowerOn, now)
		return nil
	})
}

// Inspected takes what a ramdisk has found on the machine of a node that waits for it. It
// returns when the report is accepted; the node shows what became of it.
func (c *Conductor) Inspected(ctx context.Context, ident string, found, data baremetal.Object) error {
	if size := sizeOf(found, data); size > maxReport {
		return baremetal.Errorf(baremetal.ErrInvalid, "The report has %d bytes without its logs; at most %d are kept.", size, maxReport)
	}
	uuid, err := c.accept(ctx, ident, func(tx *store.Tx, n *baremetal.Node) error {
		next, ok := n.ProvisionState.Next(baremetal.Resume)
		if !ok || n.ProvisionState != baremetal.InspectWait {
			return baremetal.Errorf(baremetal.ErrNotFound, "Resource could not be found.")
		}
		if err := tx.Append(enterState(n, next, tx.Now())); err != nil {
			return err
		}
		return keepInventory(tx.Reports(), &baremetal.Inventory{NodeUUID: n.UUID, Inventory: found, PluginData: data})
	})
	if err != nil {
		return err
	}
	c.finishInspection(ctx, uuid)
	return nil
}

// maxReport is the limit of what a ramdisk has found, in bytes of JSON without its logs: it is kept, and
// rules may copy its texts into the node.
const maxReport = 4 << 20

func sizeOf(found, data baremetal.Object) int {
	data = maps.Clone(data)
	delete(data, "logs")
	b, err := json.Marshal([]any{found, data})
	if err != nil {
		return maxReport + 1 // it came as JSON
	}
	return len(b)
}

// finishInspection begins to make records of the report that is kept of a reserved node. A restart takes it
// up again where it stood.
func (c *Conductor) finishInspection(ctx context.Context, uuid string) {
	c.run(ctx, uuid, func(ctx context.Context) error {
		err := c.Store.Update(ctx, func(tx *store.Tx) error {
			r, err := tx.Reports().Get(uuid)
			if err != nil || r.Inventory == nil { // the records are made
				return err
			}
			if err := c.learn(tx, uuid, r.Inventory, r.PluginData); err != nil {
				return err
			}
			return keepInventory(tx.Reports(), &baremetal.Inventory{NodeUUID: uuid})
		})
		if err == nil {
			err = c.endRamdisk(ctx, uuid)
		}
		w := works[baremetal.Inspecting]
		w.failed = "Failed to finish inspection: %[2]s"
		err = c.conclude(ctx, uuid, baremetal.Inspecting, w, "", err)
		if c.base.Err() != nil {
			return err
		}
		return errors.Join(err, c.Store.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error { return tx.Reports().Delete(uuid) }))
	})
}

// endRamdisk switches the machine off: what follows begins with a machine that is off.
func (c *Conductor) endRamdisk(ctx context.Context, uuid string) error {
	n, err := c.node(ctx, uuid)
	if err != nil || staysOn(n) {
		return err
	}
	return c.power(ctx, n, baremetal.PowerOff)
}

// learn makes the records of what was found and applies the rules to them, all or nothing: as
// Ironic's hooks ramdisk-error, ports and architecture, and then its rules.
func (c *Conductor) learn(tx *store.Tx, uuid string, found, data baremetal.Object) error {
	if reason := data["error"]; reason != nil && reason != "" {
		return fmt.Errorf("Ramdisk reported error: %v", reason) //nolint:staticcheck // Ironic's sentence
	}
	n, err := tx.Nodes().Get(uuid)
	if err != nil {
		return err
	}
	if err := errors.Join(addPorts(tx, n, found), addConnectors(tx, n, data)); err != nil {
		return err
	}
	describe(n, found, data)
	s := &inspection.Subject{Node: n, Inventory: found, PluginData: data, Log: c.Log}
	if s.Ports, err = tx.Ports().List(store.Where("node_uuid", n.UUID)); err != nil {
		return err
	}
	rules, err := tx.InspectionRules().List(store.Query{})
	if err != nil {
		return err
	}
	before := n.Name
	if err := inspection.Apply(rules, s); err != nil {
		return err
	}
	if n.Name != before && n.Name != "" && !baremetal.IsName(n.Name) {
		return fmt.Errorf("a rule sets the name %q, which is no name of a node", n.Name)
	}
	n.InspectionFinishedAt = tx.Now()
	for _, p := range s.Ports {
		if err := tx.Ports().Update(p); err != nil {
			return err
		}
	}
	logs := s.PluginData["logs"]
	delete(s.PluginData, "logs") // they can be huge
	inventory := &baremetal.Inventory{NodeUUID: n.UUID, Inventory: s.Inventory, PluginData: s.PluginData}
	return errors.Join(tx.Nodes().Update(n), keepInventory(tx.Inventories(), inventory), keepLog(tx, n.UUID, "inspection", logs))
}

// keepInventory puts an inventory in the place of the node's former one, if there is one.
func keepInventory(kept store.Set[baremetal.Inventory], i *baremetal.Inventory) error {
	old, err := kept.Find(i.NodeUUID)
	if err != nil {
		return err
	}
	if old == nil {
		return kept.Insert(i)
	}
	i.CreatedAt = old.CreatedAt
	return kept.Update(i)
}

// addPorts enrols the interface that the machine has booted from, or all where that is not
// known. An address that is enrolled already stays where it is.
func addPorts(tx *store.Tx, n *baremetal.Node, found baremetal.Object) error {
	all := Addresses(found)
	booted, _ := found["boot"].(map[string]any)
	text, _ := booted["pxe_interface"].(string)
	if pxe, err := baremetal.ParseMAC(text); err == nil && slices.Contains(all, pxe) {
		all = []string{pxe}
	}
	for _, mac := range all {
		known, err := tx.Ports().List(store.Where("address", mac))
		if err != nil {
			return err
		}
		if len(known) > 0 {
			continue
		}
		p := &baremetal.Port{UUID: uuid.NewString(), NodeUUID: n.UUID, Address: mac, PXEEnabled: true, AvailableForDynamicPortgroup: true}
		if err := tx.Ports().Insert(p); err != nil {
			return err
		}
		if err := tx.Append(baremetal.Event{Node: n.UUID, MAC: mac, Kind: baremetal.EventNode, Detail: "port found by inspection"}); err != nil {
			return err
		}
	}
	return nil
}

// maxCards bounds the network cards of a machine, each of which may become a port: a report is as long
// as its sender likes.
const maxCards = 256

// Addresses are the MAC addresses of the interfaces in an inventory, as ports have them: each once, and
// no more than maxCards.
func Addresses(found baremetal.Object) (macs []string) {
	interfaces, _ := found["interfaces"].([]any)
	seen := map[string]bool{}
	for _, i := range interfaces {
		i, _ := i.(map[string]any)
		text, _ := i["mac_address"].(string)
		if mac, err := baremetal.ParseMAC(text); err == nil && !seen[mac] && len(macs) < maxCards {
			seen[mac] = true
			macs = append(macs, mac)
		}
	}
	return macs
}
