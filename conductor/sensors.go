package conductor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
)

const (
	sensorTime     = 2 * time.Minute // bounds the reading of one BMC
	sensorsOfNode  = 256             // that are kept
	sensorsOfNodes = 100_000         // the same, of all nodes together
)

// NodeReadings is what the BMC of a node measured.
type NodeReadings struct {
	Node, Name string
	At         time.Time
	Readings   []baremetal.Reading // each by a name of its own
}

// sensorRounds reads the sensors of every machine, round by round, and keeps what they said last.
type sensorRounds struct {
	*Conductor
	rounds

	keeping sync.Mutex
	kept    map[string]NodeReadings // by node
}

func newSensorRounds(c *Conductor) *sensorRounds {
	s := &sensorRounds{Conductor: c, kept: map[string]NodeReadings{}}
	s.rounds.begin(c.Store, c.SensorInterval/2)
	return s
}

// round begins to read the sensors of every machine that is not in maintenance: a person may be at work on it.
func (s *sensorRounds) round(ctx context.Context) error {
	s.expire(time.Now())
	return s.each(ctx, []store.Filter{
		{Column: "maintenance", Value: false}, {Column: "provision_state", Match: store.NotEqual, Value: string(baremetal.Enroll)},
	}, s.read)
}

// read reads the sensors of one machine. That its BMC does not answer is what the power sync reports.
func (s *sensorRounds) read(ctx context.Context, n *baremetal.Node) {
	m, err := extension[Sensors](s.Conductor, n, "management", "get_sensors_data")
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, sensorTime)
	defer cancel()
	at := time.Now()
	list, err := m.Sensors(ctx, n)
	if err != nil {
		if !errors.Is(err, baremetal.ErrUnsupported) && ctx.Err() == nil {
			s.Log.Debug("read the sensors", "node", n.UUID, "error", err)
		}
		return
	}
	s.keep(NodeReadings{Node: n.UUID, Name: n.Name, At: at, Readings: ownNames(list)})
}

func (s *sensorRounds) keep(r NodeReadings) {
	s.keeping.Lock()
	defer s.keeping.Unlock()
	s.kept[r.Node] = r
}

// expire forgets what is too old to be shown.
func (s *sensorRounds) expire(now time.Time) {
	s.keeping.Lock()
	defer s.keeping.Unlock()
	maps.DeleteFunc(s.kept, func(_ string, r NodeReadings) bool { return s.stale(r, now) })
}

// stale reports whether a reading is older than two rounds: the BMC no longer answers.
func (s *sensorRounds) stale(r NodeReadings, now time.Time) bool {
	return now.Sub(r.At) > 2*s.SensorInterval
}

// fresh returns what is not stale, by node, and how many sensors did not find room.
func (s *sensorRounds) fresh(now time.Time) (list []NodeReadings, left int) {
	s.keeping.Lock()
	defer s.keeping.Unlock()
	room := sensorsOfNodes
	for _, node := range slices.Sorted(maps.Keys(s.kept)) {
		r := s.kept[node]
		if s.stale(r, now) {
			continue
		}
		n := min(len(r.Readings), sensorsOfNode, room)
		left, room = left+len(r.Readings)-n, room-n
		r.Readings = r.Readings[:n]
		list = append(list, r)
	}
	return list, left
}

// ownNames gives each reading a name of its own: a second fan "Fan" is "Fan (2)".
func ownNames(list []baremetal.Reading) []baremetal.Reading {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b baremetal.Reading) int { return strings.Compare(a.Name, b.Name) })
	taken := map[string]bool{}
	for i := range list {
		list[i].Name = untaken(list[i].Name, taken)
	}
	return list
}

// untaken is the name, with a number if it is taken.
func untaken(name string, taken map[string]bool) string {
	free := name
	for i := 2; taken[free]; i++ {
		free = fmt.Sprintf("%s (%d)", name, i)
	}
	taken[free] = true
	return free
}

// Readings returns what the BMCs measured last, of at most two rounds ago, by node; left is how many sensors are
// too many. Nothing is read where SensorInterval is 0.
func (c *Conductor) Readings(now time.Time) (list []NodeReadings, left int) {
	return c.sensors.fresh(now)
}
