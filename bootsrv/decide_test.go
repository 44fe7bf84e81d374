package bootsrv

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/bootsrv/dhcp"
	"ironhook/bootsrv/http"
	"ironhook/bootsrv/netlink"
	"ironhook/store"
	"ironhook/store/storetest"
)

const (
	mac    = "52:54:00:00:00:01"
	secret = "correct-horse-battery"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// ready is a machine that may boot: enrolled, attached, its lease alive.
func ready() Machine {
	address := netip.MustParseAddr("10.77.0.100")
	return Machine{
		Lease: &baremetal.Lease{MAC: mac, Address: address, Interface: "br0", Expires: now.Add(time.Minute)},
		Port:  &baremetal.Port{UUID: "port-1", Address: mac, PXEEnabled: true},
		Facts: boot.Facts{
			Node:    &baremetal.Node{UUID: "node-1", Name: "pc-07", Interfaces: baremetal.Interfaces{"storage": "iscsi"}},
			Targets: []*baremetal.VolumeTarget{{UUID: "target-1", VolumeType: "iscsi", VolumeID: "debian"}},
		},
		Grants: []*baremetal.Grant{{IQN: "iqn.2026-01.test:v1", Target: "target-1", Initiator: "iqn.2026-01.test:exported",
			Portal: netip.MustParseAddrPort("10.77.0.1:3260"), User: "user", Secret: secret}},
		Connectors: []*baremetal.VolumeConnector{
			{Type: "wwpn", ConnectorID: "50:01"},
			{Type: "iqn", ConnectorID: "iqn.2026-01.test:first"}, {Type: "iqn", ConnectorID: "iqn.2026-01.test:second"},
		},
	}
}

// asked is a question from the machine itself.
func asked() question {
	card, _ := net.ParseMAC(mac)
	return question{
		Request: http.Request{MAC: mac, From: netip.MustParseAddr("10.77.0.100"), Here: netip.MustParseAddrPort("10.77.0.1:8080"), At: now},
		peer:    peer{Peer: netlink.Peer{Interface: "br0", Card: card}},
	}
}

// external makes m a machine whose volume is served elsewhere.
func external(m *Machine) {
	m.Node.Interfaces["storage"], m.Grants = "external", nil
	m.Targets[0].Properties = baremetal.Object{
		"target_portal": "10.77.0.1:3260", "target_iqn": "iqn.2026-01.test:v1", "target_lun": 0,
		"auth_method": "CHAP", "auth_username": "user", "auth_password": secret,
	}
}

// A script with a secret is only for the card that has the leased address, whichever server
// leased it; one without a secret is for any sender, but only the machine's own request is
// an event.
func TestDecideByCard(t *testing.T) {
	other := net.HardwareAddr{0x52, 0x54, 0, 0, 0, 9}
	self := asked().peer
	for _, c := range []struct {
		name   string
		peer   peer
		detail string // of the refusal, "" for the script
	}{
		{"the machine", self, ""},
		{"a process of this machine", peer{Peer: netlink.Peer{Local: true}}, ""},
		{"behind a relay", peer{Peer: netlink.Peer{Interface: "br0", Router: other}, relayed: true}, ""},
		{"behind a relay on another interface", peer{Peer: netlink.Peer{Interface: "eth0", Router: other}, relayed: true},
			"no neighbour on eth0"},
		{"another card", peer{Peer: netlink.Peer{Interface: "br0", Card: other}},
			"by a card of another address: 52:54:00:00:00:09 on br0, not " + mac + " on br0"},
		{"the card on another interface", peer{Peer: netlink.Peer{Interface: "eth0", Card: self.Card}}, mac + " on eth0, not " + mac + " on br0"},
		{"beyond a router, or silent", peer{Peer: netlink.Peer{Interface: "br0"}}, "no neighbour on br0"},
	} {
		q, m := asked(), ready()
		q.peer = c.peer
		a := decide(q, m)
		refused := a.Event.Kind == baremetal.EventRefused
		if refused != (c.detail != "") || !strings.Contains(a.Event.Detail, c.detail) || a.Early != refused {
			t.Errorf("%s: event %+v, early %v, want %q", c.name, a.Event, a.Early, c.detail)
		}
		var script bytes.Buffer
		if _, err := a.Script.WriteTo(&script); err != nil || strings.Contains(script.String(), secret) != (c.detail == "") {
			t.Errorf("%s: %v, script\n%s", c.name, err, script.String())
		}
		external(&m)
		for _, key := range []string{"auth_method", "auth_username", "auth_password"} {
			delete(m.Targets[0].Properties, key)
		}
		if a := decide(q, m); (a.Event.Kind == baremetal.EventScript) != (c.detail == "") || a.Event.Kind == baremetal.EventRefused {
			t.Errorf("%s, nothing to keep: event %+v", c.name, a.Event)
		}
	}
}

func TestDecide(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Machine)
		from   string // "" is the leased address
		boots  bool
		detail string // part of it
		says   string // part of the script
	}{
		{"all is well", func(*Machine) {}, "", true, "debian", "set initiator-iqn iqn.2026-01.test:exported"},
		{"external volume", external, "", true, "debian", "set initiator-iqn iqn.2026-01.test:first"},
		{"no connector", func(m *Machine) { external(m); m.Connectors = nil }, "", true, "debian", "clear initiator-iqn"},
		{"in maintenance", func(m *Machine) { m.Node.Maintenance = true }, "", true, "debian", "sanboot"},
		{"no CHAP, no lease: nothing to keep", func(m *Machine) {
			external(m)
			m.Lease = nil
			for _, key := range []string{"auth_method", "auth_username", "auth_password"} {
				delete(m.Targets[0].Properties, key)
			}
		}, "192.0.2.9", true, "", "sanboot"},

		{"unknown", func(m *Machine) { *m = Machine{} }, "", false, "machine " + mac + " is not enrolled", "openstack baremetal port create"},
		{"card not for booting", func(m *Machine) { m.Port.PXEEnabled = false }, "", false, "pxe_enabled", "port set --pxe-enabled port-1"},
		{"volume made of an image", func(m *Machine) { m.Node.InstanceInfo = baremetal.Object{"image_source": "debian"} }, "", true, "debian",
			"sanboot"},
		{"image on its own disk", func(m *Machine) {
			m.Node.InstanceInfo, m.Grants = baremetal.Object{"image_source": "http://x/i"}, nil
		}, "", false, "image_source", "or boot from a volume target"},
		{"image_source empty", func(m *Machine) { m.Node.InstanceInfo = baremetal.Object{"image_source": ""} }, "", true, "debian", "sanboot"},
		{"image_source empty, not attached", func(m *Machine) {
			m.Node.InstanceInfo, m.Grants = baremetal.Object{"image_source": ""}, nil
		}, "", false, "not attached", "node power on pc-07"},
		{"image not made into a volume yet", func(m *Machine) {
			m.Node.InstanceInfo, m.Grants, m.Targets = baremetal.Object{"image_source": "debian"}, nil, nil
			m.Image = &baremetal.Image{UUID: "image"}
		}, "", false, "not attached", "node power on pc-07"},
		{"volume type in capitals", func(m *Machine) { m.Targets[0].VolumeType = "ISCSI" }, "", true, "debian", "sanboot"},
		{"storage noop", func(m *Machine) { m.Node.Interfaces["storage"] = "noop" }, "", false, "noop", "--storage-interface iscsi pc-07"},
		{"no volume", func(m *Machine) { m.Targets = nil }, "", false, "no volume target with boot_index 0", "volume target create"},
		{"only a data volume", func(m *Machine) { m.Targets[0].BootIndex = 1 }, "", false, "no volume target with boot_index 0", ""},
		{"Fibre Channel", func(m *Machine) { m.Targets[0].VolumeType = "fibre_channel" }, "", false, "fibre_channel", "next boot device"},
		{"Fibre Channel over Ethernet", func(m *Machine) {
			external(m)
			m.Targets[0].VolumeType, m.Targets[0].Properties = "fibre_channel", baremetal.Object{"target_wwn": "5006016012345678", "target_lun": 1}
		}, "", true, "debian", "sanhook --drive 0x80 fcp:50:06:01:60:12:34:56:78:1 "},
		{"an adapter for iSCSI", func(m *Machine) {
			external(m)
			m.Node.Properties = baremetal.Object{"capabilities": "hba_boot:True"}
		}, "", false, "its own adapter or firmware", "next boot device"},
		{"not attached", func(m *Machine) { m.Grants = nil }, "", false, "not attached", "poweroff"},
		{"of Cinder", func(m *Machine) { external(m); m.Node.Interfaces["storage"] = "cinder" }, "", true, "debian",
			"set initiator-iqn iqn.2026-01.test:first"},
		{"of Cinder, not attached", func(m *Machine) {
			external(m)
			m.Node.Interfaces["storage"], m.Targets[0].Properties = "cinder", nil
		}, "", false, "not attached", "poweroff"},
		{"another's grant", func(m *Machine) { m.Grants[0].Target = "other" }, "", false, "not attached", ""},
		{"asked for by another machine", func(*Machine) {}, "10.77.0.101", false, "asked for from 10.77.0.101", "has 10.77.0.100"},
		{"no lease", func(m *Machine) { m.Lease = nil }, "10.77.0.100", false, "has no leased address", ""},
		{"lease ended", func(m *Machine) { m.Lease.Expires = now }, "", false, "until 12:00:00 UTC", ""},
		{"property missing", func(m *Machine) { external(m); delete(m.Targets[0].Properties, "target_iqn") }, "", false,
			"target-1: properties.target_iqn", "volume target set"},
		{"property hostile", func(m *Machine) { external(m); m.Targets[0].Properties["target_iqn"] = "iqn.x\nshell" }, "", false,
			"properties.target_iqn", ""},
	} {
		m := ready()
		c.change(&m)
		r := asked()
		if c.from != "" {
			r.From = netip.MustParseAddr(c.from)
		}
		a := decide(r, m)
		var script bytes.Buffer
		if _, err := a.Script.WriteTo(&script); err != nil {
			t.Fatal(err)
		}
		want := map[bool]baremetal.EventKind{true: baremetal.EventScript, false: baremetal.EventRefused}[c.boots]
		if c.boots && m.Lease == nil {
			want = "" // from any sender
		}
		if a.Event.Kind != want {
			t.Errorf("%s: event %s (%s), want %s", c.name, a.Event.Kind, a.Event.Detail, want)
		}
		if want := map[bool]baremetal.EventKind{false: baremetal.EventScript}[c.boots]; a.Event.Step != want {
			t.Errorf("%s: the event names step %q, want %q", c.name, a.Event.Step, want)
		}
		if !strings.Contains(a.Event.Detail, c.detail) {
			t.Errorf("%s: detail %q, want one with %q", c.name, a.Event.Detail, c.detail)
		}
		if !strings.Contains(script.String(), c.says) || strings.Contains(script.String(), "sanboot") != c.boots {
			t.Errorf("%s: script\n%swants %q", c.name, script.String(), c.says)
		}
		if strings.Contains(a.Event.Detail, secret) || !c.boots && strings.Contains(script.String(), secret) {
			t.Errorf("%s: the secret is told", c.name)
		}
	}
}

