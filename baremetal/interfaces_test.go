package baremetal

import "testing"

func TestInterfaces(t *testing.T) {
	for _, c := range []struct {
		of                       Interfaces
		managed, deploys, byIPXE bool
		console                  bool
	}{
		{nil, false, true, false, false},
		{Interfaces{"storage": "iscsi", "deploy": "direct", "boot": "ipxe", "console": "no-console"}, true, true, true, false},
		{Interfaces{"storage": "external", "deploy": "fake", "boot": "http-ipxe", "console": "fake"}, false, false, true, true},
		{Interfaces{"storage": "noop", "deploy": "ramdisk", "boot": "pxe", "console": "ipmitool-socat"}, false, true, false, true},
		{Interfaces{"boot": "fake"}, false, true, true, false},
	} {
		if c.of.Managed() != c.managed || c.of.Deploys() != c.deploys || c.of.ByIPXE() != c.byIPXE || c.of.Has("console") != c.console {
			t.Errorf("%v: managed %v, deploys %v, by iPXE %v, console %v; want %+v", c.of, c.of.Managed(), c.of.Deploys(), c.of.ByIPXE(),
				c.of.Has("console"), c)
		}
	}
}
