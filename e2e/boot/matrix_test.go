package boot_test

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

// matrixAll is set to boot every cell of the matrix, not its first row alone; its value is
// the file that the table is written to, "-" for none.
const matrixAll = "IRONHOOK_MATRIX"

// row is one kind of machine. A reason stands for all of its cells.
type row struct {
	name   string
	hw     lab.Hardware
	reason string
}

var rows = []row{
	{"SeaBIOS, virtio", lab.Hardware{}, ""},
	{"SeaBIOS, e1000", lab.Hardware{NIC: "e1000"}, ""},
	{"OVMF, network boot", lab.Hardware{Firmware: lab.UEFI, NoROM: true}, ""},
	{"OVMF, HTTP boot", lab.Hardware{Firmware: lab.UEFI, NoROM: true, HTTPBoot: true}, ""},
	{"OVMF, IPv6 network boot", lab.Hardware{Firmware: lab.UEFI, NoROM: true, IPv6: true}, ""},
	{secure, lab.Hardware{Firmware: lab.UEFI, NoROM: true}, ""},
	{"AAVMF, arm64", lab.Hardware{}, "the test system is of amd64"},
}

// secure is the kind of machine that trusts the keys of its operator, and those of Microsoft.
const secure = "OVMF, Secure Boot"

// column is one way to boot. The cell of the firmware's own initiator is TestOwnInitiator.
type column struct {
	name   string
	reason string
	enrol  func(matrix, *testing.T, *lab.Machine) string
	want   []string // on the console; the last line is the boot's end
	whole  bool     // booted with the whole matrix only
}

var columns = []column{
	{"iSCSI", "", matrix.iscsi, []string{`guest: root-ok`}, false},
	{"two volumes, mutual CHAP", "", matrix.array, []string{`guest: ibft .*chap=yes`, `guest: root-ok`}, false},
	{"first portal dead", "", matrix.failOver, []string{`guest: ibft .*portal=10.77.0.1`, `guest: root-ok`}, true},
	{"kernel over HTTP, root on iSCSI", "", matrix.kernel, []string{`guest: ibft .*portal=10.77.0.1`, `guest: root-ok`}, true},
	{"the same, portal of IPv6", "", matrix.portal6, []string{`guest: ibft `, `guest: root-ok`}, true},
	{"ramdisk", "", loads("ramdisk", nil), []string{`guest: ramdisk-ok`}, false},
	{"cloud-init's data over HTTP", "", loads("ramdisk", map[string]any{
		"configdrive": map[string]any{"user_data": "#cloud-config", "meta_data": map[string]any{"hostname": "web"}}}),
		[]string{`guest: cloud .*local-hostname:web.* #cloud-config`}, false},
	{"NFS root", "", loads("direct", map[string]any{"nfs_root": lab.Address + ":" + lab.NFSExport + ",vers=4.2"}), []string{`guest: nfs-ok`}, false},
	{"NFS root, built in", "Ironhook has no NFS server (decision 26)", nil, nil, false},
}

// matrix is a room with all that machines boot from.
type matrix struct {
	loader
	signer *lab.Signer
}

