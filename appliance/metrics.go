package appliance

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"time"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/internal/limit"
	"ironhook/storage/watch"
	"ironhook/store"
)

// tally counts the events of each kind: what the boot servers, the iSCSI target and the
// conductor have done since the first look. It is safe for concurrent use.
type tally struct {
	mu    sync.Mutex
	begun bool
	seen  int64 // number of the last event that is counted
	kinds map[baremetal.EventKind]int64
}

// counts looks at the events that came since, and returns all that were counted.
func (t *tally) counts(tx *store.Tx) (map[baremetal.EventKind]int64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	kinds, newest, err := tx.CountEvents(t.seen)
	if err != nil {
		return nil, err
	}
	if t.kinds == nil {
		t.kinds = map[baremetal.EventKind]int64{}
	}
	for kind, n := range kinds {
		if !t.begun {
			n = 0 // it came before
		}
		t.kinds[kind] += n
	}
	t.begun, t.seen = true, newest
	return maps.Clone(t.kinds), nil
}

// metrics answers GET /metrics in the text format of Prometheus: the sessions of the iSCSI
// target, and what there is and happens otherwise.
func (a *appliance) metrics() http.Handler {
	sessions, started := watch.Metrics(a.exports.Watch, a.log), time.Now()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var more bytes.Buffer
		if err := a.writeMetrics(r.Context(), &more, started); err != nil {
			rest.Fail(w, http.StatusServiceUnavailable, "The database cannot be read.")
			return
		}
		sessions.ServeHTTP(w, r)
		_, _ = w.Write(more.Bytes()) // the client is gone when this fails
	})
}

// metric is a family: its samples by their labels, as the format writes them.
type metric struct {
	name, kind, help string
	samples          map[string]float64
}

func (m metric) write(b *bytes.Buffer) {
	fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s %s\n", m.name, m.help, m.name, m.kind)
	for _, labels := range slices.Sorted(maps.Keys(m.samples)) {
		fmt.Fprintf(b, "%s%s %g\n", m.name, labels, m.samples[labels])
	}
}

func (a *appliance) writeMetrics(ctx context.Context, b *bytes.Buffer, started time.Time) error {
	list, err := a.recorded(ctx)
	if err != nil {
		return err
	}
	for _, m := range slices.Concat(list, a.running(started), a.sensed(time.Now())) {
		m.write(b)
	}
	return a.times.Write(b)
}

// recorded are the metrics of the records.
func (a *appliance) recorded(ctx context.Context) ([]metric, error) {
	nodes := metric{"ironhook_nodes", "gauge", "Nodes, by their states.", map[string]float64{}}
	events := metric{"ironhook_events_total", "counter", "Events, by kind: the steps of boots, refusals, errors, changes.",
		map[string]float64{}}
	records := metric{"ironhook_records", "gauge", "Records, by kind.", map[string]float64{}}
	err := a.store.View(ctx, func(tx *store.Tx) error {
		q := store.Query{Columns: []string{"provision_state", "power_state", "maintenance", "fault"}}
		err := tx.Nodes().Each(q, func(n *baremetal.Node) error {
			nodes.samples[fmt.Sprintf("{provision_state=%q,power_state=%q,maintenance=\"%t\",fault=%q}",
				n.ProvisionState, n.PowerState, n.Maintenance, n.Fault)]++
			return nil
		})
		if err != nil {
			return err
		}
		kinds, err := a.tally.counts(tx)
		for kind, n := range kinds {
			events.samples[fmt.Sprintf("{kind=%q}", kind)] = float64(n)
		}
		for kind, count := range map[string]func() (int64, error){
			"port": tx.Ports().Count, "lease": tx.Leases().Count, "volume": tx.Volumes().Count, "image": tx.Images().Count,
			"snapshot": tx.Snapshots().Count,
		} {
			if err != nil {
				return err
			}
			var n int64
			n, err = count()
			records.samples[fmt.Sprintf("{kind=%q}", kind)] = float64(n)
		}
		return err
	})
	return []metric{nodes, records, events}, err
}

// running are the metrics of this process.
func (a *appliance) running(started time.Time) []metric {
	dhcp := map[string]float64{}
	for _, n := range a.boot.Networks() {
		dhcp[fmt.Sprintf("{interface=%q,mode=%q}", n.Interface, n.Mode)] = 1
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	one := func(v float64) map[string]float64 { return map[string]float64{"": v} }
	reached := metric{"ironhook_limit_reached_total", "counter", "How often each limit (docs/limits.md) held somebody back.",
		map[string]float64{}}
	for name, n := range limit.Counts() {
		reached.samples[fmt.Sprintf("{limit=%q}", name)] = float64(n)
	}
	list := []metric{
		reached,
		{"ironhook_build_info", "gauge", "The program; always 1.", map[string]float64{fmt.Sprintf("{version=%q}", a.version): 1}},
		{"ironhook_start_time_seconds", "gauge", "When the process began to serve, since 1970.", one(float64(started.UnixMilli()) / 1000)},
		{"ironhook_dhcp", "gauge", "How DHCP works on each boot interface; always 1.", dhcp},
		{"ironhook_tasks", "gauge", "Verbs that are being carried out.", one(float64(a.conductor.Tasks()))},
		{"go_goroutines", "gauge", "Goroutines.", one(float64(runtime.NumGoroutine()))},
		{"go_memstats_heap_inuse_bytes", "gauge", "Memory of the heap that is in use.", one(float64(memory.HeapInuse))},
	}
	if free, err := a.volumes.Free(); err == nil {
		list = append(list, metric{"ironhook_volumes_free_bytes", "gauge", "Free space for volumes, without what is reserved.",
			one(float64(free))})
	}
	return list
}

// severities are the values of the health of a sensor.
var severities = map[string]float64{baremetal.HealthOK: 0, baremetal.HealthWarning: 1, baremetal.HealthCritical: 2}

// sensed are the metrics of the sensors of machines.
func (a *appliance) sensed(now time.Time) []metric {
	values := metric{"ironhook_sensor_value", "gauge", "What a sensor of a machine measures, in its unit (UCUM; RPM and % of fans).", nil}
	health := metric{"ironhook_sensor_health", "gauge", "How the sensor stands to its thresholds: 0 OK, 1 warning, 2 critical.", nil}
	read := metric{"ironhook_sensor_read_time_seconds", "gauge", "When the sensors of a machine were read, since 1970.", nil}
	values.samples, health.samples, read.samples = map[string]float64{}, map[string]float64{}, map[string]float64{}
	list, left := a.conductor.Readings(now)
	for _, n := range list {
		node := fmt.Sprintf(`node="%s",name="%s"`, watch.Escape(n.Node), watch.Escape(n.Name))
		read.samples["{"+node+"}"] = float64(n.At.UnixMilli()) / 1000
		for _, r := range n.Readings {
			labels := fmt.Sprintf(`{%s,sensor="%s",unit="%s"}`, node, watch.Escape(r.Name), watch.Escape(r.Unit))
			values.samples[labels] = r.Value
			if severity, ok := severities[r.Health]; ok {
				health.samples[labels] = severity
			}
		}
	}
	return []metric{values, health, read,
		{"ironhook_sensors_left_out", "gauge", "Sensors for which there is no room (docs/limits.md).", map[string]float64{"": float64(left)}}}
}
