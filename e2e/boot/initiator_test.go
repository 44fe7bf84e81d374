package boot_test

import (
	"context"
	"path/filepath"
	"regexp"
	"testing"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

// TestOwnInitiator boots a machine without iPXE: the iSCSI initiator of its firmware asks
// DHCP for the root path, finds the volume that the node's target names, on another
// storage, and leaves an iBFT from which Linux takes its root.
func TestOwnInitiator(t *testing.T) {
	needsLab(t)
	const portal, iqn, initiator = lab.Address + ":3261", "iqn.2026-01.test.lab:array", "iqn.2026-01.test.lab:own"
	r := newRoom(t, "initiator")
	disk := filepath.Join(t.TempDir(), "array.raw")
	must(t, "make a volume", r.image.Volume(t.Context(), disk, image.Options{Write: 1}))
	array, err := r.Start("array", r.program, "iscsi", "export", "--listen", portal, "--iqn", iqn, disk)
	must(t, "start another storage", err)
	ctx, cancel := context.WithTimeout(t.Context(), bootLimit)
	defer cancel()
	_, err = array.Log.Wait(ctx, regexp.MustCompile(`iscsi://`))
	must(t, "start another storage", err)

	m, err := r.Machine(t.Context(), lab.Hardware{Name: "own", Firmware: lab.UEFI, NoROM: true, Initiator: initiator})
	must(t, "add a machine", err)
	node, err := r.client.EnrollExternal(t.Context(), m, "hba_boot", initiator, map[string]any{"target_portal": portal, "target_iqn": iqn, "target_lun": 0})
	must(t, "enrol", err)
	op := httpOperator{r.client}
	op.deploy(t, node)
	boot, _ := expect(t, m, 1, `guest: ibft initiator=`+initiator+` target=`+iqn, `guest: root-ok`, `guest: writes-ok`)
	awaitOff(t, boot)
}
