package redfish

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stmcginnis/gofish"

	"ironhook/baremetal"
	"ironhook/conductor"
	"ironhook/power/powertest"
	"ironhook/power/redfish/bmctest"
)

// The driver can do all that a conductor may ask a BMC for.
var _ interface {
	conductor.Power
	conductor.BootModes
	conductor.VirtualMedia
	conductor.Indicators
	conductor.BIOS
	conductor.Firmware
	conductor.Inspector
	conductor.Health
	conductor.Sensors
	conductor.HardwareLogs
	conductor.ISCSIBoot
} = (*Driver)(nil)

func startMachine(t *testing.T) (*bmctest.BMC, *Driver, *baremetal.Node) {
	t.Helper()
	b := bmctest.New()
	s := httptest.NewServer(b)
	t.Cleanup(func() {
		s.Close()
		if n := b.Sessions(); n > 0 {
			t.Errorf("%d sessions are left open", n)
		}
	})
	pace := hurried
	pace.Update = 5 * time.Second
	return b, New(pace), &baremetal.Node{UUID: "c0ffee00-0000-4000-8000-000000000001", Name: "pc-07", Driver: "redfish",
		DriverInfo: baremetal.Object{
			"redfish_address": s.URL, "redfish_username": bmctest.User, "redfish_password": bmctest.Password}}
}

func TestSuiteOnAMachine(t *testing.T) {
	powertest.Run(t, func(t *testing.T) (conductor.Power, *baremetal.Node) {
		_, d, n := startMachine(t)
		return d, n
	})
}

// The acceptance of the test's own BMC by two other clients.
func TestOthersAcceptTheBMC(t *testing.T) {
	_, _, n := startMachine(t)
	t.Run("gofish", func(t *testing.T) {
		c, err := gofish.Connect(gofish.ClientConfig{Endpoint: n.DriverInfo.Text("redfish_address"), Username: bmctest.User,
			Password: bmctest.Password})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Logout()
		systems, err := c.Service.Systems()
		if err != nil || len(systems) != 1 {
			t.Fatalf("Systems = %d, %v", len(systems), err)
		}
		bios, err := systems[0].Bios()
		if err != nil || bios.Attributes.String("ProcTurbo") != "Enabled" {
			t.Errorf("Bios = %v, %v", bios, err)
		}
		secure, err := systems[0].SecureBoot()
		if err != nil || secure.SecureBootEnable {
			t.Errorf("SecureBoot = %v, %v", secure, err)
		}
		chassis, err := c.Service.Chassis()
		if err != nil || len(chassis) != 1 {
			t.Fatalf("Chassis = %d, %v", len(chassis), err)
		}
		thermal, err := chassis[0].Thermal()
		if err != nil || len(thermal.Fans) != 1 {
			t.Errorf("Thermal = %v, %v", thermal, err)
		}
		adapters, err := chassis[0].NetworkAdapters()
		if err != nil || len(adapters) != 1 {
			t.Errorf("NetworkAdapters = %d, %v", len(adapters), err)
		}
	})
	t.Run("sushy", func(t *testing.T) {
		if testing.Short() {
			t.Skip("needs python3-sushy")
		}
		script := `
import sys, sushy
from sushy import auth
root = sushy.Sushy(sys.argv[1], auth=auth.SessionOrBasicAuth(sys.argv[2], sys.argv[3]))
s = root.get_system_collection().get_members()[0]
assert s.power_state == sushy.PowerState.OFF, s.power_state
assert s.bios.attributes["ProcTurbo"] == "Enabled", s.bios.attributes
assert s.secure_boot.enabled is False
assert s.boot.mode == sushy.BootSourceOverrideMode.UEFI, s.boot.mode
assert [e.mac_address for e in s.ethernet_interfaces.get_members()] == ["52:54:00:12:34:56"]
assert s.processors.get_members()[0].instruction_set == sushy.InstructionSet.X86_64
assert s.storage.drives_sizes_bytes == [64 << 30], s.storage.drives_sizes_bytes
assert s.managers[0].firmware_version == "5.0"
assert s.chassis[0].thermal.fans[0].reading == 4200
media = [m for m in s.managers[0].virtual_media.get_members() if "CD" in [t.value for t in m.media_types]][0]
media.insert_media("http://192.0.2.1/x.iso")
media.refresh(force=True)
assert media.inserted and media.image == "http://192.0.2.1/x.iso"
media.eject_media()
s.bios.set_attribute("ProcTurbo", "Disabled")
s.reset_system(sushy.ResetType.ON)
s.refresh(force=True)
assert s.power_state == sushy.PowerState.ON
s.bios.refresh(force=True)
assert s.bios.attributes["ProcTurbo"] == "Disabled", s.bios.attributes
root.get_update_service().simple_update("http://192.0.2.1/fw.bin")
`
		out, err := exec.CommandContext(t.Context(), "/usr/bin/python3", "-W", "ignore", "-c", script, n.DriverInfo.Text("redfish_address"),
			bmctest.User, bmctest.Password).CombinedOutput()
		if err != nil {
			t.Errorf("sushy: %v\n%s", err, out)
		}
	})
}

