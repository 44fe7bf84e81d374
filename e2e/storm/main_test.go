package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
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
		{Name: "attacked", Machines: 24, Image: 4 * mib, Read: 4 * mib, Write: mib, Use: 500, Attacked: true},
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
			if len(o.Seen.Samples) == 0 || o.Seen.Asked == 0 {
				t.Error("the API was not asked during the storm")
			}
			t.Log(o.row())
		})
	}
}

// TestSoak is a soak of some rounds.
func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("boots simulated machines in network namespaces")
	}
	program, err := lab.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	few := churn
	few.Machines = 6
	if last, rounds, err := soak(t.Context(), program, few, 0, 5); err != nil {
		t.Errorf("after %d rounds, with %+v: %v", rounds, last, err)
	}
}

// What has grown is named.
func TestGrown(t *testing.T) {
	first := holdings{Files: 10, Rows: 100, Events: 5, Descriptors: 20, Goroutines: 30, Memory: 60}
	for _, c := range []struct {
		last holdings
		want string
	}{
		{first, ""},
		{holdings{10, 100, 5000, 22, 33, 80}, ""},
		{holdings{11, 100, 5, 20, 30, 60}, "files have grown from 10 to 11"},
		{holdings{10, 101, 5, 20, 30, 60}, "rows have grown from 100 to 101"},
		{holdings{10, 100, 5, 25, 30, 60}, "descriptors have grown from 20 to 25"},
		{holdings{10, 100, 5, 20, 35, 60}, "goroutines have grown from 30 to 35"},
		{holdings{10, 100, 5, 20, 30, 95}, "MiB of memory have grown from 60 to 95"},
	} {
		if got := fmt.Sprint(errors.Join(c.last.since(first), errors.New(""))); strings.TrimSpace(got) != c.want {
			t.Errorf("%+v: %q, want %q", c.last, got, c.want)
		}
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
