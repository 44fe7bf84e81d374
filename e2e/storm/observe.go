package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"ironhook/e2e/lab"
)

// every is the interval of the samples. Each asks the API once.
const every = 250 * time.Millisecond

// watcher samples the appliance.
type watcher struct {
	app     *lab.Appliance
	clients []*machine
	begun   time.Time
	cancel  context.CancelFunc
	done    chan struct{}
	seen    observation
	apiAll  []time.Duration
	err     error
}

// observe samples the appliance until stop.
func observe(ctx context.Context, app *lab.Appliance, clients []*machine) (*watcher, error) {
	ctx, cancel := context.WithCancel(ctx)
	w := &watcher{app: app, clients: clients, begun: time.Now(), cancel: cancel, done: make(chan struct{})}
	used, err := w.used()
	if err != nil {
		cancel()
		return nil, err
	}
	go w.run(ctx, used)
	return w, nil
}

func (w *watcher) run(ctx context.Context, used time.Duration) {
	defer close(w.done)
	first, before, api := used, w.begun, w.app.Client()
	for tick := time.NewTicker(every); ; {
		select {
		case <-ctx.Done():
			w.seen.CPU = used - first
			return
		case <-tick.C:
		}
		asked := time.Now()
		if _, err := api.Node(ctx, w.clients[0].name); err != nil && ctx.Err() == nil {
			w.seen.Unanswered = append(w.seen.Unanswered, err)
		}
		took := time.Since(asked)
		now, err := w.used()
		if err != nil {
			w.err = err
			return
		}
		w.apiAll = append(w.apiAll, took)
		s := sample{At: time.Since(w.begun), CPU: (now - used).Seconds() / time.Since(before).Seconds(), Memory: w.memory("VmRSS:"), API: took}
		for _, m := range w.clients {
			for i := range m.done {
				if m.done[i].Load() {
					s.Done[i]++
				}
			}
		}
		w.seen.Samples = append(w.seen.Samples, s)
		used, before = now, time.Now()
	}
}

// stop ends the sampling and returns what was seen.
func (w *watcher) stop() (observation, error) {
	w.seen.Memory = w.memory("VmHWM:")
	w.cancel()
	<-w.done
	if len(w.apiAll) > 0 {
		slices.Sort(w.apiAll)
		w.seen.API = w.apiAll[(len(w.apiAll)*99+99)/100-1]
	}
	return w.seen, w.err
}

// used returns the processor time of the appliance (proc(5), utime and stime in ticks of
// 10 ms).
func (w *watcher) used() (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", w.app.Process().PID()))
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	ticks := 0
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(string(f))
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}

// memory returns a figure of /proc/PID/status in MiB, 0 if there is none.
func (w *watcher) memory(key string) float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", w.app.Process().PID()))
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(b, []byte(key))
	kib := 0
	_, _ = fmt.Sscan(string(rest), &kib)
	return float64(kib) / 1024
}