// What iPXE loads needs no volume. Its script goes only to the machine itself, for its URLs
// and arguments may have secrets.
func TestDecideLoads(t *testing.T) {
	for _, c := range []struct {
		name   string
		info   baremetal.Object
		from   string
		detail string
		says   string
	}{
		{"a ramdisk", baremetal.Object{"kernel": "http://a/k", "ramdisk": "http://a/r", "kernel_append_params": "p=" + secret}, "10.77.0.100",
			"boots a kernel and a ramdisk", "initrd --name ramdisk http://a/r || goto failed"},
		{"an NFS root", baremetal.Object{"kernel": "http://a/k", "nfs_root": "nas:/" + secret}, "10.77.0.100",
			"boots a kernel, with its root over NFS", "root=/dev/nfs nfsroot=nas:/" + secret + " ip=dhcp rw BOOTIF=01-${netX/mac:hexhyp}"},
		{"an ISO", baremetal.Object{"boot_iso": "http://a/" + secret}, "10.77.0.100", "boots an ISO",
			"sanboot --no-describe --drive 0x80 http://a/" + secret},
		{"a ramdisk with cloud-init",
			baremetal.Object{"kernel": "http://a/k", "ramdisk": "http://a/r", "configdrive": map[string]any{"user_data": secret}}, "10.77.0.100",
			"boots a kernel and a ramdisk", " ds=nocloud-net;s=http://10.77.0.1:8080/boot/52-54-00-00-00-01/cloud/ BOOTIF="},
		{"another's cloud-init", baremetal.Object{"kernel": "http://a/k", "ramdisk": "http://a/r",
			"configdrive": map[string]any{"user_data": secret}}, "10.77.0.101", "asked for from 10.77.0.101", "exit 1"},
		{"another's", baremetal.Object{"boot_iso": "http://a/" + secret}, "10.77.0.101", "asked for from 10.77.0.101", "exit 1"},
		{"not enough", baremetal.Object{"kernel": "http://a/" + secret}, "10.77.0.100", "ramdisk in instance_info of pc-07 is missing", "exit 1"},
	} {
		m := ready()
		m.Targets, m.Grants = nil, nil
		m.Node.Interfaces = baremetal.Interfaces{"storage": "noop", "deploy": "ramdisk"}
		m.Node.InstanceInfo = c.info
		q := asked()
		q.From = netip.MustParseAddr(c.from)
		a := decide(q, m)
		var script bytes.Buffer
		if _, err := a.Script.WriteTo(&script); err != nil {
			t.Fatal(err)
		}
		boots := c.says != "exit 1"
		if drive := c.info["configdrive"] != nil; (a.Cloud["user-data"] == secret) != (drive && boots) || !boots && a.Cloud != nil {
			t.Errorf("%s: cloud-init gets %q", c.name, a.Cloud)
		}
		if (a.Event.Kind == baremetal.EventScript) != boots || !strings.Contains(a.Event.Detail, c.detail) ||
			strings.Contains(a.Event.Detail, secret) ||
			!strings.Contains(script.String(), c.says) || !boots && strings.Contains(script.String(), secret) {
			t.Errorf("%s: event %+v, script\n%s", c.name, a.Event, script.String())
		}
	}
}

