package boot_test

import (
	"path/filepath"
	"strings"
	"testing"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

// TestNextDevice boots machines that have nothing to boot from Ironhook: none is
// enrolled. Each must go on through its boot order, to its second card and to its own
// disk, whether iPXE came from the card's ROM or over the network. A UEFI that takes
// the end of the script for a boot that went well stops in its setup menu.
func TestNextDevice(t *testing.T) {
	needsLab(t)
	t.Parallel()
	r := newRoom(t, "next")
	disk := filepath.Join(t.TempDir(), "own.raw")
	must(t, "make the machines' own disk", r.image.Volume(t.Context(), disk, image.Options{}))
	for _, hw := range []lab.Hardware{
		{Name: "bios-rom", Card2: "52:54:00:77:01:01"},
		{Name: "uefi-rom", Firmware: lab.UEFI},
		{Name: "uefi-tftp", Firmware: lab.UEFI, NoROM: true, Card2: "52:54:00:77:01:02"},
	} {
		hw.Disk = disk
		m, err := r.Machine(t.Context(), hw)
		must(t, "add "+hw.Name, err)
		must(t, "power on", m.PowerOn())
		var order []string
		for _, mac := range m.Cards() {
			order = append(order, "machine "+mac+" is not enrolled")
		}
		expect(t, m, 1, append(order, `^SYSLINUX |BdsDxe: starting Boot\d+ "UEFI Misc Device"`)...) // the disk's loader
		m.PowerOff()
		if hw.NoROM {
			if got := fileFetched(t, r.client, hw.Card2); !strings.HasPrefix(got, "snponly.efi") {
				t.Errorf("the second card of %s fetched %q, want snponly.efi", hw.Name, got)
			}
		}
	}
}
