package cli_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/internal/asked"
	"ironhook/store"
)

// killRounds is how often TestKilledAtAnyMoment kills; IRONHOOK_KILL_ROUNDS makes it more.
const killRounds = 8

// TestKilledAtAnyMoment kills the appliance with SIGKILL while machines are switched
// on and off, deployed and torn down, which attaches and detaches their volumes. What
// it had acknowledged is there, what it was doing is finished or plainly failed, and no
// volume is half attached.
func TestKilledAtAnyMoment(t *testing.T) {
	if testing.Short() {
		t.Skip("starts and kills the appliance")
	}
	rounds := asked.Number(t, asked.KillRounds, killRounds)
	data, random := t.TempDir(), rand.New(rand.NewPCG(3, 4))
	machines := enrolled(t, data, 4)
	acked := map[string]int{} // the last number that each node's extra was acknowledged to hold
	midway := 0
	for round := range rounds {
		r := start(t, data, "--auth", "none")
		kill := func() {
			time.AfterFunc(time.Duration(random.IntN(120))*time.Millisecond, func() { _ = r.Process.Kill() })
		}
		// Half of the rounds may end before anything is acknowledged. The others end after
		// that has happened to one machine, however slow the computer is.
		favourite := -1
		if round%2 == 0 {
			favourite = round / 2 % len(machines)
		} else {
			kill()
		}
		var busy sync.WaitGroup
		var mu sync.Mutex
		for i, name := range machines {
			busy.Go(func() {
				acknowledged := func() {}
				if i == favourite {
					acknowledged = sync.OnceFunc(kill)
				}
				last := torment(r.url(t), name, round*1000, i, acknowledged)
				mu.Lock()
				defer mu.Unlock()
				acked[name] = max(acked[name], last)
			})
		}
		busy.Wait() // each ends when the server no longer answers
		_ = r.Wait()
		midway += inspect(t, round, data, acked, false)
		again := start(t, data, "--auth", "none")
		stop(t, again)
		inspect(t, round, data, acked, true)
	}
	t.Logf("%d times a node was being worked on when the appliance was killed", midway)
	for name, last := range acked {
		if last == 0 {
			t.Errorf("nothing was acknowledged to %s: the test kills too soon", name)
		}
	}
}

// enrolled makes nodes that boot from volumes of their own and returns their names.
func enrolled(t *testing.T, data string, n int) (names []string) {
	t.Helper()
	h := &house{T: t, running: start(t, data, "--auth", "none"), data: data}
	for i := range n {
		name := fmt.Sprintf("pc-%d", i)
		if err := os.WriteFile(filepath.Join(data, "volumes", name+".raw"), make([]byte, 1<<20), 0o600); err != nil {
			t.Fatal(err)
		}
		uuid := h.make("nodes", `{"name": "`+name+`", "driver": "fake-hardware", "storage_interface": "iscsi", "deploy_interface": "direct",
			"boot_interface": "ipxe", "properties": {"capabilities": "iscsi_boot:True"}}`)
		h.make("ports", fmt.Sprintf(`{"node_uuid": "%s", "address": "52:54:00:00:01:%02x"}`, uuid, i))
		h.make("volume/targets", `{"node_uuid": "`+uuid+`", "volume_type": "iscsi", "boot_index": 0, "volume_id": "`+name+`"}`)
		names = append(names, name)
	}
	stop(t, h.running)
	return names
}

// torment changes a node again and again until the appliance is gone, and returns the
// last number that it acknowledged. It calls acknowledged for each.
func torment(url, name string, from, seed int, acknowledged func()) (acked int) {
	random := rand.New(rand.NewPCG(uint64(from), uint64(seed)))
	orders := []struct{ path, body string }{
		{"/states/power", `{"target": "power on"}`}, {"/states/power", `{"target": "power off"}`}, {"/states/power", `{"target": "rebooting"}`},
		{"/states/provision", `{"target": "manage"}`}, {"/states/provision", `{"target": "provide"}`},
		{"/states/provision", `{"target": "active"}`},
	}
	for n := from + 1; ; n++ {
		status, err := send("PATCH", url+"/v1/nodes/"+name, fmt.Sprintf(`[{"op": "add", "path": "/extra/n", "value": %d}]`, n))
		if err != nil {
			return acked
		}
		if status == http.StatusOK {
			acked = n
			acknowledged()
		}
		order := orders[random.IntN(len(orders))]
		if _, err := send("PUT", url+"/v1/nodes/"+name+order.path, order.body); err != nil {
			return acked
		}
	}
}

func send(method, url, body string) (int, error) {
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("X-OpenStack-Ironic-API-Version", "1.82")
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

// inspect looks into the database of an appliance that does not run. recovered is true
// after a start has had its chance to put things right. It returns how many nodes were
// being worked on.
func inspect(t *testing.T, round int, data string, acked map[string]int, recovered bool) (midway int) {
	t.Helper()
	schema, err := os.ReadFile(schemaFile(t))
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), filepath.Join(data, "ironhook.db"), string(schema))
	if err != nil {
		t.Fatalf("round %d: %v", round, err)
	}
	defer s.Close()
	err = s.View(t.Context(), func(tx *store.Tx) error {
		for name, n := range acked {
			node, err := tx.Nodes().Get(name)
			if err != nil {
				return err
			}
			if node.Reservation != "" {
				midway++
			}
			if got, _ := strconv.Atoi(fmt.Sprint(node.Extra["n"])); got < n {
				t.Errorf("round %d: %s has extra.n %v, %d was acknowledged", round, name, node.Extra["n"], n)
			}
			if recovered && (node.Reservation != "" || node.TargetPowerState != "" || node.ProvisionState.Transient()) {
				t.Errorf("round %d: after a start %s is reserved by %q, on its way to power %q, and %s",
					round, name, node.Reservation, node.TargetPowerState, node.ProvisionState)
			}
			if err := attachment(tx, node); err != nil {
				t.Errorf("round %d: %s: %v", round, name, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Errorf("round %d: %v", round, err)
	}
	return midway
}

// attachment holds a node's grants against its targets: a volume is reachable with
// all that the boot script needs, or not at all.
func attachment(tx *store.Tx, node *baremetal.Node) error {
	targets, err := tx.Targets().List(store.Where("node_uuid", node.UUID))
	if err != nil {
		return err
	}
	for _, target := range targets {
		grant, err := tx.Grants().Find(target.UUID)
		if err != nil {
			return err
		}
		if grant != nil && (grant.Secret == "" || grant.Initiator == "" || !grant.Portal.IsValid()) {
			return fmt.Errorf("the grant of %s is incomplete", grant.IQN)
		}
		if text, _ := json.Marshal(target.Properties); grant != nil && strings.Contains(string(text), grant.Secret) {
			return fmt.Errorf("volume target %s keeps the secret of its grant", target.UUID)
		}
	}
	return nil
}
