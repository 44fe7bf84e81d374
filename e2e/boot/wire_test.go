package boot_test

import (
	"path/filepath"
	"regexp"
	"testing"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

// storage is the address of the storage in VLAN 100, where nothing else is but a DHCP server.
const storage = "10.77.100.1"

// storageNetwork makes VLAN 100, and what counts the connections of cards with an MTU of 1400.
func (m *matrix) storageNetwork(t *testing.T) {
	segment, err := m.Segment("storage")
	must(t, "make a segment", err)
	t.Cleanup(func() { segment.Close() })
	m.storage = segment
	must(t, "make a VLAN", m.VLAN(segment, "vlan100", 100, storage+"/24"))
	p, err := segment.Start(m.Lab, "vlan-dhcp", "dnsmasq", "--conf-file=/dev/null", "--keep-in-foreground", "--log-facility=-", "--user=root",
		"--leasefile-ro", "--no-ping",
		"--port=0", "--interface=vlan100", "--bind-interfaces", "--except-interface=lo",
		"--dhcp-range=10.77.100.100,10.77.100.200,255.255.255.0,1h")
	must(t, "start dnsmasq (package dnsmasq-base)", err)
	_, err = p.Log.Wait(t.Context(), regexp.MustCompile(`DHCP, IP range`))
	must(t, "start dnsmasq", err)
	_, err = m.Output(t.Context(), nil, "nft", "add table ip seen; add chain ip seen in { type filter hook input priority 0 ; }")
	must(t, "count packets (package nftables)", err)
}

// vlan gives the machine a volume of another storage that is in the VLAN.
func (m matrix) vlan(t *testing.T, machine *lab.Machine) string {
	const portal = storage + ":3264"
	start := func(name, program string, args ...string) (*lab.Process, error) {
		return m.storage.Start(m.Lab, name, program, args...)
	}
	iqn := m.exportBy(t, machine, start, portal, m.disk(t, machine))
	node := m.external(t, machine, map[string]any{"target_portal": portal, "target_iqn": iqn, "target_lun": 0})
	m.extra(t, machine, "storage_vlan", 100)
	return node
}

// mtu gives the machine a volume of ours over a network whose frames are short.
func (m matrix) mtu(t *testing.T, machine *lab.Machine) string {
	node := m.iscsi(t, machine)
	m.extra(t, machine, "mtu", 1400)
	_, err := m.Output(t.Context(), nil, "nft",
		"add rule ip seen in ether saddr "+machine.MAC+" tcp dport 3260 tcp flags & syn == syn tcp option maxseg size 1360 counter")
	must(t, "count its connections", err)
	return node
}

// sawMTU checks that the machine has told the storage of the MTU: segments have 40 bytes less.
func (m matrix) sawMTU(t *testing.T, machine *lab.Machine) {
	out, err := m.Output(t.Context(), nil, "nft", "list table ip seen")
	must(t, "read the counters", err)
	if !regexp.MustCompile(machine.MAC + `.* maxseg size 1360 counter packets [1-9]`).MatchString(out) {
		t.Errorf("%s did not log in with segments of 1360 bytes:\n%s", machine.Name, out)
	}
}

// extra writes into the extra of the machine's port.
func (m matrix) extra(t *testing.T, machine *lab.Machine, key string, value any) {
	var list struct{ Ports []struct{ UUID string } }
	must(t, "find the port", m.client.Do(t.Context(), "GET", "/v1/ports?address="+machine.MAC, nil, &list))
	if len(list.Ports) != 1 {
		t.Fatalf("%d ports of %s", len(list.Ports), machine.MAC)
	}
	must(t, "set "+key, m.client.Do(t.Context(), "PATCH", "/v1/ports/"+list.Ports[0].UUID,
		[]map[string]any{{"op": "add", "path": "/extra/" + key, "value": value}}, nil))
}

// keep gives the machine a volume of ours from which nothing boots, as one is before a system
// is installed on it, and a CD that finds it.
func (m matrix) keep(t *testing.T, machine *lab.Machine) string {
	must(t, "make a volume", m.image.Root(t.Context(), m.app.Volume(machine.Name)))
	cd := filepath.Join(m.Dir, machine.Name+".iso") // QEMU reads the comma of the test's name in t.TempDir()
	must(t, "make a CD", image.Medium(t.Context(), cd, filepath.Join(m.web, "vmlinuz"), filepath.Join(m.web, "ondisk.img")))
	machine.Devices = []string{"-drive", "if=none,id=cd,media=cdrom,readonly=on,format=raw,file=" +
		cd, "-device", "ide-cd,drive=cd,bootindex=8"}
	node := httpOperator{m.client}.enroll(t, machine, machine.Name)
	var list struct{ Targets []struct{ UUID string } }
	must(t, "find the target", m.client.Do(t.Context(), "GET", "/v1/volume/targets?node="+node, nil, &list))
	if len(list.Targets) != 1 {
		t.Fatalf("%d targets of %s", len(list.Targets), machine.Name)
	}
	must(t, "keep the volume attached", m.client.Do(t.Context(), "PATCH", "/v1/volume/targets/"+list.Targets[0].UUID,
		[]map[string]any{{"op": "add", "path": "/properties", "value": map[string]any{"keep_san": true}}}, nil))
	return node
}
