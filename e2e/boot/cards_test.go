package boot_test

import (
	"strings"
	"testing"
	"time"

	"ironhook/e2e/lab"
)

// TestNetworkCards boots machines with every network card that QEMU has an iPXE
// for, and UEFI machines whose firmware fetches one over TFTP and over HTTP, to
// where they have their script. An iPXE that speaks IPv6 waits some 13 seconds
// for a router after it has its IPv4 address, unless something answers it; with
// the answer it takes a fraction of a second. The limit lies in between, so that
// a busy host does not fail the test.
func TestNetworkCards(t *testing.T) {
	needsLab(t)
	t.Parallel()
	r := newRoom(t, "cards")
	const limit = 10 * time.Second
	for _, test := range []struct {
		hw   lab.Hardware
		file string // how it gets iPXE, when it has none
	}{
		{lab.Hardware{Name: "bios-virtio"}, ""},
		{lab.Hardware{Name: "bios-e1000", NIC: "e1000"}, ""},
		{lab.Hardware{Name: "bios-e1000e", NIC: "e1000e"}, ""},
		{lab.Hardware{Name: "bios-vmxnet3", NIC: "vmxnet3"}, ""},
		{lab.Hardware{Name: "bios-rtl8139", NIC: "rtl8139"}, ""},
		{lab.Hardware{Name: "uefi-virtio-rom", Firmware: lab.UEFI}, ""},
		{lab.Hardware{Name: "uefi-tftp", Firmware: lab.UEFI, NoROM: true}, "snponly.efi over TFTP"},
		{lab.Hardware{Name: "uefi-http", Firmware: lab.UEFI, NoROM: true, HTTPBoot: true}, "snponly.efi over HTTP"},
	} {
		m, err := r.Machine(t.Context(), test.hw)
		must(t, "add "+test.hw.Name, err)
		must(t, "power on", m.PowerOn())
		_, at := expect(t, m, 1, `^iPXE (initialising|1\.)`, `boot/52-\S*\.\.\. ok`)
		if took := at[1].At.Sub(at[0].At); took > limit {
			t.Errorf("%s: %v from iPXE to script, want less than %v", m.Name, took, limit)
		}
		m.PowerOff()
		if got := fileFetched(t, r.client, m.MAC); !strings.HasPrefix(got, test.file) || got != "" && test.file == "" {
			t.Errorf("%s fetched %q, want %q", m.Name, got, test.file)
		}
	}
}

// fileFetched returns the timeline's event of the boot file of the machine
// with this MAC, "" when it fetched none.
func fileFetched(t *testing.T, client *lab.Client, mac string) string {
	t.Helper()
	events, err := client.Events(t.Context(), "", 0)
	must(t, "read the timeline", err)
	for _, e := range events {
		if e.Kind == "file" && e.MAC == mac {
			return e.Detail
		}
	}
	return ""
}