// A kernel that is to start with its root on the volume, and the VLAN of the port, are in the
// machine's own script, and in no other.
func TestDecideKernelOnVolume(t *testing.T) {
	for _, from := range []string{"10.77.0.100", "10.77.0.101"} {
		m := ready()
		external(&m)
		delete(m.Targets[0].Properties, "auth_username")
		delete(m.Targets[0].Properties, "auth_password")
		delete(m.Targets[0].Properties, "auth_method")
		m.Port.Extra = baremetal.Object{"storage_vlan": 100.0}
		m.Node.InstanceInfo = baremetal.Object{"kernel": "http://a/k", "ramdisk": "http://a/r", "kernel_append_params": "p=" + secret}
		q := asked()
		q.From = netip.MustParseAddr(from)
		var script bytes.Buffer
		if _, err := decide(q, m).Script.WriteTo(&script); err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{"vcreate --tag 100 ${trunk}", "sanhook --drive 0x80 iscsi:10.77.0.1::3260:0:iqn.2026-01.test:v1",
			"kernel --name kernel http://a/k initrd=ramdisk p=" + secret, "initrd --name ramdisk http://a/r"} {
			if own := from == "10.77.0.100"; strings.Contains(script.String(), line) != own {
				t.Errorf("asked for from %s: %q is in the script: %v\n%s", from, line, !own, script.String())
			}
		}
	}
}