func TestBIOS(t *testing.T) {
	b, d, n := startMachine(t)
	value := func(name string) any {
		parts, err := d.BIOS(t.Context(), n)
		i := slices.IndexFunc(parts, func(p baremetal.Part) bool { return p.Name == name })
		if err != nil || i < 0 {
			t.Fatalf("BIOS = %v, %v", parts, err)
		}
		return parts[i].Facts["value"]
	}
	parts, err := d.BIOS(t.Context(), n)
	if err != nil || len(parts) != 4 {
		t.Fatalf("BIOS = %v, %v", parts, err)
	}
	want := baremetal.Object{"value": "Enabled", "attribute_type": "Enumeration", "allowable_values": []any{"Enabled", "Disabled"},
		"read_only":      false,
		"reset_required": true, "unique": nil, "lower_bound": nil, "upper_bound": nil, "min_length": nil, "max_length": nil}
	if got := parts[3]; got.Name != "ProcTurbo" || !reflect.DeepEqual(got.Facts, want) {
		t.Errorf("a setting = %s %v, want %v", got.Name, got.Facts, want)
	}
	if err := d.ChangeBIOS(t.Context(), n, baremetal.Object{"Turbo": "Off", "Zz": 1}); !errors.Is(err, baremetal.ErrInvalid) ||
		!strings.Contains(err.Error(), "Turbo, Zz") {
		t.Errorf("unknown settings = %v", err)
	}
	if err := d.ChangeBIOS(t.Context(), n, baremetal.Object{"ProcTurbo": "Disabled", "Cores": 2}); err != nil {
		t.Fatal(err)
	}
	if value("ProcTurbo") != "Enabled" {
		t.Error("a setting holds before the machine has started")
	}
	if err := d.Set(t.Context(), n, baremetal.PowerOn); err != nil || value("ProcTurbo") != "Disabled" || value("Cores") != "2" {
		t.Errorf("after the start: %v, %v, %v", value("ProcTurbo"), value("Cores"), err)
	}
	if err := errors.Join(d.ResetBIOS(t.Context(), n), d.Set(t.Context(), n, baremetal.Reboot)); err != nil ||
		value("ProcTurbo") != "Enabled" {
		t.Errorf("after the reset: %v, %v", value("ProcTurbo"), err)
	}
	b.Change(bmctest.System, bmctest.Object{"Bios": nil})
	if _, err := d.BIOS(t.Context(), n); !errors.Is(err, baremetal.ErrUnsupported) {
		t.Errorf("BIOS of a machine without = %v", err)
	}
}

func TestBootModeAndSecureBoot(t *testing.T) {
	b, d, n := startMachine(t)
	mode, secure, err := d.BootMode(t.Context(), n)
	if mode != "uefi" || secure == nil || *secure || err != nil {
		t.Errorf("BootMode = %q, %v, %v", mode, secure, err)
	}
	if err := errors.Join(d.SetSecureBoot(t.Context(), n, true), d.ResetSecureBootKeys(t.Context(), n, false),
		d.ResetSecureBootKeys(t.Context(), n, true),
		d.Set(t.Context(), n, baremetal.PowerOn)); err != nil {
		t.Fatal(err)
	}
	if _, secure, _ := d.BootMode(t.Context(), n); secure == nil || !*secure {
		t.Errorf("secure boot after the start = %v", secure)
	}
	log := strings.Join(b.Log(), "\n")
	for _, want := range []string{`"ResetKeysType":"ResetAllKeysToDefault"`, `"ResetKeysType":"DeleteAllKeys"`} {
		if !strings.Contains(log, want) {
			t.Errorf("the BMC was asked for\n%s\nwant %s", log, want)
		}
	}
	if err := d.SetBootMode(t.Context(), n, "bios"); err != nil {
		t.Fatal(err)
	}
	if err := d.SetSecureBoot(t.Context(), n, true); !errors.Is(err, baremetal.ErrInvalid) {
		t.Errorf("secure boot in bios mode = %v", err)
	}
	b.Change(bmctest.System, bmctest.Object{"SecureBoot": nil})
	if mode, secure, err := d.BootMode(t.Context(), n); mode != "bios" || secure != nil || err != nil {
		t.Errorf("BootMode without secure boot = %q, %v, %v", mode, secure, err)
	}
}

