package storage

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
	"ironhook/volume"
)

// Whenever the program is killed, a grant, the properties of its target and the last event
// of its node agree.
func TestKilledBetween(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes and kills them")
	}
	h := newHouse(t)
	for i := range 4 {
		h.machine(fmt.Sprint("pc-", i))
	}
	seen := map[bool]int{}
	for range 12 {
		h.killWhileAttaching()
		h.view(func(tx *store.Tx) error {
			nodes, err := tx.Nodes().List(store.Query{})
			if err != nil {
				return err
			}
			for _, n := range nodes {
				attached, err := agrees(tx, n)
				if err != nil {
					return err
				}
				seen[attached]++
			}
			return nil
		})
	}
	if seen[true] == 0 || seen[false] == 0 {
		t.Errorf("states seen after a kill: %v, want attached and detached ones", seen)
	}
}

func (h *house) killWhileAttaching() {
	h.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "IRONHOOK_KILL_TEST="+h.dir)
	out, err := child.StdoutPipe()
	h.must(err)
	child.Stderr = os.Stderr
	h.must(child.Start())
	lines := bufio.NewScanner(out)
	for range 1 + rand.IntN(40) {
		if !lines.Scan() {
			h.Fatalf("the child ended by itself: %v", child.Wait())
		}
	}
	h.must(child.Process.Kill()) // between two calls, or within one
	child.Wait()                 //nolint:errcheck // it was killed
}

// attachAndDetachForEver is the child.
func attachAndDetachForEver(dir string) {
	ctx := context.Background()
	schema, err := os.ReadFile("../schema.sql")
	check(err)
	s, err := store.Open(ctx, filepath.Join(dir, "db"), string(schema))
	check(err)
	v, err := volume.Open(filepath.Join(dir, "volumes"))
	check(err)
	m := NewManaged(s, pool.New(pool.Config{Store: s, Volumes: v, Log: slog.New(slog.DiscardHandler)}), v, fixedPortal, func(string) {})
	var nodes []*baremetal.Node
	check(s.View(ctx, func(tx *store.Tx) error { nodes, err = tx.Nodes().List(store.Query{}); return err }))
	for {
		n := nodes[rand.IntN(len(nodes))]
		fmt.Println("begin")
		if rand.IntN(2) == 0 {
			check(m.Attach(ctx, n))
		} else {
			check(m.Detach(ctx, n))
		}
		fmt.Println("done")
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// agrees reports whether the node is attached, or returns the contradiction.
func agrees(tx *store.Tx, n *baremetal.Node) (attached bool, err error) {
	grants, err := tx.Grants().List(store.Where("node_uuid", n.UUID))
	if err != nil {
		return false, err
	}
	targets, err := volumeTargets(tx, n)
	if err != nil {
		return false, err
	}
	events, err := tx.Events(store.EventQuery{Node: n.UUID, Last: true, Limit: 1})
	if err != nil {
		return false, err
	}
	attached = len(grants) == 1
	if attached && (grants[0].Target != targets[0].UUID || grants[0].Secret == "") {
		return false, fmt.Errorf("node %s: the grant %s is not whole", n.Name, grants[0].IQN)
	}
	if len(targets[0].Properties) != 0 {
		return false, fmt.Errorf("node %s: its target keeps what belongs to the grant", n.Name)
	}
	told := len(events) == 1 && events[0].Kind == baremetal.EventAttach
	if told != attached {
		return false, fmt.Errorf("node %s: attached = %v, the log says %v", n.Name, attached, told)
	}
	return attached, nil
}
