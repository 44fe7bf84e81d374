package baremetal

import (
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"
)

func TestPortOptions(t *testing.T) {
	for _, c := range []struct {
		extra Object
		want  PortOptions
		wrong []string // what the error says
	}{
		{nil, PortOptions{}, nil},
		{Object{"storage_vlan": 100.0, "mtu": "9000", "rack": "7"}, PortOptions{VLAN: 100, MTU: 9000}, nil},
		{Object{"storage_vlan": json.Number("4094"), "mtu": 576}, PortOptions{VLAN: 4094, MTU: 576}, nil},
		{Object{"storage_vlan": nil, "mtu": " "}, PortOptions{}, nil},
		{Object{"storage_vlan": 0.0, "mtu": 1500.5}, PortOptions{},
			[]string{`storage_vlan is "0": set it to a whole number from 1 to 4094.`, `mtu is "1500.5"`}},
		{Object{"storage_vlan": "4095", "mtu": 1280.0}, PortOptions{MTU: 1280}, []string{`storage_vlan is "4095"`}},
		{Object{"storage_vlan": "1 net0\nshell", "mtu": 70000.0}, PortOptions{},
			[]string{"storage_vlan is", `mtu is "70000": set it to a whole number from 576 to 9216.`}},
		{Object{"storage_vlan": true, "mtu": []any{1500.0}}, PortOptions{}, []string{"storage_vlan is", "mtu is"}},
		{Object{"fixed_ip": " 10.0.0.7"}, PortOptions{FixedIP: netip.MustParseAddr("10.0.0.7")}, nil},
		{Object{"fixed_ip": "10.0.0.7/24", "mtu": 1500.0}, PortOptions{MTU: 1500},
			[]string{`fixed_ip is "10.0.0.7/24": set it to an IPv4 address.`}},
		{Object{"fixed_ip": "fd00::7"}, PortOptions{}, []string{"fixed_ip is"}},
		{Object{"fixed_ip": "0.0.0.0"}, PortOptions{}, []string{"fixed_ip is"}},
		{Object{"fixed_ip": "224.0.0.1"}, PortOptions{}, []string{"fixed_ip is"}},
		{Object{"fixed_ip": []any{"10.0.0.7"}}, PortOptions{}, []string{"fixed_ip is"}},
	} {
		got, err := ParsePortOptions(c.extra)
		if got != c.want || (err == nil) != (c.wrong == nil) || err != nil && !errors.Is(err, ErrInvalid) {
			t.Errorf("%v: %+v, %v; want %+v", c.extra, got, err, c.want)
		}
		for _, say := range c.wrong {
			if !strings.Contains(err.Error(), say) {
				t.Errorf("%v: %q does not say %q", c.extra, err, say)
			}
		}
		if o := (&Port{Extra: c.extra}).Options(); o != c.want {
			t.Errorf("%v: Options = %+v, want %+v", c.extra, o, c.want)
		}
	}
}
