package export

import (
	"net"
	"testing"
)

func TestReachable(t *testing.T) {
	for address, want := range map[string]string{
		"127.0.0.1:3260": "127.0.0.1:3260", "0.0.0.0:3260": "127.0.0.1:3260", "[::]:99": "127.0.0.1:99", "[::1]:3260": "[::1]:3260",
	} {
		a, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if got := reachable(a); got != want {
			t.Errorf("reachable(%s) = %s, want %s", address, got, want)
		}
	}
}
