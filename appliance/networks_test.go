package appliance

import (
	"strings"
	"testing"

	"ironhook/bootsrv"
)

func TestWhyDHCP(t *testing.T) {
	const addresses = "10.0.0.100-10.0.0.150"
	for _, test := range []struct {
		set   Mode
		spare string
		now   bootsrv.Mode
		says  string
		rival bool
	}{
		{DHCPAuto, "", bootsrv.Proxy, "No range of addresses is set", false},
		{DHCPAuto, addresses, bootsrv.Proxy, "Another DHCP server answers here", true},
		{DHCPAuto, addresses, bootsrv.Full, "it leases from " + addresses, false},
		{DHCPFull, addresses, bootsrv.Full, "does not look for other DHCP servers", false},
		{DHCPProxy, addresses, bootsrv.Proxy, "It is set to proxy", false},
		{DHCPOff, "", bootsrv.Off, "DHCP is off", false},
	} {
		why, rival := whyDHCP(Config{DHCP: test.set, Range: test.spare}, test.now)
		if !strings.Contains(why, test.says) || rival != test.rival {
			t.Errorf("whyDHCP(%s, %q, %s) = %q, %v, want %q, %v", test.set, test.spare, test.now, why, rival, test.says, test.rival)
		}
	}
}
