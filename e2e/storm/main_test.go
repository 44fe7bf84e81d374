package main

import (
	"os"
	"testing"

	"ironhook/e2e/lab"
)

func TestMain(m *testing.M) { os.Exit(lab.RunTests(m.Run)) }

// TestStorm is a small storm of each kind: no machine fails, and the appliance answers its
// API meanwhile.
func TestStorm(t *testing.T) {
	if testing.Short() {
		t.Skip("boots simulated machines in network namespaces")
	}
	program, err := lab.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []Storm{
		{Name: "full", Machines: 24, Image: 4 * mib, Read: 4 * mib, Write: mib, Use: 100},
		{Name: "proxy with losses", Machines: 12, Proxy: true, Loss: 10, Image: 4 * mib, Read: 4 * mib, Write: mib, Use: 100},
	} {
		t.Run(s.Name, func(t *testing.T) {
			o, err := bounded(t.Context(), program, s)
			if err != nil {
				t.Fatal(err)
			}
			for _, err := range o.failures() {
				t.Error(err)
			}
			if len(o.Seen.Samples) == 0 {
				t.Error("the API was not asked during the storm")
			}
			t.Log(o.row())
		})
	}
}

// The script of a machine without a volume is its error.
func TestParse(t *testing.T) {
	d, err := parse("#!ipxe\nset initiator-iqn iqn.2026-11.test:a\nset username u\nset password p\n" +
		"sanhook --drive 0x80 iscsi:10.77.0.1::3260:0:iqn.2026-11.test:t || goto failed\n")
	want := disk{portal: "10.77.0.1:3260", target: "iqn.2026-11.test:t", initiator: "iqn.2026-11.test:a", user: "u", secret: "p"}
	if err != nil || d != want {
		t.Errorf("parse = %+v, %v, want %+v", d, err, want)
	}
	if _, err := parse("#!ipxe\necho Ironhook: nothing to boot\nexit 1\n"); err == nil {
		t.Error("a script without a volume is accepted")
	}
}