func TestVirtualMedia(t *testing.T) {
	b, d, n := startMachine(t)
	at := bmctest.System + "/VirtualMedia"
	if err := d.AttachMedium(t.Context(), n, "cdrom", "http://192.0.2.1/a.iso"); err != nil {
		t.Fatal(err)
	}
	if err := d.AttachMedium(t.Context(), n, "cdrom", "http://192.0.2.1/b.iso"); err != nil ||
		b.Get(at+"/Cd", "Image") != "http://192.0.2.1/b.iso" {
		t.Errorf("a second image: %v, %v", b.Get(at+"/Cd", "Image"), err)
	}
	media, err := d.Media(t.Context(), n)
	want := []baremetal.Medium{{Types: []string{"CD", "DVD"}, Inserted: true, Image: "http://192.0.2.1/b.iso"},
		{Types: []string{"Floppy", "USBStick"}}}
	if err != nil || !reflect.DeepEqual(media, want) {
		t.Errorf("Media = %v, %v", media, err)
	}
	if err := d.DetachMedia(t.Context(), n, []string{"floppy"}); err != nil || b.Get(at+"/Cd", "Inserted") != true {
		t.Errorf("detach of another kind: %v, %v", b.Get(at+"/Cd", "Inserted"), err)
	}
	if err := d.DetachMedia(t.Context(), n, []string{"disk", "cdrom"}); err != nil || b.Get(at+"/Cd", "Inserted") != false {
		t.Errorf("detach: %v, %v", b.Get(at+"/Cd", "Inserted"), err)
	}
	b.Refuse = func(_, path string, body bmctest.Object) int {
		return map[bool]int{true: 400}[strings.HasSuffix(path, "InsertMedia") && len(body) > 1]
	}
	if err := d.AttachMedium(t.Context(), n, "disk", "http://192.0.2.1/c.img"); err != nil ||
		b.Get(at+"/Usb", "Image") != "http://192.0.2.1/c.img" {
		t.Errorf("a BMC that knows the image alone: %v, %v", b.Get(at+"/Usb", "Image"), err)
	}
	b.Refuse = nil
	b.Change(at, bmctest.Object{"Members": []any{bmctest.Object{"@odata.id": at + "/Cd"}}})
	if err := d.AttachMedium(t.Context(), n, "floppy", "http://192.0.2.1/x"); !errors.Is(err, baremetal.ErrBMC) ||
		!strings.Contains(err.Error(), "vmedia") {
		t.Errorf("a kind that is not there = %v", err)
	}
	b.Change(bmctest.System, bmctest.Object{"VirtualMedia": nil})
	b.Change(bmctest.Manager, bmctest.Object{"VirtualMedia": bmctest.Object{"@odata.id": at}})
	if media, err := d.Media(t.Context(), n); err != nil || len(media) != 1 {
		t.Errorf("media of the manager = %v, %v", media, err)
	}
}

func TestFirmware(t *testing.T) {
	b, d, n := startMachine(t)
	parts, err := d.Firmware(t.Context(), n)
	var names []string
	for _, p := range parts {
		names = append(names, p.Name+"="+p.Facts.Text("current_version")+"/"+p.Facts.Text("model"))
	}
	if got := strings.Join(names, " "); got != "bios=2.1/ bmc=5.0/BMC-1 nic:N-SN=22.1/N-1" || err != nil {
		t.Errorf("Firmware = %s, %v", got, err)
	}
	b.Polls = 3
	if err := d.UpdateFirmware(t.Context(), n, "http://192.0.2.1/fw.bin"); err != nil {
		t.Error(err)
	}
	if log := b.Log(); len(log) != 1 ||
		log[0] != `UpdateService.SimpleUpdate {"ImageURI":"http://192.0.2.1/fw.bin","TransferProtocol":"HTTP"}` {
		t.Errorf("the BMC was asked for %q", log)
	}
	b.Outcome = "Exception"
	if err := d.UpdateFirmware(t.Context(), n, "http://192.0.2.1/fw.bin"); !errors.Is(err, baremetal.ErrBMC) ||
		!strings.Contains(err.Error(), "Exception") {
		t.Errorf("an update that fails = %v", err)
	}
	if err := d.UpdateFirmware(t.Context(), n, "ftp://192.0.2.1/fw.bin"); !errors.Is(err, baremetal.ErrUnsupported) {
		t.Errorf("an update by FTP = %v", err)
	}
}

