package dhcp

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/iana"

	"ironhook/ipxe"
)

// Packets of real clients and the complete answers, of a full server and of a proxy. "go
// test -update" rewrites the answers; review the diff.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.hex")
	if err != nil || len(files) < 12 {
		t.Fatalf("captured packets: %d, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".hex")
		got := ""
		for _, mode := range []Mode{Full, Proxy} {
			n := newNetwork(t, func(c *Config) { c.Mode = mode })
			p, err := dhcpv4.FromBytes(captured(t, name))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			n.enrol(p.ClientHWAddr.String(), true)
			if mode == Full {
				n.seed(p.ClientHWAddr.String(), "10.77.0.100", time.Hour, false)
			}
			r := Request{Packet: p, Card: p.ClientHWAddr, From: netip.MustParseAddrPort("0.0.0.0:68"), Port: serverPort}
			if strings.Contains(name, "proxy-request") {
				r.From, r.Port = netip.MustParseAddrPort("10.77.0.203:4011"), proxyPort
			}
			answer, err := n.server.Handle(t.Context(), r)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			got += fmt.Sprintf("%s: %s\n", mode, show(answer))
		}
		golden := filepath.Join("testdata", name+".golden")
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
		}
	}
}

func show(r *Reply) string {
	if r == nil {
		return "silence"
	}
	way := "by the kernel"
	if r.Frame {
		way = "in a frame"
	}
	again, err := dhcpv4.FromBytes(r.Packet.ToBytes())
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("to %s %s\n%s", r.To, way, again.Summary())
}

func TestIdentify(t *testing.T) {
	for name, want := range map[string]string{
		"ipxe-bios-discover": "iPXE on BIOS",
		"ipxe-uefi-request":  "iPXE on UEFI x64",
		"ovmf-pxe-discover":  "PXE, UEFI x64",
		"ovmf-http-request":  "HTTP boot, UEFI x64 HTTP",
		"udhcpc-discover":    "operating system",
	} {
		p, err := dhcpv4.FromBytes(captured(t, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := identify(p).String(); got != want {
			t.Errorf("identify(%s) = %q, want %q", name, got, want)
		}
	}
}

// The table of architectures agrees with IANA's as another codebase has it.
func TestArchitecturesAreIANAs(t *testing.T) {
	for a, word := range map[iana.Arch]string{
		iana.INTEL_X86PC: "BIOS", iana.EFI_IA32: "UEFI x86", iana.EFI_X86_64: "UEFI x64", iana.EFI_BC: "UEFI x64",
		iana.EFI_ARM32: "UEFI arm", iana.EFI_ARM64: "UEFI arm64",
		iana.EFI_X86_HTTP: "UEFI x86 HTTP", iana.EFI_X86_64_HTTP: "UEFI x64 HTTP", iana.EFI_BC_HTTP: "UEFI x64 HTTP",
		iana.EFI_ARM32_HTTP: "UEFI arm HTTP", iana.EFI_ARM64_HTTP: "UEFI arm64 HTTP",
	} {
		if got := ipxe.Arch(a).String(); got != word {
			t.Errorf("architecture %d (%v) is called %q, want %q", a, a, got, word)
		}
	}
}
