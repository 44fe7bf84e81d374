package conductor

import (
	"context"
	"errors"
	"fmt"
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
		return baremetal.Wait, c.bootRamdisk(ctx, n)
	}
	return "", c.change(ctx, uuid, func(n *baremetal.Node, now time.Time) []baremetal.Event {
		n.InspectionStartedAt, n.InspectionFinishedAt = time.Time{}, now
		return nil
	})
}

// bootRamdisk boots a machine from the network once, without its volumes.
func (c *Conductor) bootRamdisk(ctx context.Context, n *baremetal.Node) error {
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
		err = management.SetBootDevice(ctx, n, "pxe", false)
	}
	if err = ignoring(ignoring(err, baremetal.ErrUnsupported), baremetal.ErrBootDevice); err != nil {
		return err
	}
	err = c.change(ctx, n.UUID, func(n *baremetal.Node, now time.Time) []baremetal.Event {
		n.InspectionStartedAt, n.InspectionFinishedAt = now, time.Time{}
		fleet.ForgetAgent(n)
		return []baremetal.Event{{Kind: baremetal.EventPowerOn, Detail: "to be inspected"}}
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
	uuid, err := c.accept(ctx, ident, func(tx *store.Tx, n *baremetal.Node) error {
		next, ok := n.ProvisionState.Next(baremetal.Resume)
		if !ok || n.ProvisionState != baremetal.InspectWait {
			return baremetal.Errorf(baremetal.ErrNotFound, "Resource could not be found.")
		}
		return tx.Append(enterState(n, next, tx.Now()))
	})
	if err != nil {
		return err
	}
	c.run(ctx, uuid, func(ctx context.Context) error {
		err := c.Store.Update(ctx, func(tx *store.Tx) error { return c.learn(tx, uuid, found, data) })
		if err == nil {
			err = c.endRamdisk(ctx, uuid)
		}
		w := works[baremetal.Inspecting]
		w.failed = "Failed to finish inspection: %[2]s"
		return c.conclude(ctx, uuid, baremetal.Inspecting, w, "", err)
	})
	return nil
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
	if err := addPorts(tx, n, found); err != nil {
		return err
	}
	cpu, _ := found["cpu"].(map[string]any)
	if arch, ok := cpu["architecture"].(string); ok {
		n.Properties = with(n.Properties, "cpu_arch", arch)
	}
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
	delete(s.PluginData, "logs") // they can be huge
	return errors.Join(tx.Nodes().Update(n), keepInventory(tx, n.UUID, s))
}

func keepInventory(tx *store.Tx, node string, s *inspection.Subject) error {
	kept, err := tx.Inventories().Get(node)
	if errors.Is(err, baremetal.ErrNotFound) {
		return tx.Inventories().Insert(&baremetal.Inventory{NodeUUID: node, Inventory: s.Inventory, PluginData: s.PluginData})
	}
	if err != nil {
		return err
	}
	kept.Inventory, kept.PluginData = s.Inventory, s.PluginData
	return tx.Inventories().Update(kept)
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

// Addresses are the MAC addresses of the interfaces in an inventory, as ports have them.
func Addresses(found baremetal.Object) (macs []string) {
	interfaces, _ := found["interfaces"].([]any)
	for _, i := range interfaces {
		i, _ := i.(map[string]any)
		text, _ := i["mac_address"].(string)
		if mac, err := baremetal.ParseMAC(text); err == nil {
			macs = append(macs, mac)
		}
	}
	return macs
}