func TestIndicatorsSensorsInventoryHealth(t *testing.T) {
	b, d, n := startMachine(t)
	lights, err := d.Indicators(t.Context(), n)
	if err != nil || len(lights) != 2 || lights[0].Component != "chassis" || lights[1].State != "off" {
		t.Fatalf("Indicators = %v, %v", lights, err)
	}
	if err := d.SetIndicator(t.Context(), n, "system", lights[1].Name, "blinking"); err != nil ||
		b.Get(bmctest.System, "IndicatorLED") != "Blinking" {
		t.Errorf("SetIndicator: %v, %v", b.Get(bmctest.System, "IndicatorLED"), err)
	}
	for _, wrong := range [][2]string{{"system", "zz"}, {"disk", lights[1].Name}} {
		if err := d.SetIndicator(t.Context(), n, wrong[0], wrong[1], "ON"); !errors.Is(err, baremetal.ErrInvalid) {
			t.Errorf("SetIndicator(%v) = %v", wrong, err)
		}
	}
	if err := d.SetIndicator(t.Context(), n, "system", lights[1].Name, "purple"); !errors.Is(err, baremetal.ErrInvalid) {
		t.Errorf("a state that is none = %v", err)
	}
	b.Change(bmctest.System, bmctest.Object{"IndicatorLED": nil, "LocationIndicatorActive": false})
	if err := d.SetIndicator(t.Context(), n, "system", lights[1].Name, "BLINKING"); err != nil ||
		b.Get(bmctest.System, "LocationIndicatorActive") != true {
		t.Errorf("the newer property: %v, %v", b.Get(bmctest.System, "LocationIndicatorActive"), err)
	}
	sensors, err := d.Sensors(t.Context(), n)
	want := []baremetal.Reading{{Name: "CPU", Value: 41, Unit: "Cel", Health: "OK"},
		{Name: "Fan 1", Value: 4200, Unit: "RPM", Health: "Warning"},
		{Name: "12 V", Value: 12.1, Unit: "V", Health: "OK"}, {Name: "Total", Value: 90, Unit: "W", Health: "OK"}}
	if err != nil || !reflect.DeepEqual(sensors, want) {
		t.Errorf("Sensors = %v, %v", sensors, err)
	}
	found, err := d.Inspect(t.Context(), n)
	inventory := baremetal.Object{
		"system_vendor": map[string]any{"manufacturer": "Test", "product_name": "T-1000", "serial_number": "SN-1",
			"system_uuid": "c0ffee00-0000-4000-8000-0000000000a1"},
		"memory": map[string]any{"physical_mb": float64(16384)}, "boot": map[string]any{"current_boot_mode": "uefi"},
		"cpu":        map[string]any{"count": float64(2), "architecture": "x86_64", "model_name": "CPU 1000", "frequency": float64(3000)},
		"interfaces": []any{map[string]any{"name": "NIC1", "mac_address": bmctest.MAC, "has_carrier": true, "speed_mbps": float64(1000)}},
		"disks": []any{map[string]any{"name": "1", "size": float64(64 << 30), "vendor": "Disk", "model": "D-1", "serial": "D-SN",
			"rotational": false}},
	}
	if err != nil || !reflect.DeepEqual(found, inventory) {
		t.Errorf("Inspect = %v, %v\nwant %v", found, err, inventory)
	}
	if health, err := d.Health(t.Context(), n); health != "OK" || err != nil {
		t.Errorf("Health = %q, %v", health, err)
	}
}

