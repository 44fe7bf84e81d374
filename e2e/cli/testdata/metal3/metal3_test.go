// Package metal3 asks a Bare Metal API what Metal³'s operator asks. It is a module of its own, for it ends in gophercloud.
package metal3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/baremetal/httpbasic"
	"github.com/gophercloud/gophercloud/v2/openstack/baremetal/noauth"
	"github.com/gophercloud/gophercloud/v2/openstack/baremetal/v1/drivers"
	"github.com/gophercloud/gophercloud/v2/openstack/baremetal/v1/nodes"
	"github.com/gophercloud/gophercloud/v2/openstack/baremetal/v1/ports"
	"github.com/gophercloud/gophercloud/v2/openstack/utils"
	th "github.com/gophercloud/gophercloud/v2/testhelper"
)

// metal3 is what Metal³'s operator asks of a Bare Metal API, in its order and at the microversion that it chooses: its
// pkg/provisioner/ironic of August 2026, told again with gophercloud, which it uses itself.
type metal3 struct {
	*testing.T
	api  *gophercloud.ServiceClient
	node string // UUID of the host
}

// TestMetal3 takes a host with a Redfish BMC through its life: REDFISH_ADDRESS, with REDFISH_USERNAME and
// REDFISH_PASSWORD. The API is at OS_ENDPOINT.
func TestMetal3(t *testing.T) {
	m := &metal3{T: t, api: client(t)}
	m.connect()
	m.register(os.Getenv("REDFISH_ADDRESS"))
	m.inspect()
	m.prepare()
	m.media()
	m.provision()
	m.switchPower()
	m.deprovision()
}

// client is what the operator makes from its environment.
func client(t *testing.T) (api *gophercloud.ServiceClient) {
	t.Helper()
	var err error
	endpoint := os.Getenv("OS_ENDPOINT") + "/v1"
	if os.Getenv("OS_AUTH_TYPE") == "http_basic" {
		api, err = httpbasic.NewBareMetalHTTPBasic(httpbasic.EndpointOpts{IronicEndpoint: endpoint, IronicUser: os.Getenv("OS_USERNAME"),
			IronicUserPassword: os.Getenv("OS_PASSWORD")})
	} else {
		api, err = noauth.NewBareMetalNoAuth(noauth.EndpointOpts{IronicEndpoint: endpoint})
	}
	th.AssertNoErr(t, err)
	api.Microversion = "1.110"
	return api
}

// absent fails the test unless the server answered that there is no such thing.
func absent(t *testing.T, err error) {
	t.Helper()
	if !gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
		t.Fatalf("%v, want 404", err)
	}
}

// connect is the operator's check of the server: microversions (1.89 is its least), and that there are drivers.
func (m *metal3) connect() {
	range_, err := utils.GetSupportedMicroversions(m.Context(), m.api)
	th.AssertNoErr(m.T, err)
	if range_.MaxMajor != 1 || range_.MaxMinor < 110 {
		m.Fatalf("the server speaks up to %d.%d; the operator takes 1.110 and refuses what is below 1.89", range_.MaxMajor, range_.MaxMinor)
	}
	pages, err := drivers.ListDrivers(m.api, drivers.ListDriversOpts{Detail: false}).AllPages(m.Context())
	th.AssertNoErr(m.T, err)
	all, err := drivers.ExtractDrivers(pages)
	th.AssertNoErr(m.T, err)
	if len(all) == 0 {
		m.Fatal("no drivers")
	}
}

