package agent

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"ironhook/agent/hardware"
)

// agent is the state of the system.
type agent struct {
	journal
	settings
	machine  hardware.Machine
	children sync.RWMutex // read by those who wait for a child of their own
	address  netip.Addr

	root      *hardware.Disk // that an image was written to
	protected []any          // hints of disks that no step may write to, skip_block_devices of Ironic
	progress  atomic.Int64   // of what runs, in percent
	rescued   atomic.Bool    // the machine is its user's
}

// retry is the time between two tries of what fails, at first and at most.
const (
	retry    = time.Second
	maxRetry = 20 * time.Second
)

// run does the agent's work. It returns for what no repetition mends.
func (a *agent) run(ctx context.Context) (err error) {
	a.machine = hardware.Machine{FS: os.DirFS("/")}
	if a.settings, err = parse(a.machine.Args(), a.machine.Booted()); err != nil {
		return err
	}
	a.until(ctx, "network", func() (err error) { a.address, err = a.connect(ctx); return err })
	server, err := a.client()
	if err != nil {
		return err
	}
	if a.Callback != "" {
		found := a.inspect(ctx)
		a.until(ctx, "report to "+a.Callback, func() error { return server.report(ctx, a.Callback, found) })
		a.say("what was found is reported")
	}
	if a.API == "" {
		return nil
	}
	return a.serve(ctx, server)
}

// until repeats what fails until it does not, and says why it does.
func (a *agent) until(ctx context.Context, what string, try func() error) {
	said := ""
	for pause := retry; ctx.Err() == nil; pause = min(2*pause, maxRetry) {
		err := try()
		if err == nil {
			return
		}
		if text := err.Error(); text != said {
			a.say("%s: %v; trying again", what, err)
			said = text
		}
		time.Sleep(pause)
	}
}

// inspect makes the report of what the machine has.
func (a *agent) inspect(ctx context.Context) map[string]any {
	inventory := a.inventory()
	for _, d := range inventory.Disks {
		a.say("disk %s", d)
	}
	var linked []string
	for _, i := range inventory.Interfaces {
		a.say("card %s %s carrier %v", i.Name, i.MAC, i.Carrier)
		if i.Carrier {
			linked = append(linked, i.Name)
		}
	}
	heard := a.neighbours(ctx, linked)
	for n := range inventory.Interfaces {
		inventory.Interfaces[n].LLDP = heard[inventory.Interfaces[n].Name]
	}
	connectors := a.machine.Connectors()
	for _, c := range connectors {
		a.say("volume connector %s %s", c.Type, c.ID)
	}
	bmc4, bmc6 := bmc()
	inventory.BMCAddress, inventory.BMCv6Address = bmc4, bmc6
	a.say("%s, %d processors, %d MiB, %s, BMC %q", inventory.SystemVendor.ProductName, inventory.CPU.Count, inventory.Memory.Physical,
		inventory.Boot.Mode, bmc4)
	found := map[string]any{
		"inventory": inventory, "pci_devices": a.machine.PCI(), "gpus": a.machine.GPUs(),
		"volume_connectors": connectors, "hba": a.machine.HBA(), "boot_interface": inventory.Boot.PXEInterface,
		"configuration": map[string]any{"collectors": []string{"default", "pci-devices"},
			"managers": []any{map[string]any{"name": manager, "version": managerVersion}}},
	}
	if logs, err := a.packedLog(); err == nil {
		found["logs"] = logs
	}
	return found
}

// inventory is what the machine has, with the addresses of its cards.
func (a *agent) inventory() hardware.Inventory {
	inventory := a.machine.Inventory()
	for n := range inventory.Interfaces {
		i := &inventory.Interfaces[n]
		i.IPv4, i.IPv6 = addresses(i.Name)
	}
	return inventory
}

// manager names the set of abilities of this agent, as Ironic's hardware managers.
const (
	manager        = "ironhook"
	managerVersion = "1"
)

// agentVersion is the version of the protocol that the agent speaks: that of Ironic's agent
// whose commands it has.
var agentVersion = fmt.Sprintf("11.0.0+ironhook%s", managerVersion)
