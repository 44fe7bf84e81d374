package boot_test

import (
	"os"
	"path/filepath"
	"testing"

	"ironhook/e2e/lab"
)

// TestUnknownScript boots a machine that is not enrolled into the operator's menu.
func TestUnknownScript(t *testing.T) {
	needsLab(t)
	t.Parallel()
	file := filepath.Join(t.TempDir(), "menu.ipxe")
	must(t, "write a menu", os.WriteFile(file, []byte(`#!ipxe
menu Not enrolled: ${netX/mac}
item off Switch it off
choose --default off --timeout 1000 chosen && goto ${chosen}
:off
echo guest: chose off
poweroff
`), 0o600))
	r := newRoom(t, "unknown", "--unknown-script", file)
	m, err := r.Machine(t.Context(), lab.Hardware{Name: "unknown", Firmware: lab.UEFI, NoROM: true})
	must(t, "add a machine", err)
	must(t, "switch it on", m.PowerOn())
	boot, _ := expect(t, m, 1, `guest: chose off`)
	awaitOff(t, boot)
}