// register looks for the host by name and by address, enrols it with its port, and has its BMC checked.
func (m *metal3) register(address string) {
	const name, mac = "metal3~host-0", "52:54:00:00:00:77"
	_, err := nodes.Get(m.Context(), m.api, name).Extract()
	absent(m.T, err)
	if found := m.ports(ports.ListOpts{Fields: []string{"node_uuid"}, Address: mac}); len(found) != 0 {
		m.Fatalf("there are ports: %v", found)
	}
	off := false
	n, err := nodes.Create(m.Context(), m.api, nodes.CreateOpts{
		Driver: "redfish", Name: name, BootInterface: "ipxe", FirmwareInterface: "redfish", InspectInterface: "redfish", RAIDInterface: "redfish", DisablePowerOff: &off,
		DriverInfo: map[string]any{"redfish_address": address, "redfish_username": os.Getenv("REDFISH_USERNAME"), "redfish_password": os.Getenv("REDFISH_PASSWORD"),
			"redfish_verify_ca": false},
		Properties: map[string]any{"capabilities": "boot_mode:uefi", "cpu_arch": "x86_64"},
	}).Extract()
	th.AssertNoErr(m.T, err)
	m.node = n.UUID
	pxe := true
	_, err = ports.Create(m.Context(), m.api, ports.CreateOpts{NodeUUID: m.node, Address: mac, PXEEnabled: &pxe}).Extract()
	th.AssertNoErr(m.T, err)
	th.AssertEquals(m.T, 1, len(m.ports(ports.ListOpts{NodeUUID: m.node})))
	m.become(nodes.ProvisionStateOpts{Target: nodes.TargetManage}, nodes.Manageable)
	m.update(
		nodes.UpdateOperation{Op: nodes.AddOp, Path: "/driver_info/force_persistent_boot_device", Value: "Default"},
		nodes.UpdateOperation{Op: nodes.AddOp, Path: "/automated_clean", Value: false},
		// The operator keeps what else an administrator has put here.
		nodes.UpdateOperation{Op: nodes.AddOp, Path: "/properties/capabilities", Value: "iscsi_boot:True,boot_mode:uefi"},
	)
}

func (m *metal3) ports(opts ports.ListOpts) []ports.Port {
	pages, err := ports.List(m.api, opts).AllPages(m.Context())
	th.AssertNoErr(m.T, err)
	all, err := ports.ExtractPorts(pages)
	th.AssertNoErr(m.T, err)
	return all
}

// update changes the node as the operator does: with "add" for what is there already, too.
func (m *metal3) update(ops ...nodes.UpdateOperation) {
	m.Helper()
	opts := nodes.UpdateOpts{}
	for _, op := range ops {
		opts = append(opts, op)
	}
	_, err := nodes.Update(m.Context(), m.api, m.node, opts).Extract()
	th.AssertNoErr(m.T, err)
}

// become asks the node to change its state and waits for that.
func (m *metal3) become(opts nodes.ProvisionStateOpts, state nodes.ProvisionState) *nodes.Node {
	m.Helper()
	th.AssertNoErr(m.T, nodes.ChangeProvisionState(m.Context(), m.api, m.node, opts).ExtractErr())
	return m.settled(func(n *nodes.Node) bool { return n.ProvisionState == string(state) })
}

// settled waits until nothing works on the node and it is as asked.
func (m *metal3) settled(is func(n *nodes.Node) bool) (node *nodes.Node) {
	m.Helper()
	ctx, cancel := context.WithTimeout(m.Context(), 3*time.Minute)
	defer cancel()
	err := gophercloud.WaitFor(ctx, func(ctx context.Context) (bool, error) {
		n, err := nodes.Get(ctx, m.api, m.node).Extract()
		node = n
		return err == nil && n.Reservation == "" && is(n), err
	})
	if err != nil {
		m.Fatalf("%v: the node is %s, power %s: %s", err, node.ProvisionState, node.PowerState, node.LastError)
	}
	return node
}

// inspect has the BMC asked what the machine has, and reads it with the firmware's settings and components.
func (m *metal3) inspect() {
	m.become(nodes.ProvisionStateOpts{Target: nodes.TargetInspect}, nodes.Manageable)
	data, err := nodes.GetInventory(m.Context(), m.api, m.node).Extract()
	th.AssertNoErr(m.T, err)
	if data.Inventory.Memory.PhysicalMb == 0 || len(data.Inventory.Interfaces) == 0 {
		m.Errorf("the inventory has no memory or no interfaces: %+v", data.Inventory)
	}
	settings, err := nodes.ListBIOSSettings(m.Context(), m.api, m.node, nodes.ListBIOSSettingsOpts{Detail: true}).Extract()
	th.AssertNoErr(m.T, err)
	firmware, err := nodes.ListFirmware(m.Context(), m.api, m.node).Extract()
	th.AssertNoErr(m.T, err)
	if len(settings) == 0 || len(firmware) == 0 {
		m.Errorf("%d settings and %d components of firmware", len(settings), len(firmware))
	}
}

// prepare cleans by hand, without a ramdisk, and makes the node available.
func (m *metal3) prepare() {
	m.become(nodes.ProvisionStateOpts{Target: nodes.TargetClean, CleanSteps: []nodes.CleanStep{{Interface: nodes.InterfaceBIOS, Step: "cache_bios_settings"}}}, nodes.Manageable)
	m.become(nodes.ProvisionStateOpts{Target: nodes.TargetProvide}, nodes.Available)
}

