package baremetalapi

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/store"
)

// TestVerbsReadTheirFactsOnce: the node for the request, the facts of the checks, and the
// one write that accepts it. What the task does afterwards is not the request's.
func TestVerbsReadTheirFactsOnce(t *testing.T) {
	for _, c := range []struct {
		state      baremetal.ProvisionState
		path, body string
	}{
		{baremetal.Available, "provision", `{"target": "active"}`},
		{baremetal.Active, "provision", `{"target": "rebuild"}`},
		{baremetal.Active, "provision", `{"target": "deleted"}`},
		{baremetal.Manageable, "provision", `{"target": "clean", "clean_steps": [{"interface": "raid", "step": "create_configuration"}]}`},
		{baremetal.Available, "power", `{"target": "power on"}`},
	} {
		l := newLab(t)
		l.bootable(t, c.state)
		var views, updates int
		ctx := store.WithTrace(t.Context(), func(update bool) {
			if update {
				updates++
			} else {
				views++
			}
		})
		if status := l.direct(ctx, "PUT", "/v1/nodes/pc/states/"+c.path, c.body); status != http.StatusAccepted {
			t.Errorf("%s = %d, want 202", c.body, status)
		}
		if views > 2 || updates != 1 {
			t.Errorf("%s took %d reading and %d writing transactions, want at most 2 and 1", c.body, views, updates)
		}
	}
}

// bootable writes a node that can be deployed.
func (l *lab) bootable(t *testing.T, state baremetal.ProvisionState) {
	t.Helper()
	err := l.store.Update(t.Context(), func(tx *store.Tx) error {
		n := &node{UUID: "00000000-0000-4000-8000-000000000001", Name: "pc", Driver: "fake-hardware", ProvisionState: state,
			Properties: baremetal.Object{"capabilities": "iscsi_boot:True"},
			Interfaces: baremetal.Interfaces{"boot": "ipxe", "deploy": "direct", "storage": "external", "raid": "fake"}}
		if err := l.api.conductor.Equip(n); err != nil {
			return err
		}
		if err := tx.Nodes().Insert(n); err != nil {
			return err
		}
		if err := tx.Ports().Insert(&port{UUID: n.UUID, NodeUUID: n.UUID, Address: "52:54:00:00:00:01"}); err != nil {
			return err
		}
		return tx.Targets().Insert(&target{UUID: n.UUID, NodeUUID: n.UUID, VolumeType: baremetal.ISCSI, VolumeID: "v"})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// direct calls the handler without a socket, so that the request has this context.
func (l *lab) direct(ctx context.Context, method, path, body string) int {
	r := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
	r.Header.Set("X-OpenStack-Ironic-API-Version", "1.82")
	w := httptest.NewRecorder()
	l.api.ServeHTTP(w, r)
	return w.Code
}