// TestMatrix boots each kind of machine in each way to its userland. The table names those
// that cannot be, with the reason.
func TestMatrix(t *testing.T) {
	needsLab(t)
	signer, dir := newSigner(t)
	m := matrix{newLoader(t, "matrix", "--secure-boot-dir", dir, "--dhcp6", "boot"), signer}
	times := map[string]string{}
	for i, r := range rows {
		for j, c := range columns {
			name := r.name + "/" + c.name
			r.hw.Name = fmt.Sprintf("m%d-%d", i, j)
			if r.name == secure {
				r.hw.SecureBoot = signer
			}
			switch {
			case r.reason != "" || c.reason != "":
				times[name] = "-"
			case i == 0 && !c.whole || os.Getenv(matrixAll) != "":
				t.Run(name, func(t *testing.T) { times[name] = m.cell(t, r.hw, c) })
			}
		}
	}
	if file := os.Getenv(matrixAll); file != "" && file != "-" && !t.Failed() {
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
	boot, lines := expect(t, machine, 1, c.want...)
	awaitOff(t, boot)
	op.power(t, node, "off")
	return fmt.Sprintf("%.1f", lines[len(lines)-1].At.Sub(boot.Console.Start()).Seconds())
}

// iscsi gives the machine a volume of ours.
func (m matrix) iscsi(t *testing.T, machine *lab.Machine) string {
	must(t, "make a volume", m.image.Volume(t.Context(), m.app.Volume(machine.Name), image.Options{Signed: machine.SecureBoot != nil}))
	return httpOperator{m.client}.enroll(t, machine, machine.Name)
}

// disk makes a file to boot the machine from, in a folder of the test.
func (m matrix) disk(t *testing.T, machine *lab.Machine) string {
	disk := filepath.Join(t.TempDir(), "disk.raw")
	must(t, "make a volume", m.image.Volume(t.Context(), disk, image.Options{Signed: machine.SecureBoot != nil}))
	return disk
}

// export starts another storage for the machine at a portal, and returns the name of its target.
func (m matrix) export(t *testing.T, machine *lab.Machine, portal string, args ...string) string {
	iqn := "iqn.2026-01.test.lab:" + machine.Name
	array, err := m.Start(machine.Name+"-array", m.program, append([]string{"iscsi", "export", "--listen", portal, "--iqn", iqn}, args...)...)
	must(t, "start another storage", err)
	t.Cleanup(array.Kill)
	return iqn
}

// external enrols the machine with volumes of another storage.
func (m matrix) external(t *testing.T, machine *lab.Machine, volumes ...map[string]any) string {
	node, err := m.client.EnrollExternal(t.Context(), machine, "iscsi_boot", "iqn.2026-01.test.lab:initiator-"+machine.Name, volumes...)
	must(t, "enrol", err)
	return node
}

// array gives the machine two volumes of another storage, which proves itself, too.
func (m matrix) array(t *testing.T, machine *lab.Machine) string {
	disk := m.disk(t, machine)
	data, dir := disk+"-data", filepath.Dir(disk)
	must(t, "make a data volume", os.WriteFile(data, make([]byte, 1<<20), 0o600))
	for name, secret := range map[string]string{"user": "secret-of-user", "array": "secret-of-array"} {
		must(t, "write a secret", os.WriteFile(filepath.Join(dir, name), []byte(secret+"\n"), 0o600))
	}
	const portal = lab.Address + ":3261"
	iqn := m.export(t, machine, portal, "--chap", "user:"+filepath.Join(dir, "user"), "--mutual-chap", "array:"+filepath.Join(dir, "array"), disk, data)
	properties := func(lun int) map[string]any {
		return map[string]any{"target_portal": portal, "target_iqn": iqn, "target_lun": lun, "auth_method": "CHAP",
			"auth_username": "user", "auth_password": "secret-of-user", "reverse_auth_username": "array", "reverse_auth_password": "secret-of-array"}
	}
	return m.external(t, machine, properties(0), properties(1))
}

// failOver gives the machine a volume with two portals, of which the first is no host.
func (m matrix) failOver(t *testing.T, machine *lab.Machine) string {
	const portal = lab.Address + ":3262"
	iqn := m.export(t, machine, portal, m.disk(t, machine))
	return m.external(t, machine, map[string]any{"target_portals": []string{"10.77.0.250:3262", portal}, "target_iqn": iqn, "target_lun": 0})
}

// kernel makes iPXE start a kernel of a web server, with its root on a volume of ours.
func (m matrix) kernel(t *testing.T, machine *lab.Machine) string {
	node := m.iscsi(t, machine)
	m.starts(t, node, "")
	return node
}

// portal6 does so with a volume of another storage, which has no address of IPv4.
func (m matrix) portal6(t *testing.T, machine *lab.Machine) string {
	const portal = "[" + lab.Address6 + "]:3263"
	iqn := m.export(t, machine, portal, m.disk(t, machine))
	node := m.external(t, machine, map[string]any{"target_portal": portal, "target_iqn": iqn, "target_lun": 0})
	m.starts(t, node, " portal6="+lab.Address6+",3263")
	return node
}

// starts names the kernel that iPXE starts instead of the volume's boot loader.
func (m matrix) starts(t *testing.T, node, args string) {
	var patch []map[string]any
	for key, value := range map[string]any{"kernel": m.files + "vmlinuz", "ramdisk": m.files + "ondisk.img",
		"kernel_append_params": "console=ttyS0,115200 panic=5 no_timer_check" + args} {
		patch = append(patch, map[string]any{"op": "add", "path": "/instance_info/" + key, "value": value})
	}
	must(t, "name a kernel", m.client.Do(t.Context(), "PATCH", "/v1/nodes/"+node, patch, nil))
}

// loads makes iPXE load the machine's system, with more in instance_info.
func loads(deploy string, more map[string]any) func(matrix, *testing.T, *lab.Machine) string {
	return func(m matrix, t *testing.T, machine *lab.Machine) string {
		info := map[string]any{"kernel": m.files + "vmlinuz", "ramdisk": m.files + "initrd.img",
			"kernel_append_params": "console=ttyS0,115200 panic=5 no_timer_check"}
		maps.Copy(info, more)
		node, err := m.client.EnrollLoaded(t.Context(), machine, deploy, info)
		must(t, "enrol", err)
		return node
	}
}

// cellsOf reads a table: the times by row and column.
func cellsOf(page string) map[string]string {
	cells := map[string]string{}
	for line := range strings.Lines(page) {
		fields := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i, c := range columns {
			if i+1 < len(fields) {
				cells[strings.TrimSpace(fields[0])+"/"+c.name] = strings.TrimSpace(fields[i+1])
			}
		}
	}
	return cells
}

// table is the matrix as a page shows it. Cells that were not booted keep the time of the old page.
func table(times map[string]string, old string) string {
	before := cellsOf(old)
	var b strings.Builder
	b.WriteString("# Boot matrix\n\nWritten by `make matrix`: seconds from power-on to userland in QEMU (TCG), one run each, on a machine that may have other\nwork at the time.\n\n| |")
	for _, c := range columns {
		b.WriteString(" " + c.name + " |")
	}
	b.WriteString("\n" + strings.Repeat("|---", len(columns)+1) + "|\n")
	for _, r := range rows {
		b.WriteString("| " + r.name + " |")
		for _, c := range columns {
			b.WriteString(" " + cmp.Or(times[r.name+"/"+c.name], before[r.name+"/"+c.name], "not run") + " |")
		}
		b.WriteString("\n")
	}
	return b.String() + reasons()
}

// reasons says why cells of the matrix are empty.
func reasons() string {
	var b strings.Builder
	for _, r := range rows {
		if r.reason != "" {
			fmt.Fprintf(&b, "\n* %s: %s", r.name, r.reason)
		}
	}
	for _, c := range columns {
		if c.reason != "" {
			fmt.Fprintf(&b, "\n* %s: %s", c.name, c.reason)
		}
	}
	return b.String() + "\n"
}
