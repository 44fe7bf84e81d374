package bootsrv

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/boot"
)

// loads makes m a machine whose kernel is loaded.
func loads(m *Machine, info baremetal.Object) {
	m.Targets, m.Grants = nil, nil
	m.Facts = boot.Facts{Node: &baremetal.Node{UUID: "node-1", Name: "pc-07", InstanceInfo: info,
		Interfaces: baremetal.Interfaces{"storage": "noop", "deploy": "ramdisk"}}}
}

// GRUB gets a configuration of its own, by the same rules as iPXE its script.
func TestDecideForGRUB(t *testing.T) {
	kernel := baremetal.Object{"kernel": "http://10.0.0.2/k", "ramdisk": "http://10.0.0.2/r", "kernel_append_params": "quiet"}
	for _, c := range []struct {
		name  string
		alter func(*question, *Machine)
		kind  baremetal.EventKind
		want  string
	}{
		{"a ramdisk", func(_ *question, m *Machine) { loads(m, kernel) }, baremetal.EventScript,
			"if linux '(http,10.0.0.2)/k' 'root=/dev/ram0' 'text' 'quiet' 'BOOTIF=01-52-54-00-00-00-01'"},
		{"an ISO", func(_ *question, m *Machine) { loads(m, baremetal.Object{"boot_iso": "http://10.0.0.2/i"}) }, baremetal.EventRefused,
			"GRUB starts no ISO"},
		{"a volume", func(*question, *Machine) {}, baremetal.EventRefused, "GRUB attaches no volumes"},
		{"a stranger", func(_ *question, m *Machine) { m.Port = nil }, baremetal.EventRefused, "is not enrolled"},
		{"another card", func(q *question, m *Machine) { loads(m, kernel); q.peer.Card = []byte{2, 0, 0, 0, 0, 9} }, baremetal.EventRefused,
			"by a card of another address"},
	} {
		q, m := asked(), ready()
		q.GRUB = true
		c.alter(&q, &m)
		a := decide(q, m)
		var b strings.Builder
		if _, err := a.Script.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		if a.Event.Kind != c.kind || !strings.Contains(b.String(), c.want) || strings.HasPrefix(b.String(), "#!ipxe") {
			t.Errorf("%s: %s, %s\n%s, want %q", c.name, a.Event.Kind, a.Event.Detail, b.String(), c.want)
		}
	}
}

// The address that DHCPv6 gives to a card speaks for it as a lease does.
func TestDecideOverIPv6(t *testing.T) {
	for _, c := range []struct {
		name string
		gave bool
		card string
		want baremetal.EventKind
	}{
		{"from the card's address", true, mac, baremetal.EventScript},
		{"from that address, by another card", true, "52:54:00:00:00:09", baremetal.EventRefused},
		{"from another address", false, mac, baremetal.EventRefused},
	} {
		q, m := asked(), ready()
		m.Lease = nil
		q.From, q.gave = netip.MustParseAddr("fd77::5054:ff:fe00:1"), c.gave
		card, err := net.ParseMAC(c.card)
		if err != nil {
			t.Fatal(err)
		}
		q.peer.Card = card
		a := decide(q, m)
		var b strings.Builder
		if _, err := a.Script.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		if a.Event.Kind != c.want || (a.Event.Kind == baremetal.EventScript) != strings.Contains(b.String(), "isset ${netX/ip} || ifconf") {
			t.Errorf("%s: %s, %s\n%s", c.name, a.Event.Kind, a.Event.Detail, b.String())
		}
	}
}

// Under Secure Boot a shim vouches for the kernel that iPXE starts.
func TestDecideShim(t *testing.T) {
	for _, shim := range []bool{true, false} {
		q, m := asked(), ready()
		loads(&m, baremetal.Object{"kernel": "http://10.0.0.2/k", "ramdisk": "http://10.0.0.2/r"})
		m.Shim = shim
		var b strings.Builder
		if _, err := decide(q, m).Script.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		const line = "iseq ${platform} efi && shim http://10.77.0.1:8080/secure/${buildarch}-sb/kernel-shim.efi ||"
		if strings.Contains(b.String(), line) != shim {
			t.Errorf("with a shim %v:\n%s", shim, b.String())
		}
	}
}
