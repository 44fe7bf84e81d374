package conductor

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
)

// thermometers are the BMCs of many machines, by the names of these: the dead do not answer until their query is given
// up, the broken answer with an error, the mute have no sensors.
type thermometers struct {
	*machine
	asked chan string
}

func (b thermometers) Sensors(ctx context.Context, n *baremetal.Node) ([]baremetal.Reading, error) {
	b.asked <- n.Name
	kind, _, _ := strings.Cut(n.Name, "-")
	switch kind {
	case "dead":
		<-ctx.Done()
		return nil, ctx.Err()
	case "broken":
		return nil, errors.New("no route to host")
	case "mute":
		return nil, baremetal.Errorf(baremetal.ErrUnsupported, "no records")
	}
	return []baremetal.Reading{{Name: "Fan", Value: 2}, {Name: "CPU", Value: 41}, {Name: "Fan", Value: 1}}, nil
}

// openThermometers makes a conductor with machines of these names beside its own, which has no sensors.
func openThermometers(t *testing.T, interval time.Duration, names ...string) (*Conductor, thermometers) {
	t.Helper()
	c, m := setup(t, baremetal.Active)
	c.SensorInterval = interval
	c.sensors = newSensorRounds(c)
	b := thermometers{m, make(chan string, 1000)}
	c.powers["thermo"] = b
	err := c.Store.Update(t.Context(), func(tx *store.Tx) error {
		for i, name := range names {
			state := baremetal.Active
			if strings.HasPrefix(name, "enroll") {
				state = baremetal.Enroll
			}
			err := tx.Nodes().Insert(&baremetal.Node{UUID: fmt.Sprintf("00000000-0000-4000-8000-%012d", i+100), Name: name, Driver: "test",
				ProvisionState: state,
				Interfaces:     baremetal.Interfaces{"power": "bmc", "management": "thermo"}, Maintenance: strings.HasPrefix(name, "mended")})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, b
}

// read are the names of the machines whose readings are shown.
func read(c *Conductor, now time.Time) string {
	list, _ := c.Readings(now)
	var names []string
	for _, r := range list {
		names = append(names, r.Name)
	}
	return strings.Join(names, " ")
}

// underWay is how many BMCs are being asked.
func underWay(c *Conductor) int {
	c.sensors.mu.Lock()
	defer c.sensors.mu.Unlock()
	return len(c.sensors.asked)
}

// TestSensorRound: a BMC that does not answer delays no other, and is not asked again while it is asked. Machines in
// maintenance and those that are not ours yet are left alone.
func TestSensorRound(t *testing.T) {
	c, b := openThermometers(t, time.Hour, "dead-1", "pc-1", "broken-1", "mute-1", "pc-2", "dead-2", "mended-1", "enroll-1")
	c.sensors.spread = 0
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if err := c.sensors.round(ctx); err != nil {
		t.Fatal(err)
	}
	asked := map[string]int{}
	for range 6 {
		asked[<-b.asked]++
	}
	for underWay(c) != 2 { // while the dead are waited for
		runtime.Gosched()
	}
	if got := read(c, time.Now()); got != "pc-1 pc-2" {
		t.Errorf("shown are %q", got)
	}
	if err := c.sensors.round(ctx); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		asked[<-b.asked]++
	}
	cancel()
	_ = c.sensors.asks.Wait()
	if want := map[string]int{"dead-1": 1, "dead-2": 1, "pc-1": 2, "pc-2": 2, "broken-1": 2,
		"mute-1": 2}; fmt.Sprint(asked) != fmt.Sprint(want) || len(b.asked) != 0 {
		t.Errorf("asked %v and %d more, want %v", asked, len(b.asked), want)
	}
	list, left := c.Readings(time.Now())
	want := []baremetal.Reading{{Name: "CPU", Value: 41}, {Name: "Fan", Value: 2}, {Name: "Fan (2)", Value: 1}}
	if len(list) != 2 || fmt.Sprint(list[0].Readings) != fmt.Sprint(want) || left != 0 {
		t.Errorf("readings = %v, %d left; want %v of each", list, left, want)
	}
}

// A reading older than two rounds is not shown, and is forgotten by the next round.
func TestStaleReadings(t *testing.T) {
	c, _ := openThermometers(t, time.Minute)
	now := time.Now()
	c.sensors.keep(NodeReadings{Node: "1", Name: "old", At: now.Add(-2*time.Minute - time.Second), Readings: []baremetal.Reading{{Name: "x"}}})
	c.sensors.keep(NodeReadings{Node: "2", Name: "young", At: now.Add(-2*time.Minute + time.Second),
		Readings: []baremetal.Reading{{Name: "x"}}})
	if got := read(c, now); got != "young" {
		t.Errorf("shown are %q", got)
	}
	if c.sensors.expire(now); len(c.sensors.kept) != 1 {
		t.Errorf("kept are %v", c.sensors.kept)
	}
}

// The number of series is bounded, for one machine and for all; what has no room is counted.
func TestSensorsAreBounded(t *testing.T) {
	c, _ := openThermometers(t, time.Minute)
	now, nodes := time.Now(), sensorsOfNodes/sensorsOfNode+10
	for i := range nodes {
		c.sensors.keep(NodeReadings{Node: fmt.Sprintf("%06d", i), At: now, Readings: make([]baremetal.Reading, sensorsOfNode+1)})
	}
	list, left := c.Readings(now)
	all := 0
	for _, r := range list {
		if all += len(r.Readings); len(r.Readings) > sensorsOfNode {
			t.Fatalf("%d sensors of one node", len(r.Readings))
		}
	}
	if all != sensorsOfNodes || left != nodes*(sensorsOfNode+1)-sensorsOfNodes {
		t.Errorf("%d sensors are shown, %d left out", all, left)
	}
}

// Without an interval no BMC is asked.
func TestSensorsAreOffByDefault(t *testing.T) {
	for _, interval := range []time.Duration{0, time.Hour} {
		c, b := openThermometers(t, interval, "pc-1")
		c.sensors.spread = 0
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- c.Run(ctx) }()
		if interval > 0 {
			<-b.asked
		}
		cancel()
		if err := <-done; err != nil || len(b.asked) != 0 {
			t.Errorf("with an interval of %v: %v, %d questions", interval, err, len(b.asked))
		}
	}
}

// TestSensorsDelayNoSync: while the sensors of more BMCs than are asked at once do not come, the power state of every machine is
// asked and recorded.
func TestSensorsDelayNoSync(t *testing.T) {
	names := make([]string, roundQueries+50)
	for i := range names {
		names[i] = fmt.Sprintf("dead-%d", i)
	}
	c, b := openThermometers(t, time.Hour, names...)
	c.sensors.spread = 0
	b.state = baremetal.PowerOn // of all
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.sensors.round(ctx) }()
	for underWay(c) < roundQueries {
		runtime.Gosched()
	}
	s := newPowerSync(c)
	s.spread = 0
	if err := s.round(ctx); err != nil {
		t.Fatal(err)
	}
	for changed := c.Store.Changed(); countOn(t, c) < len(names); changed = c.Store.Changed() {
		<-changed
	}
	cancel()
	<-done // it was cancelled
	_ = s.asks.Wait()
	_ = c.sensors.asks.Wait()
}
