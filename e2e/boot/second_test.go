//go:build matrix

package boot_test

import (
	"testing"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

// TestSecondCard boots a machine from the second of its cards, by which alone it is to boot:
// the operating system finds that card in the iBFT.
func TestSecondCard(t *testing.T) {
	needsLab(t)
	r := newRoom(t, "card2")
	m := r.machine(t, lab.Hardware{Name: "two", Card2: "52:54:00:77:02:02"}, image.Options{})
	op := httpOperator{r.client}
	node := op.enroll(t, m, m.Name)
	var list struct {
		Ports []struct{ UUID string }
	}
	must(t, "find the first card", r.client.Do(t.Context(), "GET", "/v1/ports?address="+m.MAC, nil, &list))
	if len(list.Ports) != 1 {
		t.Fatalf("%d ports of the first card", len(list.Ports))
	}
	must(t, "keep the first card from booting", r.client.Do(t.Context(), "PATCH", "/v1/ports/"+list.Ports[0].UUID,
		[]map[string]any{{"op": "replace", "path": "/pxe_enabled", "value": false}}, nil))
	must(t, "add the second card", r.client.Do(t.Context(), "POST", "/v1/ports", map[string]any{"node_uuid": node, "address": m.Card2}, nil))
	op.deploy(t, node)
	boot, _ := expect(t, m, 1, `guest: ibft .*card=`+m.Card2+` `, `guest: root-ok`)
	awaitOff(t, boot)
}
