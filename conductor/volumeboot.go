package conductor

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/store"
)

// plan returns the boot plan of the node, by its storage interface.
func (c *Conductor) plan(tx *store.Tx, n *baremetal.Node) (boot.Plan, error) {
	storage, err := c.storageOf(n)
	if err != nil {
		return boot.Plan{}, err
	}
	return storage.Plan(tx, n)
}

// planNow is plan in a transaction of its own.
func (c *Conductor) planNow(ctx context.Context, n *baremetal.Node) (p boot.Plan, err error) {
	err = c.Store.View(ctx, func(tx *store.Tx) error {
		p, err = c.plan(tx, n)
		return err
	})
	return p, err
}

// prepareVolumeBoot attaches the volumes of a node that boots from one and sets its boot
// device persistently: a diskless machine has no other. It does nothing for other nodes, nor for one that is
// cleaned or inspected, which boots no system of its own.
// network reports that the machine will ask the network.
func (c *Conductor) prepareVolumeBoot(ctx context.Context, n *baremetal.Node) (network bool, err error) {
	if n.ProvisionState.Ramdisk() {
		return false, nil
	}
	p, err := c.planNow(ctx, n)
	if err != nil || p.Refusal != nil {
		return false, err
	}
	storage, err := c.storageOf(n)
	if err != nil {
		return false, err
	}
	if err := storage.Attach(ctx, n); err != nil {
		return false, aboutVolumes(fmt.Errorf("attach volumes: %w", err))
	}
	management, err := c.powerOf(n, "management")
	if err != nil {
		return true, ignoring(err, baremetal.ErrUnsupported) // it is set by hand in the firmware
	}
	device := p.Device()
	if i, ok := management.(ISCSIBoot); ok && p.Method == boot.ISCSI && i.WantsISCSIBoot(n) {
		device = "disk"
		if err := c.prepareInitiator(ctx, n, i, p); err != nil {
			return false, aboutVolumes(fmt.Errorf("prepare the firmware's own initiator: %w", err))
		}
	}
	if p.Method == boot.Disk && !slices.Contains(management.BootDevices(), device) {
		device = "pxe" // whose script goes on with the next device
	}
	if network = device == "pxe"; network {
		device = networkDevice(n, management)
	}
	err = management.SetBootDevice(ctx, n, device, true)
	if !errors.Is(err, baremetal.ErrBootDevice) || !c.bootsFrom(ctx, n, management, device) {
		return network, ignoring(err, baremetal.ErrUnsupported)
	}
	c.Log.Warn("BMC refuses the boot device; the machine is switched on all the same", "node", n.UUID, "device", device, "error", err)
	return network, c.Store.Append(ctx, baremetal.Event{Node: n.UUID, Kind: baremetal.EventNode,
		Detail: "is switched on all the same and boots what its firmware has first: " + sentence(err)})
}

// networkDevice is the boot device that is the network: HTTP boot of UEFI for the boot interface http-ipxe
// where the BMC knows it, as in Ironic.
func networkDevice(n *baremetal.Node, management Power) string {
	if n.Interfaces["boot"] == "http-ipxe" && slices.Contains(management.BootDevices(), "uefihttp") {
		return "uefihttp"
	}
	return "pxe"
}

// prepareInitiator tells the firmware's own initiator, through the BMC, what it needs to boot from the volume
// that has just been attached.
func (c *Conductor) prepareInitiator(ctx context.Context, n *baremetal.Node, i ISCSIBoot, p boot.Plan) error {
	var attempt baremetal.ISCSIAttempt
	var macs []string
	err := c.Store.View(ctx, func(tx *store.Tx) error {
		ports, err := tx.Ports().List(store.Where("node_uuid", n.UUID))
		if err != nil {
			return err
		}
		for _, port := range ports {
			if port.PXEEnabled {
				macs = append(macs, port.Address)
			}
		}
		t, err := tx.Targets().Get(p.Volume.UUID)
		if err != nil {
			return err
		}
		grant, err := tx.Grants().Find(t.UUID)
		if err != nil {
			return err
		}
		attempt, err = attemptOf(t, grant)
		if err == nil && attempt.Initiator == "" {
			attempt.Initiator, err = initiatorOf(tx, n)
		}
		return err
	})
	if err != nil {
		return err
	}
	return i.SetISCSIBoot(ctx, n, macs, attempt)
}

