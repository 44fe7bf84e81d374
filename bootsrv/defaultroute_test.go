package bootsrv

import (
	"fmt"
	"testing"
)

const routes = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	FE01A8C0	0003	0	0	100	00000000	0	0	0
eth0	0001A8C0	00000000	0001	0	0	100	00FFFFFF	0	0	0
br0	004D0A00	00000000	0001	0	0	0	00FFFFFF	0	0	0
ppp0	00000000	00000000	0001	0	0	0	00000000	0	0	0
bad	00000000	zz	0003
`

func TestGateway(t *testing.T) {
	for iface, want := range map[string]string{"eth0": "192.168.1.254", "br0": "invalid IP", "ppp0": "invalid IP", "bad": "invalid IP",
		"": "invalid IP"} {
		if got := gateway(routes, iface).String(); got != want {
			t.Errorf("gateway(%q) = %s, want %s", iface, got, want)
		}
	}
}

func TestNameservers(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", "[]"},
		{"# nameserver 1.1.1.1\nnameserver 127.0.0.53\nnameserver 10.0.0.53\nnameserver fd00::1\noptions x\n", "[10.0.0.53]"},
		{"nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\nnameserver 10.0.0.4\nnameserver\n", "[10.0.0.1 10.0.0.2 10.0.0.3]"},
	} {
		if got := fmt.Sprint(nameservers(c.in)); got != c.want {
			t.Errorf("nameservers(%q) = %s, want %s", c.in, got, c.want)
		}
	}
}
