package boot_test

import (
	"fmt"
	"os"
	"testing"

	"ironhook/e2e/lab"
)

// matrixAll is set to boot every cell of the matrix, not its first row alone; its value is
// the file that the table is written to, "-" for none.
const matrixAll = "IRONHOOK_MATRIX"

// row is one kind of machine.
type row struct {
	name string
	hw   lab.Hardware
}

var rows = []row{
	{"SeaBIOS, virtio", lab.Hardware{}},
	{"SeaBIOS, e1000", lab.Hardware{NIC: "e1000"}},
	{"OVMF, network boot", lab.Hardware{Firmware: lab.UEFI, NoROM: true}},
	{"OVMF, HTTP boot", lab.Hardware{Firmware: lab.UEFI, NoROM: true, HTTPBoot: true}},
	{"OVMF, IPv6 network boot", lab.Hardware{Firmware: lab.UEFI, NoROM: true, IPv6: true}},
	{secure, lab.Hardware{Firmware: lab.UEFI, NoROM: true}},
	{"AAVMF, arm64", lab.Hardware{Firmware: lab.ARM, NoROM: true}},
}

// secure is the kind of machine that trusts the keys of its operator, and those of Microsoft.
const secure = "OVMF, Secure Boot"

// column is one way to boot. The cell of the firmware's own initiator is TestOwnInitiator.
type column struct {
	name  string
	lacks func(row) string // why that machine cannot, "" for it can; nil for all can
	enrol func(matrix, *testing.T, *lab.Machine) string
	want  []string                               // on the console; the last line is the boot's end
	check func(matrix, *testing.T, *lab.Machine) // what the wire has shown, nil for nothing
	whole bool                                   // booted with the whole matrix only
}

var columns = []column{
	{name: "iSCSI", enrol: matrix.iscsi, want: []string{`guest: root-ok`}},
	{name: "two volumes, mutual CHAP", enrol: matrix.array, want: []string{`guest: ibft .*chap=yes`, `guest: root-ok`}},
	{name: "first portal dead", enrol: matrix.failOver, want: []string{`guest: ibft .*portal=10.77.0.1`, `guest: root-ok`}, whole: true},
	{name: "kernel over HTTP, root on iSCSI", enrol: matrix.kernel, want: []string{`guest: ibft .*portal=10.77.0.1`, `guest: root-ok`},
		whole: true},
	{name: "the same, portal of IPv6", enrol: matrix.portal6, want: []string{`guest: ibft `, `guest: root-ok`}, whole: true},
	{name: "storage in a VLAN", enrol: matrix.vlan, want: []string{`guest: ibft .*portal=` + storage + ` vlan=100`, `guest: root-ok`},
		whole: true},
	{name: "MTU from DHCP", enrol: matrix.mtu, check: matrix.sawMTU, want: []string{`guest: root-ok`}, whole: true},
	{name: "`keep_san`, then a CD", lacks: forgets, enrol: matrix.keep, want: []string{`It stays attached`, `guest: ibft `, `guest: root-ok`},
		whole: true},
	{name: "ramdisk", enrol: loads("ramdisk", nil), want: []string{`guest: ramdisk-ok`}},
	{name: "cloud-init's data over HTTP", enrol: loads("ramdisk", map[string]any{
		"configdrive": map[string]any{"user_data": "#cloud-config", "meta_data": map[string]any{"hostname": "web"}}}),
		want: []string{`guest: cloud .*local-hostname:web.* #cloud-config`}},
	{name: "NFS root", enrol: matrix.nfs, want: []string{`guest: nfs-ok`}},
	{name: "NFS root, built in", lacks: func(row) string { return "Ironhook has no NFS server (decision 26)" }},
}

// forgets is why keep_san is nothing for UEFI.
func forgets(r row) string {
	if r.hw.Firmware != "" && r.hw.Firmware != lab.BIOS {
		return "UEFI forgets a volume when iPXE ends"
	}
	return ""
}

// reason says why a cell is empty, "" for it is not.
func (c column) reason(r row) string {
	if c.lacks == nil {
		return ""
	}
	return c.lacks(r)
}

// matrix is a room with all that machines boot from.
type matrix struct {
	loader
	signer  *lab.Signer
	arm     *armSystem
	storage *lab.Segment // where VLAN 100 ends
}

// TestMatrix boots each kind of machine in each way to its userland. The table names those
// that cannot be, with the reason.
func TestMatrix(t *testing.T) {
	needsLab(t)
	signer, dir := newSigner(t)
	m := matrix{newLoader(t, "matrix", "--secure-boot-dir", dir, "--dhcp6", "boot"), signer, &armSystem{}, nil}
	m.storageNetwork(t)
	times := map[string]string{}
	for i, r := range rows {
		for j, c := range columns {
			name := r.name + "/" + c.name
			r.hw.Name = fmt.Sprintf("m%d-%d", i, j)
			if r.name == secure {
				r.hw.SecureBoot = signer
			}
			switch {
			case c.reason(r) != "":
				times[name] = "-"
			case i == 0 && !c.whole || os.Getenv(matrixAll) != "":
				t.Run(name, func(t *testing.T) { times[name] = m.cell(t, r.hw, c) })
			}
		}
	}
	if file := os.Getenv(matrixAll); file != "" && file != "-" {
		old, _ := os.ReadFile(file) // there may be none
		must(t, "write the table", os.WriteFile(file, []byte(table(times, string(old))), 0o644))
	}
}

// cell boots one machine and returns how long it took, in seconds from power-on.
func (m matrix) cell(t *testing.T, hw lab.Hardware, c column) string {
	machine, err := m.Machine(t.Context(), hw)
	must(t, "add "+hw.Name, err)
	node := c.enrol(m, t, machine)
	op := httpOperator{m.client}
	op.deploy(t, node)
	boot, lines := expectWithin(t, 2*bootLimit, machine, 1, c.want...) // arm64 has no hardware to help it here
	awaitOff(t, boot)
	op.power(t, node, "off")
	if c.check != nil {
		c.check(m, t, machine)
	}
	return fmt.Sprintf("%.1f", lines[len(lines)-1].At.Sub(boot.Console.Start()).Seconds())
}
