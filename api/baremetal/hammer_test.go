package baremetalapi

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// hammerTime is how long TestHammer goes on at least; `make hammer` sets a minute.
const hammerTime = "IRONHOOK_HAMMER"

// hammer is 32 clients at work on the same few nodes and volume targets.
type hammer struct {
	*lab
	t        *testing.T
	requests atomic.Int64

	mu       sync.Mutex
	promised [hammerNodes]map[string]int // by key: the last value that was answered with 200
}

const hammerNodes, hammerClients, hammerRounds = 4, 32, 12

// TestHammer has 32 clients create, patch and delete the same nodes and targets. Nobody
// may meet a 500 or a locked database, and no patch may be lost: each client counts in
// a member of its own, and in the end every count is what was promised last.
func TestHammer(t *testing.T) {
	t.Parallel()
	h := &hammer{lab: newLab(t), t: t}
	var until time.Time
	if text := os.Getenv(hammerTime); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil {
			t.Fatalf("%s: %v", hammerTime, err)
		}
		until = time.Now().Add(d)
	}
	for i := range h.promised {
		h.promised[i] = map[string]int{}
		h.must(t, "POST", "/v1/nodes", map[string]any{"driver": "fake-hardware", "name": fmt.Sprintf("n%d", i), "uuid": hammered(i)}, 201)
	}
	var wg sync.WaitGroup
	for client := range hammerClients {
		wg.Go(func() {
			dice := rand.New(rand.NewPCG(1, uint64(client)))
			for round := 1; round <= hammerRounds || time.Now().Before(until); round++ {
				h.count(dice.IntN(hammerNodes), fmt.Sprintf("k%d", client), round)
				h.node(fmt.Sprintf("c%d", dice.IntN(4)))
				h.target(hammered(dice.IntN(hammerNodes)), dice.IntN(3))
			}
		})
	}
	wg.Wait()
	t.Logf("%d requests", h.requests.Load())
	for i := range h.promised {
		var got struct{ Extra map[string]int }
		if err := json.Unmarshal(h.must(t, "GET", "/v1/nodes/"+hammered(i), nil, 200), &got); err != nil {
			t.Fatal(err)
		}
		for key, want := range h.promised[i] {
			if got.Extra[key] != want {
				t.Errorf("node n%d has %s = %d, want %d", i, key, got.Extra[key], want)
			}
		}
	}
}

func hammered(i int) string { return fmt.Sprintf("c0ffee00-0000-4000-8000-%012d", i) }

// send makes a request that may end in one of these ways only.
func (h *hammer) send(method, path string, body any, statuses ...int) int {
	h.requests.Add(1)
	status, answer := h.do(h.t, method, path, body)
	if !slices.Contains(statuses, status) || strings.Contains(string(answer), "database is locked") {
		h.t.Errorf("%s %s = %d %s, want one of %v", method, path, status, answer, statuses)
	}
	return status
}

// count writes a client's next number into a node.
func (h *hammer) count(node int, key string, n int) {
	if h.send("PATCH", "/v1/nodes/"+hammered(node), []any{map[string]any{"op": "add", "path": "/extra/" + key, "value": n}}, 200, 409) == 200 {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.promised[node][key] = n
	}
}

// node makes a node, or finds that another client has, switches it on and deletes it.
func (h *hammer) node(name string) {
	h.send("POST", "/v1/nodes", map[string]any{"driver": "fake-hardware", "name": name}, 201, 409)
	h.send("PUT", "/v1/nodes/"+name+"/states/power", map[string]any{"target": "power on"}, 202, 404, 409, 503)
	h.send("DELETE", "/v1/nodes/"+name, nil, 204, 404, 409)
}

// target makes a volume target, changes it and deletes it.
func (h *hammer) target(node string, index int) {
	uuid := fmt.Sprintf("%s-%012d", node[:23], 100+index)
	h.send("POST", "/v1/volume/targets",
		map[string]any{"uuid": uuid, "node_uuid": node, "volume_type": "iscsi", "volume_id": "v", "boot_index": index}, 201, 409)
	h.send("PATCH", "/v1/volume/targets/"+uuid, []any{map[string]any{"op": "replace", "path": "/volume_id", "value": "w"}}, 200, 400, 404, 409)
	h.send("DELETE", "/v1/volume/targets/"+uuid, nil, 204, 404, 409)
}
