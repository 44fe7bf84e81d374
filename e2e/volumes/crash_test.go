package volumes_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"

	"ironhook/e2e/lab"
	"ironhook/internal/asked"
)

// TestKilledWhileWriting has three machines write to their clones of one image while
// snapshots of these are taken, deleted and merged, kills the program in the middle of
// all that, and wants every block that was flushed to be there. IRONHOOK_KILL_ROUNDS says
// how often.
func TestKilledWhileWriting(t *testing.T) {
	if testing.Short() {
		t.Skip("kills the program")
	}
	program, err := lab.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := &cloud{T: t, dir: t.TempDir()}
	kill := c.serve(program, "none")
	golden := c.upload("golden", 8<<20)
	var machines [3]*writer
	for i := range machines {
		machines[i] = c.writer(i, golden)
	}
	rounds := asked.Number(t, asked.KillRounds, 4)
	for range rounds {
		var wg sync.WaitGroup
		for _, w := range machines {
			wg.Go(func() { _ = w.record.Run(w.session) }) // until the connection breaks
		}
		for range 1 + rand.IntN(6) {
			c.churn(machines[rand.IntN(len(machines))].volume)
		}
		kill()
		wg.Wait()
		kill = c.serve(program, "none")
		for _, w := range machines {
			c.connect(w)
			if err := w.record.Check(w.session); err != nil {
				t.Fatalf("%s, after a kill: %v", w.name, err)
			}
		}
	}
	for _, w := range machines {
		t.Logf("%s: %d rounds, %d writes, %d flushes", w.name, rounds, w.record.Written, w.record.Flushes)
	}
}

// churn takes a snapshot of a volume in use and deletes it: its layer is merged while
// the machine writes.
func (c *cloud) churn(volume string) {
	c.Helper()
	const snapshots = "/volume/v3/standalone/snapshots"
	var made struct{ Snapshot struct{ ID string } }
	c.post(snapshots, fmt.Sprintf(`{"snapshot": {"volume_id": %q, "force": true}}`, volume), &made)
	if status, text := c.do("DELETE", snapshots+"/"+made.Snapshot.ID, ""); status != http.StatusAccepted {
		c.Errorf("DELETE snapshot = %d %s", status, text)
	}
}
