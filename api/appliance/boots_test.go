package applianceapi

import (
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/store"
)

func TestBootsAndLeases(t *testing.T) {
	a, s := happened(t)
	a.Script = func(_ *store.Tx, node string) (string, error) {
		if node != "a" {
			return "", baremetal.Errorf(baremetal.ErrInvalid, "%s has no port", node)
		}
		return "#!ipxe\n", nil
	}
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		for _, mac := range []string{"52:54:00:00:00:01", "52:54:00:00:00:09"} {
			address := netip.MustParseAddr("10.0.0." + mac[16:])
			if err := tx.Leases().Insert(&baremetal.Lease{MAC: mac, Address: address, Interface: "br0", Observed: mac[16:] == "9",
				Expires: tx.Now()}); err != nil {
				return err
			}
		}
		if err := tx.Ports().Insert(&baremetal.Port{UUID: "p", NodeUUID: nodeA, Address: "52:54:00:00:00:01"}); err != nil {
			return err
		}
		return tx.Append(baremetal.Event{Node: nodeA, Kind: baremetal.EventError, Step: baremetal.EventAttach, Detail: "No volume root."})
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path   string
		status int
		says   []string
	}{
		{"boots", 200, []string{`"name":"a"`, `"state":"failed"`}},
		{"boots/a", 200, []string{`"failed":"attach"`, `"problem":"No volume root."`, `{"step":"script","state":"done"`}},
		{"boots/b", 404, []string{`"code":404`}},
		{"boots/a/script", 200, []string{"#!ipxe"}},
		{"boots/b/script", 400, []string{"b has no port"}},
		{"leases", 200, []string{`"address":"10.0.0.1","interface":"br0","foreign":false`, `"node":"a"`,
			`"address":"10.0.0.9","interface":"br0","foreign":true`, `"node":null`}},
	} {
		w := httptest.NewRecorder()
		a.ServeHTTP(w, httptest.NewRequest("GET", "/ironhook/v1/"+c.path, nil))
		for _, want := range c.says {
			if w.Code != c.status || !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s = %d %s, want %d with %s", c.path, w.Code, w.Body, c.status, want)
			}
		}
	}
}