// attemptOf is where a volume is, and the secrets that open it: those of the grant of one of ours, or else
// those in its target's properties.
func attemptOf(t *baremetal.VolumeTarget, grant *baremetal.Grant) (a baremetal.ISCSIAttempt, err error) {
	if grant != nil {
		return baremetal.ISCSIAttempt{Initiator: grant.Initiator, Target: grant.IQN, Address: grant.Portal.Addr().String(),
			Port: int(grant.Portal.Port()), User: grant.User, Secret: grant.Secret}, nil
	}
	at, err := netip.ParseAddrPort(t.Properties.Text("target_portal"))
	if err != nil {
		return a, baremetal.Errorf(baremetal.ErrInvalid, "target_portal of volume target %s must be an address and a port", t.UUID)
	}
	return baremetal.ISCSIAttempt{
		Target: t.Properties.Text("target_iqn"), Address: at.Addr().String(), Port: int(at.Port()), LUN: number(t.Properties["target_lun"]),
		User: t.Properties.Text("auth_username"), Secret: t.Properties.Text("auth_password"),
		ReverseUser: t.Properties.Text("reverse_auth_username"), ReverseSecret: t.Properties.Text("reverse_auth_password"),
	}, nil
}

// initiatorOf is the name of the machine's initiator: its connector of the type iqn.
func initiatorOf(tx *store.Tx, n *baremetal.Node) (string, error) {
	all, err := tx.Connectors().List(store.Where("node_uuid", n.UUID))
	for _, c := range all {
		if c.Type == "iqn" {
			return c.ConnectorID, nil
		}
	}
	return "", err
}

// ofVolumes is an error of a node's volumes, and not of its power.
type ofVolumes struct{ error }

func (e ofVolumes) Unwrap() error { return e.error }

func aboutVolumes(err error) error {
	if err == nil {
		return nil
	}
	return ofVolumes{err}
}

// prevented is the step of a boot that err kept from happening: what has to do with the
// node's volumes kept them from being attached.
func prevented(err error, otherwise baremetal.EventKind) baremetal.EventKind {
	var volumes ofVolumes
	if errors.As(err, &volumes) {
		return baremetal.EventAttach
	}
	return otherwise
}

// ignoring returns err, or nil if it is of this kind.
func ignoring(err, kind error) error {
	if errors.Is(err, kind) {
		return nil
	}
	return err
}

// bootsFrom reports whether the node is expected to boot from the device although its BMC
// refuses to set it. UEFI has its own boot order, which many BMCs cannot change. For BIOS
// there must be evidence: the BMC reports the device, or the machine has fetched a boot
// script before. Otherwise it might boot what an earlier user left on its disk.
func (c *Conductor) bootsFrom(ctx context.Context, n *baremetal.Node, management Power, device string) bool {
	if n.BootsUEFI() {
		return true
	}
	if now, persistent, err := management.BootDevice(ctx, n); err == nil && now == device && persistent {
		return true
	}
	var scripts []*baremetal.Event
	err := c.Store.View(ctx, func(tx *store.Tx) (err error) {
		scripts, err = tx.Events(store.EventQuery{Node: n.UUID, Kinds: []baremetal.EventKind{baremetal.EventScript}, Limit: 1})
		return err
	})
	return err == nil && device != "disk" && len(scripts) > 0
}

func (c *Conductor) detach(ctx context.Context, n *baremetal.Node) error {
	storage, err := c.storageOf(n)
	if err != nil {
		return err
	}
	return storage.Detach(ctx, n)
}
