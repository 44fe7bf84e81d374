package redfish

import (
	"context"
	"encoding/json"
	"strings"

	"ironhook/baremetal"
)

// architectures are the names of InstructionSet and those of an inventory.
var architectures = map[string]string{"x86-64": "x86_64", "x86": "i686", "ARM-A64": "aarch64", "ARM-A32": "armv7l", "MIPS64": "mips64"}

// summary is what an inventory reads of the system itself.
type summary struct {
	Manufacturer, Model, SerialNumber, UUID string
	MemorySummary                           struct{ TotalSystemMemoryGiB float64 }
	ProcessorSummary                        struct {
		Count json.Number
		Model string
	}
	Processors, EthernetInterfaces, Storage, SimpleStorage link
}

// Inspect finds out what the machine has without booting it, in the form in which a ramdisk reports it.
func (d *Driver) Inspect(ctx context.Context, n *baremetal.Node) (found baremetal.Object, err error) {
	err = d.call(ctx, n, func(c *conversation, s *system) error {
		var sum summary
		if err := s.also(&sum); err != nil {
			return err
		}
		found = baremetal.Object{"system_vendor": sum.vendor()}
		if gib := sum.MemorySummary.TotalSystemMemoryGiB; gib > 0 {
			found["memory"] = map[string]any{"physical_mb": gib * 1024}
		}
		for name, value := range modes {
			if s.Boot.Mode == value {
				found["boot"] = map[string]any{"current_boot_mode": name}
			}
		}
		for _, part := range []struct {
			name string
			read func(context.Context, *summary) (any, error)
		}{{"cpu", c.processor}, {"interfaces", c.interfaces}, {"disks", c.disks}} {
			v, err := part.read(ctx, &sum)
			if ignoreAbsent(err) != nil {
				return err
			}
			found[part.name] = v
		}
		return nil
	})
	return found, err
}

func (s *summary) vendor() map[string]any {
	v := map[string]any{}
	for name, text := range map[string]string{"manufacturer": s.Manufacturer, "product_name": s.Model, "serial_number": s.SerialNumber,
		"system_uuid": s.UUID} {
		if text != "" {
			v[name] = text
		}
	}
	return v
}

// processor describes the first processor: a machine has several of the same.
func (c *conversation) processor(ctx context.Context, s *summary) (any, error) {
	count, _ := s.ProcessorSummary.Count.Float64()
	cpu := map[string]any{"count": count, "architecture": ""}
	if s.ProcessorSummary.Model != "" {
		cpu["model_name"] = s.ProcessorSummary.Model
	}
	if s.Processors.ID == "" {
		return cpu, nil
	}
	paths, err := c.members(ctx, s.Processors.ID)
	if err != nil || len(paths) == 0 {
		return cpu, err
	}
	var p struct {
		Model          string
		InstructionSet string
		MaxSpeedMHz    *float64
		TotalThreads   *float64
	}
	if _, err := c.get(ctx, paths[0], &p); err != nil {
		return cpu, err
	}
	cpu["architecture"] = architectures[p.InstructionSet]
	if p.Model != "" {
		cpu["model_name"] = p.Model
	}
	if p.MaxSpeedMHz != nil {
		cpu["frequency"] = *p.MaxSpeedMHz
	}
	return cpu, nil
}

// interfaces describes the network interfaces that are not disabled.
func (c *conversation) interfaces(ctx context.Context, s *summary) (any, error) {
	all := []any{}
	if s.EthernetInterfaces.ID == "" {
		return all, nil
	}
	paths, err := c.members(ctx, s.EthernetInterfaces.ID)
	for _, path := range paths {
		var e struct {
			ID                  string `json:"Id"`
			MACAddress          string
			PermanentMACAddress string
			SpeedMbps           *float64
			LinkStatus          string
			Status              struct{ State string }
		}
		if _, err := c.get(ctx, path, &e); err != nil {
			return all, err
		}
		mac := e.PermanentMACAddress
		if e.MACAddress != "" {
			mac = e.MACAddress
		}
		if mac == "" || e.Status.State == "Disabled" || e.Status.State == "Absent" {
			continue
		}
		i := map[string]any{"name": e.ID, "mac_address": strings.ToLower(mac), "has_carrier": e.LinkStatus == "LinkUp"}
		if e.SpeedMbps != nil {
			i["speed_mbps"] = *e.SpeedMbps
		}
		all = append(all, i)
	}
	return all, err
}

// disk is what is read of a Drive, or of a device of a SimpleStorage (DSP0268).
type disk struct {
	Name, Manufacturer, Model, SerialNumber, MediaType string
	CapacityBytes                                      *float64
}

func (d disk) described() map[string]any {
	v := map[string]any{"name": d.Name, "size": float64(0)}
	if d.CapacityBytes != nil {
		v["size"] = *d.CapacityBytes
	}
	for name, text := range map[string]string{"vendor": d.Manufacturer, "model": d.Model, "serial": d.SerialNumber} {
		if text != "" {
			v[name] = text
		}
	}
	if d.MediaType != "" {
		v["rotational"] = d.MediaType == "HDD"
	}
	return v
}

// disks describes the drives of the machine's storage, or of the simpler resource that older BMCs have.
func (c *conversation) disks(ctx context.Context, s *summary) (any, error) {
	all := []any{}
	at := s.Storage.ID
	if at == "" {
		at = s.SimpleStorage.ID
	}
	if at == "" {
		return all, nil
	}
	paths, err := c.members(ctx, at)
	for _, path := range paths {
		var storage struct {
			Drives  []link
			Devices []disk
		}
		if _, err := c.get(ctx, path, &storage); err != nil {
			return all, err
		}
		for _, device := range bounded(storage.Devices) {
			all = append(all, device.described())
		}
		for _, l := range bounded(storage.Drives) {
			var drive disk
			if _, err := c.get(ctx, l.ID, &drive); err != nil {
				return all, err
			}
			all = append(all, drive.described())
		}
	}
	return all, err
}

// Health is the machine's health as the BMC sees it, in Ironic's words; "" is unknown.
func (d *Driver) Health(ctx context.Context, n *baremetal.Node) (health string, err error) {
	err = d.call(ctx, n, func(_ *conversation, s *system) error {
		var at struct{ Status struct{ Health string } }
		if err := s.also(&at); err != nil {
			return err
		}
		switch at.Status.Health {
		case "OK", "Warning", "Critical":
			health = strings.ToUpper(at.Status.Health)
		}
		return nil
	})
	return health, err
}
