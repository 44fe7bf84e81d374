package cli

import (
	"slices"
	"testing"
)

func TestUnknownVariables(t *testing.T) {
	got := unknownVariables([]string{"PATH=/bin", "IRONHOOK_DHCP=off", "IRONHOOK_DHPC_RANGE=a-b", "IRONHOOK_CONFIG=c",
		"IRONHOOK_PORT=tcp://10.0.0.1:6385", "IRONHOOK_URL=x"})
	if want := []string{"IRONHOOK_DHPC_RANGE", "IRONHOOK_PORT"}; !slices.Equal(got, want) {
		t.Errorf("unknownVariables = %q, want %q", got, want)
	}
}

func TestClash(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{":80", ":80", true}, {":80", "10.0.0.1:80", true}, {"10.0.0.1:80", "10.0.0.2:80", false}, {"10.0.0.1:80", "10.0.0.1:80", true},
		{":80", ":81", false}, {":0", ":0", false}, {"[::1]:80", "[::1]:80", true},
	} {
		if got := clash(c.a, c.b); got != c.want {
			t.Errorf("clash(%s, %s) = %v, want %v", c.a, c.b, got, c.want)
		}
	}
}