// media attaches an image to the machine as the operator's DataImage does, and takes it away.
func (m *metal3) media() {
	inserted := func() bool {
		r := nodes.GetVirtualMedia(m.Context(), m.api, m.node)
		th.AssertNoErr(m.T, r.Err)
		var list []struct{ Inserted bool }
		raw, err := json.Marshal(r.Body)
		th.AssertNoErr(m.T, err)
		th.AssertNoErr(m.T, json.Unmarshal(raw, &list))
		for _, medium := range list {
			if medium.Inserted {
				return true
			}
		}
		return false
	}
	opts := nodes.AttachVirtualMediaOpts{DeviceType: nodes.VirtualMediaCD, ImageURL: "http://192.0.2.1/data.iso", ImageDownloadSource: nodes.ImageDownloadSourceHTTP}
	th.AssertNoErr(m.T, nodes.AttachVirtualMedia(m.Context(), m.api, m.node, opts).ExtractErr())
	m.settled(func(*nodes.Node) bool { return inserted() })
	th.AssertNoErr(m.T, nodes.DetachVirtualMedia(m.Context(), m.api, m.node, nodes.DetachVirtualMediaOpts{DeviceTypes: []nodes.VirtualMediaDeviceType{nodes.VirtualMediaCD}}).ExtractErr())
	m.settled(func(*nodes.Node) bool { return !inserted() })
}

// provision deploys the image of a server, with its checksum and a config drive.
func (m *metal3) provision() {
	image := bytes.Repeat([]byte("metal3"), 1<<18)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "image.raw", time.Time{}, bytes.NewReader(image))
	}))
	defer server.Close()
	sum := sha256.Sum256(image)
	m.update(
		nodes.UpdateOperation{Op: nodes.AddOp, Path: "/instance_uuid", Value: "11111111-2222-4333-8444-555555555555"},
		nodes.UpdateOperation{Op: nodes.AddOp, Path: "/instance_info/capabilities", Value: map[string]any{"boot_mode": "uefi"}},
		nodes.UpdateOperation{Op: nodes.AddOp, Path: "/instance_info/image_source", Value: server.URL + "/image.raw"},
		nodes.UpdateOperation{Op: nodes.AddOp, Path: "/instance_info/image_disk_format", Value: "raw"},
		nodes.UpdateOperation{Op: nodes.AddOp, Path: "/instance_info/image_os_hash_algo", Value: "sha256"},
		nodes.UpdateOperation{Op: nodes.AddOp, Path: "/instance_info/image_os_hash_value", Value: hex.EncodeToString(sum[:])},
	)
	valid, err := nodes.Validate(m.Context(), m.api, m.node).Extract()
	th.AssertNoErr(m.T, err)
	if !valid.Boot.Result || !valid.Deploy.Result {
		m.Errorf("boot: %s deploy: %s", valid.Boot.Reason, valid.Deploy.Reason)
	}
	drive := nodes.ConfigDrive{MetaData: map[string]any{"name": "host-0"}, UserData: "#cloud-config\n"}
	n := m.become(nodes.ProvisionStateOpts{Target: nodes.TargetActive, ConfigDrive: drive}, nodes.Active)
	if n.PowerState != string(nodes.PowerOn) {
		m.Errorf("after the deployment the machine is %s", n.PowerState)
	}
}

// switchPower switches the machine off softly, as the operator does first, and on.
func (m *metal3) switchPower() {
	for _, opts := range []nodes.PowerStateOpts{{Target: nodes.SoftPowerOff, Timeout: 60}, {Target: nodes.PowerOn}} {
		th.AssertNoErr(m.T, nodes.ChangePowerState(m.Context(), m.api, m.node, opts).ExtractErr())
		want := map[nodes.TargetPowerState]string{nodes.SoftPowerOff: "power off", nodes.PowerOn: "power on"}[opts.Target]
		m.settled(func(n *nodes.Node) bool { return n.PowerState == want && n.TargetPowerState == "" })
	}
}

// deprovision undeploys, sets the node into maintenance, and deletes it.
func (m *metal3) deprovision() {
	m.become(nodes.ProvisionStateOpts{Target: nodes.TargetDeleted}, nodes.Available)
	th.AssertNoErr(m.T, nodes.SetMaintenance(m.Context(), m.api, m.node, nodes.MaintenanceOpts{Reason: "forced deletion in metal3"}).ExtractErr())
	th.AssertNoErr(m.T, nodes.Delete(m.Context(), m.api, m.node).ExtractErr())
	_, err := nodes.Get(m.Context(), m.api, m.node).Extract()
	absent(m.T, err)
}