// The script reports failures to a URL that the HTTP server handles.
func TestReportGoesToTheMachinesOwnPlace(t *testing.T) {
	a := decide(asked(), ready())
	var script bytes.Buffer
	if _, err := a.Script.WriteTo(&script); err != nil {
		t.Fatal(err)
	}
	if want := "imgfetch --name report 52-54-00-00-00-01/failed/${failed}/${code} "; !strings.Contains(script.String(), want) {
		t.Errorf("no %q in\n%s", want, script.String())
	}
}

// The initiator of a firmware is told of the volume that it attaches by itself, and of no
// other; never with a secret.
func TestRootOfTheFirmware(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*baremetal.Node, *baremetal.VolumeTarget)
		want   dhcp.Root
	}{
		{"by the firmware", func(*baremetal.Node, *baremetal.VolumeTarget) {},
			dhcp.Root{Path: "iscsi:10.77.0.1::3260:0:iqn.2026-01.test:v1", Initiator: "iqn.2026-01.test:first"}},
		{"by iPXE", func(n *baremetal.Node, _ *baremetal.VolumeTarget) {
			n.Properties = baremetal.Object{"capabilities": "iscsi_boot:True"}
		}, dhcp.Root{}},
		{"a managed volume", func(n *baremetal.Node, _ *baremetal.VolumeTarget) { n.Interfaces["storage"] = "iscsi" }, dhcp.Root{}},
		{"Fibre Channel", func(_ *baremetal.Node, v *baremetal.VolumeTarget) { v.VolumeType = "fibre_channel" }, dhcp.Root{}},
		{"not described", func(_ *baremetal.Node, v *baremetal.VolumeTarget) { delete(v.Properties, "target_iqn") }, dhcp.Root{}},
	} {
		s, m := storetest.Open(t), ready()
		external(&m)
		m.Node.Driver, m.Node.ProvisionState = "fake-hardware", baremetal.Active
		m.Node.Properties = baremetal.Object{"capabilities": "hba_boot:True"}
		m.Port.NodeUUID, m.Targets[0].NodeUUID = m.Node.UUID, m.Node.UUID
		c.change(m.Node, m.Targets[0])
		err := s.Update(t.Context(), func(tx *store.Tx) error {
			connector := m.Connectors[1]
			connector.UUID, connector.NodeUUID = "connector-1", m.Node.UUID
			return errors.Join(tx.Nodes().Insert(m.Node), tx.Ports().Insert(m.Port), tx.Targets().Insert(m.Targets[0]),
				tx.Connectors().Insert(connector))
		})
		if err != nil {
			t.Fatal(err)
		}
		err = s.View(t.Context(), func(tx *store.Tx) error {
			if got, err := root(tx, mac); got != c.want || err != nil {
				t.Errorf("%s: %+v, %v, want %+v", c.name, got, err, c.want)
			}
			if got, err := root(tx, "52:54:00:00:00:99"); got != (dhcp.Root{}) || err != nil {
				t.Errorf("%s: a stranger is told %+v, %v", c.name, got, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
