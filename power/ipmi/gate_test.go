package ipmi

import (
	"runtime"
	"testing"
	"time"

	"ironhook/power/ipmi/bmctest"
)

// A BMC that is slow is asked for the power state while its sensors or its log are read: that gives way, and goes on after it
// to its end.
func TestLongReadingGivesWay(t *testing.T) {
	const many = selSession / 2 // for one session, if nothing else is asked
	sensors := make(bmctest.Sensors, many)
	for i := range sensors {
		sensors[i].Name, sensors[i].Celsius = "CPU", byte(i)
	}
	m, n := startQuirky(t, bmctest.Quirks{Late: 5 * time.Millisecond, Sensors: sensors}, both)
	for range many {
		m.Log.Add(fanFails...)
	}
	d := New(hurried)
	for what, read := range map[string]func() (int, error){
		"sensors": func() (int, error) { list, err := d.Sensors(t.Context(), n); return len(list), err },
		"log": func() (int, error) {
			w := &selWalk{} // alone: the names of sensors are read after it
			err := d.walkSEL(t.Context(), n, w)
			return len(w.records), err
		},
	} {
		before, done := m.Calls("level"), make(chan struct{})
		var got int
		var err error
		go func() {
			defer close(done)
			got, err = read()
		}()
		for m.Calls("level") == before { // until its session has begun
			runtime.Gosched()
		}
		if state, err := d.State(t.Context(), n); state == "" || err != nil {
			t.Errorf("power = %q, %v while its %s are read", state, err, what)
		}
		select {
		case <-done:
			t.Errorf("the power state waited for all of the %s", what)
		default:
		}
		if <-done; got != many || err != nil {
			t.Errorf("%s: %d, %v, want %d", what, got, err, many)
		}
	}
}
