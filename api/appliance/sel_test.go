package applianceapi

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ironhook/baremetal"
)

func TestHardwareLog(t *testing.T) {
	at := time.Date(2026, 5, 31, 10, 53, 52, 0, time.UTC)
	asked := ""
	answer := func(method string) func(context.Context, string) (baremetal.HardwareLog, error) {
		return func(_ context.Context, node string) (baremetal.HardwareLog, error) {
			asked += method + " " + node + ";"
			if node == "none" {
				return baremetal.HardwareLog{}, baremetal.Errorf(baremetal.ErrUnsupported, "The BMC of node none keeps no event log.")
			}
			return baremetal.HardwareLog{Lost: true, Entries: []baremetal.LogEntry{
				{ID: "0001", Uptime: 42 * time.Second, Message: "log cleared"},
				{ID: "0002", At: at, Severity: "Critical", Sensor: "Memory #0x02", Message: "uncorrectable ECC"},
			}}, nil
		}
	}
	a := New(Config{HardwareLog: answer("read"), ClearHardwareLog: answer("clear"), Log: slog.New(slog.DiscardHandler)})
	for _, c := range []struct {
		method, node string
		status       int
		body         string
	}{
		{"GET", "pc", 200, `{"entries":[{"id":"0001","at":null,"uptime":42,"severity":null,"sensor":null,"message":"log cleared"},` +
			`{"id":"0002","at":"2026-05-31T10:53:52+00:00","uptime":null,"severity":"Critical","sensor":"Memory #0x02","message":"uncorrectable ` +
			`ECC"}],"lost":true}`},
		{"DELETE", "pc", 200, `"id":"0002"`},
		{"GET", "none", 400, "keeps no event log"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), c.method, "/ironhook/v1/nodes/"+c.node+"/sel", nil)
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.body) {
			t.Errorf("%s of %s = %d %s, want %d %s", c.method, c.node, w.Code, w.Body, c.status, c.body)
		}
		want := map[string]baremetal.Role{http.MethodGet: baremetal.RoleViewer, http.MethodDelete: baremetal.RoleOperator}[c.method]
		if got := a.Least(r); got != want {
			t.Errorf("%s needs the role %s, want %s", c.method, got, want)
		}
	}
	if asked != "read pc;clear pc;read none;" {
		t.Errorf("asked %q", asked)
	}
}
