package boot

import (
	"strings"
	"testing"

	"ironhook/baremetal"
)

func TestSecureBoot(t *testing.T) {
	yes := true
	for _, c := range []struct {
		name string
		node baremetal.Node
		want bool
	}{
		{"nothing known", baremetal.Node{}, false},
		{"declared", baremetal.Node{Properties: baremetal.Object{"capabilities": "iscsi_boot:True,secure_boot:true"}}, true},
		{"by the instance", baremetal.Node{Properties: baremetal.Object{"capabilities": "secure_boot:true"},
			InstanceInfo: baremetal.Object{"capabilities": map[string]any{"secure_boot": "false"}}}, false},
		{"observed", baremetal.Node{SecureBoot: &yes}, true},
		{"BIOS", baremetal.Node{SecureBoot: &yes, BootMode: "bios"}, false},
	} {
		if got := SecureBoot(&c.node, nil); got != c.want {
			t.Errorf("%s: SecureBoot = %v, want %v", c.name, got, c.want)
		}
	}
}

// Firmware that does not start one kind of program is given the other, and stays with what
// it starts.
func TestSecureBootByWhatStarts(t *testing.T) {
	const plain, signed, bios, iPXE = "file@0s:snponly.efi_over_TFTP ", "file@0s:secure/x86_64-sb/shimx64.efi_over_TFTP ",
		"file@0s:undionly.kpxe_over_TFTP ", "discover@0s:iPXE_on_UEFI_x64 "
	const asks = "discover@0s:PXE,_UEFI_x64 "
	for log, want := range map[string]bool{
		"":                                    false,
		asks:                                  false,
		asks + plain:                          true,
		asks + plain + asks:                   true,
		asks + plain + iPXE:                   false,
		asks + bios:                           false,
		asks + plain + signed:                 false,
		asks + plain + signed + iPXE:          true,
		asks + plain + signed + "script@1s":   true,
		plain + signed + iPXE + asks + signed: false,
		plain + iPXE + asks + plain + iPXE:    false,
	} {
		if got := SecureBoot(&baremetal.Node{}, events(t, log)); got != want {
			t.Errorf("after %s: SecureBoot = %v, want %v", strings.ReplaceAll(log, "@0s", ""), got, want)
		}
	}
}
