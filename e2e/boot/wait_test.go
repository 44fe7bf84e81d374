package boot_test

import (
	"testing"
	"time"

	"ironhook/e2e/lab"
)

// TestNoIPv6Wait boots machines with every network card that QEMU has an iPXE
// for, to where they ask for their script. An iPXE that speaks IPv6 waits some
// 13 seconds for a router after it has its IPv4 address, unless something
// answers it; with the answer it takes a fraction of a second. The limit lies in
// between, so that a busy host does not fail the test.
func TestNoIPv6Wait(t *testing.T) {
	needsLab(t)
	t.Parallel()
	r := newRoom(t, "nics")
	const limit = 10 * time.Second
	for _, hw := range []lab.Hardware{
		{Name: "bios-virtio"},
		{Name: "bios-e1000", NIC: "e1000"},
		{Name: "bios-e1000e", NIC: "e1000e"},
		{Name: "bios-vmxnet3", NIC: "vmxnet3"},
		{Name: "bios-rtl8139", NIC: "rtl8139"},
		{Name: "uefi-virtio-rom", Firmware: lab.UEFI},
	} {
		m, err := r.Machine(t.Context(), hw)
		must(t, "add "+hw.Name, err)
		must(t, "power on", m.PowerOn())
		_, at := expect(t, m, 1, `\[Link:up`, `/boot/\S*\.\.\. ok`)
		if took := at[1].At.Sub(at[0].At); took > limit {
			t.Errorf("%s: %v from link to script, want less than %v", hw.Name, took, limit)
		}
		m.PowerOff()
	}
}