func TestISCSIBoot(t *testing.T) {
	b, d, n := startMachine(t)
	a := baremetal.ISCSIAttempt{Initiator: "iqn.2026-01.org.example:pc-07", Target: "iqn.2026-01.org.example:vol", Address: "192.0.2.1",
		Port: 3260, User: "u", Secret: "marker-s3cret-chap"}
	if d.WantsISCSIBoot(n) || !d.WantsISCSIBoot(with(n, "redfish_iscsi_boot", "true")) {
		t.Error("WantsISCSIBoot does not say what driver_info says")
	}
	if err := d.SetISCSIBoot(t.Context(), n, []string{"00:00:00:00:00:01", bmctest.MAC}, a); err != nil {
		t.Fatal(err)
	}
	at := bmctest.Chassis + "/NetworkAdapters/A/NetworkDeviceFunctions/F"
	got, _ := b.Get(at, "iSCSIBoot").(bmctest.Object)
	want := bmctest.Object{"AuthenticationMethod": "CHAP", "CHAPUsername": "u", "CHAPSecret": "marker-s3cret-chap", "IPAddressType": "IPv4",
		"IPMaskDNSViaDHCP":  true,
		"TargetInfoViaDHCP": false, "InitiatorName": a.Initiator, "PrimaryTargetName": a.Target, "PrimaryTargetIPAddress": "192.0.2.1",
		"PrimaryTargetTCPPort": float64(3260), "PrimaryLUN": float64(0)}
	if !reflect.DeepEqual(got, want) || b.Get(at, "BootMode") != "iSCSI" {
		t.Errorf("iSCSIBoot = %v, want %v", got, want)
	}
	a.ReverseUser, a.ReverseSecret, a.Address = "r", "marker-reverse-chap", "2001:db8::1"
	if err := d.SetISCSIBoot(t.Context(), n, []string{bmctest.MAC}, a); err != nil {
		t.Fatal(err)
	}
	if got, _ := b.Get(at, "iSCSIBoot").(bmctest.Object); got["AuthenticationMethod"] != "MutualCHAP" || got["IPAddressType"] != "IPv6" ||
		got["MutualCHAPUsername"] != "r" {
		t.Errorf("mutual CHAP = %v", got)
	}
	b.Refuse = func(method, _ string, _ bmctest.Object) int {
		return map[bool]int{true: 400}[method == http.MethodPatch]
	}
	if err := d.SetISCSIBoot(t.Context(), n, []string{bmctest.MAC}, a); err == nil || strings.Contains(err.Error(), "marker") {
		t.Errorf("a refusal = %v", err)
	}
	if err := d.SetISCSIBoot(t.Context(), n, []string{"00:00:00:00:00:01"}, a); !errors.Is(err, baremetal.ErrUnsupported) {
		t.Errorf("a machine without such a card = %v", err)
	}
}

// The URL of UEFI HTTP boot, and what driver_info may say in Ironic's words.
func TestInfo(t *testing.T) {
	b, d, n := startMachine(t)
	if err := d.SetBootDevice(t.Context(), with(n, "redfish_http_boot_url", "http://192.0.2.1/ipxe.efi"), "uefihttp", true); err != nil {
		t.Fatal(err)
	}
	if boot, _ := b.Get(bmctest.System, "Boot").(bmctest.Object); boot["HttpBootUri"] != "http://192.0.2.1/ipxe.efi" ||
		boot["BootSourceOverrideTarget"] != "UefiHttp" {
		t.Errorf("Boot = %v", boot)
	}
	for key, c := range map[string]struct {
		value any
		want  string
	}{
		"redfish_address": {"ht tp://", "Invalid Redfish address https://ht tp:// set in driver_info/redfish_address on node " +
			n.UUID},
		"redfish_auth_type": {"junk", `Invalid value "junk" set in driver_info/redfish_auth_type on node ` + n.UUID +
			`. The value should be one of "basic", "session" or "auto".`},
		"redfish_system_id":           {"Systems/1", "should be a path (string)"},
		"redfish_tls_minimum_version": {"1.4", "want one of 1.1, 1.2, 1.3"},
		"redfish_http_boot_url":       {"tftp://x", "must be an http:// or https:// URL"},
		"redfish_username":            {"", "redfish_password goes with redfish_username"},
	} {
		if err := d.Validate(with(n, key, c.value)); !errors.Is(err, baremetal.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s=%v: %v, want %s", key, c.value, err, c.want)
		}
	}
	for _, address := range []string{"10.0.1.7", "bmc.example:8443", "https://[2001:db8::1]", "http://10.0.1.7/api/redfish/v1"} {
		if err := d.Validate(with(n, "redfish_address", address)); err != nil {
			t.Errorf("redfish_address=%s: %v", address, err)
		}
	}
	if i, err := d.parse(with(n, "redfish_address", "http://10.0.1.7/api/redfish/v1")); i.root != "/api/redfish/v1/" ||
		i.address != "http://10.0.1.7" || err != nil {
		t.Errorf("an address with a path = %q %q, %v", i.address, i.root, err)
	}
}

// A collection of several pages, and one that never ends.
func TestPages(t *testing.T) {
	b, d, n := startMachine(t)
	systems := "/redfish/v1/Systems"
	b.Change(systems, bmctest.Object{"Members": []any{}, "Members@odata.nextLink": systems + "2?skip=1"})
	if _, err := d.State(t.Context(), n); err == nil {
		t.Error("a page that is not there was no error")
	}
	b.Change(systems, bmctest.Object{"Members": []any{bmctest.Object{"@odata.id": bmctest.System}}, "Members@odata.nextLink": systems})
	if _, err := d.State(t.Context(), n); !errors.Is(err, errSystem) {
		t.Errorf("a collection without an end = %v", err)
	}
}
