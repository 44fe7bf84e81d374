package main

import (
	"context"
	"fmt"

	"ironhook/client/baremetal/v1/volumeconnectors"
	"ironhook/client/baremetal/v1/volumetargets"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/baremetal/v1/nodes"
	"github.com/gophercloud/gophercloud/v2/openstack/baremetal/v1/ports"
)

// machine is what boots, and from what.
type machine struct {
	name, mac, driver string
	driverInfo        map[string]any
	storage, volume   string
	portal, iqn       string // of a volume that the server does not manage
	lun               int
}

// boot enrols the machine and deploys it; it runs from its volume when boot returns.
func (m machine) boot(ctx context.Context, client *gophercloud.ServiceClient) error {
	node, err := nodes.Create(ctx, client, nodes.CreateOpts{
		Name: m.name, Driver: m.driver, DriverInfo: m.driverInfo,
		BootInterface: "ipxe", DeployInterface: "direct", StorageInterface: m.storage,
		Properties: map[string]any{"capabilities": "iscsi_boot:True"},
	}).Extract()
	if err != nil {
		return fmt.Errorf("create the node: %w", err)
	}
	if err := m.attach(ctx, client, node.UUID); err != nil {
		return err
	}
	for _, move := range []struct {
		target nodes.TargetProvisionState
		state  nodes.ProvisionState
	}{
		{nodes.TargetManage, nodes.Manageable},
		{nodes.TargetProvide, nodes.Available},
		{nodes.TargetActive, nodes.Active},
	} {
		if err := provision(ctx, client, node.UUID, move.target, move.state); err != nil {
			return err
		}
		fmt.Printf("%s is %s\n", m.name, move.state)
	}
	return nil
}

// attach says which network card the node boots with, and from which volume.
func (m machine) attach(ctx context.Context, client *gophercloud.ServiceClient, node string) error {
	if err := ports.Create(ctx, client, ports.CreateOpts{NodeUUID: node, Address: m.mac}).Err; err != nil {
		return fmt.Errorf("create the port: %w", err)
	}
	if err := volumeconnectors.Create(ctx, client, volumeconnectors.CreateOpts{
		NodeUUID: node, Type: volumeconnectors.TypeIQN, ConnectorID: "iqn.2017-08.org.example:" + m.name,
	}).Err; err != nil {
		return fmt.Errorf("create the volume connector: %w", err)
	}
	target := volumetargets.CreateOpts{NodeUUID: node, VolumeType: volumetargets.VolumeTypeISCSI, BootIndex: 0, VolumeID: m.volume}
	if m.portal != "" {
		target.Properties = map[string]any{"target_portal": m.portal, "target_iqn": m.iqn, "target_lun": m.lun}
	}
	if err := volumetargets.Create(ctx, client, target).Err; err != nil {
		return fmt.Errorf("create the volume target: %w", err)
	}
	return nil
}

// provision asks for a provision state and waits for it, or for the reason why not.
func provision(ctx context.Context, client *gophercloud.ServiceClient, node string, target nodes.TargetProvisionState,
	state nodes.ProvisionState) error {
	err := nodes.ChangeProvisionState(ctx, client, node, nodes.ProvisionStateOpts{Target: target}).ExtractErr()
	if err != nil {
		return fmt.Errorf("%s: %w", target, err)
	}
	return gophercloud.WaitFor(ctx, func(ctx context.Context) (bool, error) {
		now, err := nodes.Get(ctx, client, node).Extract()
		if err == nil && now.Reservation == "" && now.LastError != "" {
			err = fmt.Errorf("%s ended in %s: %s", target, now.ProvisionState, now.LastError)
		}
		return err == nil && now.ProvisionState == string(state), err
	})
}
