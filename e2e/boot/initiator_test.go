package boot_test

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"testing"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

// TestOwnInitiator boots a machine without iPXE: the iSCSI initiator of its firmware asks
// DHCP for the root path, finds the volume that the node's target names, on another
// storage, and leaves an iBFT from which Linux takes its root; with Secure Boot off and on.
func TestOwnInitiator(t *testing.T) {
	needsLab(t)
	r := newRoom(t, "initiator")
	signer, _ := newSigner(t)
	for i, test := range []struct {
		name   string
		secure *lab.Signer
		expect string
	}{{"own", nil, "secure=0"}, {"own-secure", signer, "secure=1"}} {
		t.Run(test.name, func(t *testing.T) { r.boots(t, i, test.name, test.secure, test.expect) })
	}
}

// boots boots a machine by its own initiator from a storage of its own.
func (r *room) boots(t *testing.T, number int, name string, secure *lab.Signer, expected string) {
	portal, iqn, initiator := fmt.Sprintf("%s:%d", lab.Address, 3261+number), "iqn.2026-01.test.lab:array-"+name, "iqn.2026-01.test.lab:"+name
	disk := filepath.Join(t.TempDir(), "array.raw")
	must(t, "make a volume", r.image.Volume(t.Context(), disk, image.Options{Write: 1, Signed: secure != nil}))
	array, err := r.Start("array-"+name, r.program, "iscsi", "export", "--listen", portal, "--iqn", iqn, disk)
	must(t, "start another storage", err)
	ctx, cancel := context.WithTimeout(t.Context(), bootLimit)
	defer cancel()
	_, err = array.Log.Wait(ctx, regexp.MustCompile(`iscsi://`))
	must(t, "start another storage", err)

	m, err := r.Machine(t.Context(), lab.Hardware{Name: name, Firmware: lab.UEFI, NoROM: true, Initiator: initiator, SecureBoot: secure})
	must(t, "add a machine", err)
	node, err := r.client.EnrollExternal(t.Context(), m, "hba_boot", initiator,
		map[string]any{"target_portal": portal, "target_iqn": iqn, "target_lun": 0})
	must(t, "enrol", err)
	op := httpOperator{r.client}
	op.deploy(t, node)
	boot, _ := expect(t, m, 1, `guest: kernel-up firmware=uefi `+expected, `guest: ibft initiator=`+initiator+` target=`+iqn, `guest: root-ok`,
		`guest: writes-ok`)
	awaitOff(t, boot)
}
