package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	_ "modernc.org/sqlite" // the appliance's database
)

// churn is what a soak does again and again: machines are deployed, boot the whole way, and are
// undeployed.
var churn = Storm{Name: "soak", Machines: 32, Image: 4 * mib, Read: mib, Write: mib / 4, Use: 20}

// holdings are what the appliance holds between two rounds.
type holdings struct {
	Files, Rows, Events, Descriptors, Goroutines int
	Memory                                       float64 // MiB
}

// soak deploys, boots and undeploys for a time, and returns the last state, with an error where
// something has grown since the second round: the first ones fill what is filled once.
func soak(ctx context.Context, program string, s Storm, long time.Duration, least int) (last holdings, rounds int, err error) {
	r, err := open(ctx, program, s)
	if err != nil {
		return last, 0, err
	}
	defer r.close()
	var first holdings
	end := time.Now().Add(long)
	for ; rounds < least || time.Now().Before(end); rounds++ {
		if err := r.round(ctx, rounds > 0); err != nil {
			return last, rounds, fmt.Errorf("round %d: %w", rounds+1, err)
		}
		if last, err = r.settled(ctx, first); err != nil {
			return last, rounds, err
		}
		if rounds < warm {
			first = last
		}
		if rounds < warm || rounds%10 == 0 {
			fmt.Printf("round %d: %+v\n", rounds+1, last)
		}
	}
	fmt.Printf("round %d: %+v\n", rounds, last)
	return last, rounds, last.since(first)
}

// warm is how many rounds fill what is filled once.
const warm = 2

// since returns what has grown. Events are kept up to a limit of their own; memory follows the
// garbage collector.
func (h holdings) since(first holdings) error {
	var all []error
	for _, what := range []struct {
		name               string
		first, last, spare int
	}{
		{"files", first.Files, h.Files, 0}, {"rows", first.Rows, h.Rows, 0}, {"descriptors", first.Descriptors, h.Descriptors, 4},
		{"goroutines", first.Goroutines, h.Goroutines, 4}, {"MiB of memory", int(first.Memory), int(h.Memory), 16 + int(first.Memory)/4},
	} {
		if what.last > what.first+what.spare {
			all = append(all, fmt.Errorf("%s have grown from %d to %d", what.name, what.first, what.last))
		}
	}
	return errors.Join(all...)
}

// round deploys the machines, if they are not, boots all of them at once and undeploys them.
func (r *room) round(ctx context.Context, deploy bool) error {
	if deploy {
		if err := r.each(ctx, r.deploy); err != nil {
			return err
		}
	}
	var on sync.WaitGroup
	for _, m := range r.clients {
		on.Go(func() { m.boot(ctx, r.storm) })
	}
	on.Wait()
	for _, m := range r.clients {
		if m.err != nil {
			return m.err
		}
	}
	return r.each(ctx, func(ctx context.Context, m *machine) error {
		return r.api.Provision(ctx, m.name, "deleted", "available")
	})
}

// each does something for all machines, some at a time.
func (r *room) each(ctx context.Context, do func(context.Context, *machine) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for _, m := range r.clients {
		group.Go(func() error {
			if err := do(ctx, m); err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// deploy deploys a machine that was undeployed.
func (r *room) deploy(ctx context.Context, m *machine) error {
	api := r.api
	patch := []object{{"op": "add", "path": "/instance_info", "value": object{"image_source": golden}}}
	if err := api.Do(ctx, "PATCH", "/v1/nodes/"+m.name, patch, nil); err != nil {
		return err
	}
	return errors.Join(api.Provision(ctx, m.name, "active", "active"), api.Power(ctx, m.name, "power on"))
}

// settled waits until what a round leaves behind for a moment has gone, at most for a minute: the
// end of a connection is noticed a little later than its machine is undeployed.
func (r *room) settled(ctx context.Context, first holdings) (h holdings, err error) {
	for until := time.Now().Add(time.Minute); ; {
		if h, err = r.holds(ctx); err != nil || first == (holdings{}) || h.since(first) == nil || time.Now().After(until) {
			return h, err
		}
		select {
		case <-ctx.Done():
			return h, ctx.Err()
		case <-time.After(every):
		}
	}
}

// holds counts.
func (r *room) holds(ctx context.Context) (h holdings, err error) {
	err = filepath.WalkDir(r.app.Data, func(_ string, _ fs.DirEntry, err error) error {
		h.Files++
		if errors.Is(err, fs.ErrNotExist) { // it went meanwhile
			err = nil
		}
		return err
	})
	if err != nil {
		return h, err
	}
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", r.app.Process().PID()))
	if err != nil {
		return h, err
	}
	h.Descriptors = len(open)
	h.Memory = (&watcher{app: r.app}).memory("VmRSS:")
	if h.Rows, h.Events, err = rows(ctx, filepath.Join(r.app.Data, "ironhook.db")); err != nil {
		return h, err
	}
	h.Goroutines, err = r.goroutines(ctx)
	return h, err
}

// rows counts the rows of all tables, apart those of the event log and of the nodes' histories: each is kept up to
// a limit of its own.
func rows(ctx context.Context, path string) (all, events int, err error) {
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		return 0, 0, err
	}
	defer db.Close()
	tables, err := db.QueryContext(ctx, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
	if err != nil {
		return 0, 0, err
	}
	var names []string
	for tables.Next() {
		var name string
		if err := tables.Scan(&name); err != nil {
			return 0, 0, err
		}
		names = append(names, name)
	}
	for _, name := range names {
		n := 0
		if err := db.QueryRowContext(ctx, "SELECT count(*) FROM "+name).Scan(&n); err != nil {
			return 0, 0, err
		}
		if name == "events" || name == "histories" {
			events += n
		} else {
			all += n
		}
	}
	return all, events, tables.Err()
}

// goroutines reads the metric.
func (r *room) goroutines(ctx context.Context) (n int, err error) {
	req, err := http.NewRequestWithContext(ctx, "GET", "http://"+apiAddress+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	req.SetBasicAuth("admin", r.app.Password)
	client := http.Client{Transport: &http.Transport{DialContext: r.Dial, DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err
	}
	_, rest, ok := bytes.Cut(text, []byte("\ngo_goroutines "))
	if !ok {
		return 0, fmt.Errorf("/metrics has no number of goroutines: %s", res.Status)
	}
	_, err = fmt.Sscan(string(rest), &n)
	return n, err
}
