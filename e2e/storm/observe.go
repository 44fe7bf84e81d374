package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"ironhook/e2e/lab"
)

// every is the interval of the samples.
const every = 250 * time.Millisecond

// watcher samples the appliance.
type watcher struct {
	app     *lab.Appliance
	reader  *lab.Process // asks the API
	clients []*machine
	begun   time.Time
	cancel  context.CancelFunc
	done    chan struct{}
	seen    observation
	err     error
}

// observe samples the appliance until stop.
func observe(ctx context.Context, r *room) (*watcher, error) {
	reader, err := r.ask()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &watcher{app: r.app, reader: reader, clients: r.clients, begun: time.Now(), cancel: cancel, done: make(chan struct{})}
	used, err := w.used()
	if err != nil {
		cancel()
		return nil, err
	}
	go w.run(ctx, used)
	return w, nil
}

// ask starts a client of the API that asks for one node after the other. It is a program of its
// own: in this one its answers would wait for the simulated machines.
func (r *room) ask() (*lab.Process, error) {
	config := filepath.Join(r.Dir, "curl")
	text := fmt.Sprintf("silent\nuser = \"admin:%s\"\nrate = \"240/m\"\nmax-time = 30\nnoproxy = \"*\"\nheader = "+
		"\"X-OpenStack-Ironic-API-Version: 1.78\"\n"+
		"write-out = \"%%{stderr}%%{http_code} %%{time_total}\\n\"\n", r.app.Password)
	for range asked {
		text += fmt.Sprintf("url = \"http://%s/v1/nodes/pc-[0001-%04d]\"\noutput = \"/dev/null\"\n", apiAddress, len(r.clients))
	}
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return r.Start("curl", "curl", "--config", config)
}

const apiAddress = lab.Address + ":6385"

// asked is how often each node is asked for at most: enough for the longest storm.
const asked = 5000

func (w *watcher) run(ctx context.Context, used time.Duration) {
	defer close(w.done)
	first, before := used, w.begun
	for tick := time.NewTicker(every); ; {
		select {
		case <-ctx.Done():
			w.seen.CPU = used - first
			return
		case <-tick.C:
		}
		now, err := w.used()
		if err != nil {
			w.err = err
			return
		}
		s := sample{At: time.Since(w.begun), CPU: (now - used).Seconds() / time.Since(before).Seconds(), Memory: w.memory("VmRSS:")}
		if answers, _ := w.answers(); len(answers) > 0 {
			s.API = answers[len(answers)-1]
		}
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

// answers returns how long each answer of the API took, and what else came of asking.
func (w *watcher) answers() (took []time.Duration, unanswered []error) {
	for _, line := range w.reader.Log.Lines() {
		var status int
		var seconds float64
		if _, err := fmt.Sscan(line.Text, &status, &seconds); err != nil || status != http.StatusOK {
			unanswered = append(unanswered, fmt.Errorf("curl: %s", line.Text))
			continue
		}
		took = append(took, time.Duration(seconds*float64(time.Second)))
	}
	return took, unanswered
}

// stop ends the sampling and returns what was seen.
func (w *watcher) stop() (observation, error) {
	w.seen.Memory = w.memory("VmHWM:")
	w.cancel()
	<-w.done
	w.reader.Kill()
	answers, unanswered := w.answers()
	w.seen.Asked, w.seen.Unanswered = len(answers), unanswered
	if len(answers) > 0 {
		slices.Sort(answers)
		w.seen.API = answers[(len(answers)*99+99)/100-1]
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
