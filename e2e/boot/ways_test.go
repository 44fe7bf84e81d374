package boot_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

// iscsi gives the machine a volume of ours.
func (m matrix) iscsi(t *testing.T, machine *lab.Machine) string {
	must(t, "make a volume", m.imageOf(t, machine).Volume(t.Context(), m.app.Volume(machine.Name),
		image.Options{Signed: machine.SecureBoot != nil}))
	return httpOperator{m.client}.enroll(t, machine, machine.Name)
}

// disk makes a file to boot the machine from, in a folder of the test.
func (m matrix) disk(t *testing.T, machine *lab.Machine) string {
	disk := filepath.Join(t.TempDir(), "disk.raw")
	must(t, "make a volume", m.imageOf(t, machine).Volume(t.Context(), disk, image.Options{Signed: machine.SecureBoot != nil}))
	return disk
}

// export starts another storage for the machine at a portal, and returns the name of its target.
func (m matrix) export(t *testing.T, machine *lab.Machine, portal string, args ...string) string {
	return m.exportBy(t, machine, m.Start, portal, args...)
}

// exportBy is export by what starts a program.
func (m matrix) exportBy(t *testing.T, machine *lab.Machine, start func(name, program string, args ...string) (*lab.Process, error),
	portal string, args ...string) string {
	iqn := "iqn.2026-01.test.lab:" + machine.Name
	array, err := start(machine.Name+"-array", m.program, append([]string{"iscsi", "export", "--listen", portal, "--iqn", iqn}, args...)...)
	must(t, "start another storage", err)
	t.Cleanup(array.Kill)
	ctx, cancel := context.WithTimeout(t.Context(), bootLimit)
	defer cancel()
	_, err = array.Log.Wait(ctx, regexp.MustCompile(`iscsi://`))
	must(t, "start another storage", err)
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
	iqn := m.export(t, machine, portal, "--chap", "user:"+filepath.Join(dir, "user"), "--mutual-chap", "array:"+filepath.Join(dir, "array"),
		disk, data)
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
	m.starts(t, machine, node, "")
	return node
}

// portal6 does so with a volume of another storage, which has no address of IPv4.
func (m matrix) portal6(t *testing.T, machine *lab.Machine) string {
	const portal = "[" + lab.Address6 + "]:3263"
	iqn := m.export(t, machine, portal, m.disk(t, machine))
	node := m.external(t, machine, map[string]any{"target_portal": portal, "target_iqn": iqn, "target_lun": 0})
	m.starts(t, machine, node, " portal6="+lab.Address6+",3263")
	return node
}

// starts names the kernel that iPXE starts instead of the volume's boot loader.
func (m matrix) starts(t *testing.T, machine *lab.Machine, node, args string) {
	info := m.system(t, machine)
	info["ramdisk"] = m.filesOf(t, machine) + "ondisk.img"
	info["kernel_append_params"] = info["kernel_append_params"].(string) + args
	var patch []map[string]any
	for key, value := range info {
		patch = append(patch, map[string]any{"op": "add", "path": "/instance_info/" + key, "value": value})
	}
	must(t, "name a kernel", m.client.Do(t.Context(), "PATCH", "/v1/nodes/"+node, patch, nil))
}

// system is what the machine loads over HTTP.
func (m matrix) system(t *testing.T, machine *lab.Machine) map[string]any {
	at := m.filesOf(t, machine)
	return map[string]any{"kernel": at + "vmlinuz", "ramdisk": at + "initrd.img", "kernel_append_params": image.Console +
		" panic=5 no_timer_check"}
}

// nfs gives the machine a root over NFS.
func (m matrix) nfs(t *testing.T, machine *lab.Machine) string {
	root := lab.Address + ":" + lab.NFSExport
	if machine.Firmware == lab.ARM {
		root += "/arm64"
	}
	return loads("direct", map[string]any{"nfs_root": root + ",vers=4.2"})(m, t, machine)
}

// loads makes iPXE load the machine's system, with more in instance_info.
func loads(deploy string, more map[string]any) func(matrix, *testing.T, *lab.Machine) string {
	return func(m matrix, t *testing.T, machine *lab.Machine) string {
		info := m.system(t, machine)
		maps.Copy(info, more)
		node, err := m.client.EnrollLoaded(t.Context(), machine, deploy, info)
		must(t, "enrol", err)
		return node
	}
}
