package conductor

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode"

	"ironhook/baremetal"
	"ironhook/internal/egress"
	"ironhook/internal/timing"
	"ironhook/store"
)

// Config is the configuration of a conductor.
type Config struct {
	Store         *store.Store
	Host          string             // its name: in reservations and in /v1/conductors
	HardwareTypes []HardwareType     // the enabled ones; see Enable
	Storage       map[string]Storage // by the name of the storage interface
	Times         *timing.Set        // counts the work on nodes; nil counts nothing
	Log           *slog.Logger
	// PowerInterval is the time between two rounds of the power sync; 0 is never.
	PowerInterval time.Duration
	// SensorInterval is the time between two readings of the sensors of every machine; 0 is never.
	SensorInterval time.Duration
	Images         Images // that agents write; nil for none
	// Fetch reads what is at a URL that a user has named, of at most limit bytes; nil for never.
	Fetch func(ctx context.Context, url string, limit int64) ([]byte, error)
	// Agent reports whether there is an agent of ours that machines can boot.
	Agent     bool
	Discovery Discovery
}

// Conductor carries out verbs on nodes. Its methods are safe for concurrent use.
type Conductor struct {
	Config
	powers  map[string]Power // by the name of the power or management interface
	planOf  func(f flow, n *baremetal.Node) ([]Step, error)
	awaited awaited // machines that shall boot
	sensors *sensorRounds
	agents  egress.Policy // where they are besides where they report from
	tasks   sync.WaitGroup
	workers chan struct{} // holds a token for each task that may still start
	base    context.Context
	stop    context.CancelFunc
}

// maxTasks is the limit of concurrent tasks; Ironic's workers_pool_size.
const maxTasks = 100

// taskTime bounds one task, so that a BMC that never answers cannot hold a node
// for ever.
const taskTime = 15 * time.Minute

// New makes a conductor. It starts nothing before the first verb or Run; Close must be
// called in the end.
func New(c Config) *Conductor {
	base, stop := context.WithCancel(context.Background())
	conductor := &Conductor{Config: c, powers: powersOf(c.HardwareTypes), workers: make(chan struct{}, maxTasks), base: base, stop: stop}
	conductor.planOf = conductor.plans
	conductor.agents, _ = egress.Parse("private") // a word that it knows
	conductor.sensors = newSensorRounds(conductor)
	return conductor
}

// Close gives running tasks until ctx ends to finish, then interrupts them and
// waits. An interrupted task leaves its node reserved, for Recover to find.
func (c *Conductor) Close(ctx context.Context) {
	done := make(chan struct{})
	go func() { c.tasks.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
	c.stop()
	<-done
}

// worker takes a token for a task, or returns an error if there is none. The token must be
// passed to run or put back.
func (c *Conductor) worker() error {
	select {
	case c.workers <- struct{}{}:
		return nil
	default:
		return baremetal.Errorf(baremetal.ErrBusy, "Requested action cannot be performed due to lack of free conductor workers.")
	}
}

// Tasks is the number of tasks that are carried out now.
func (c *Conductor) Tasks() int { return len(c.workers) }

// run starts task for the node, which the caller has reserved, and releases the
// node when it ends. A task interrupted by Close keeps its reservation. It outlives the
// request that it comes from; the events that it writes name the user of that.
func (c *Conductor) run(request context.Context, node string, task func(ctx context.Context) error) {
	c.tasks.Go(func() {
		defer func() { <-c.workers }()
		ctx, cancel := context.WithTimeout(baremetal.WithUser(c.base, baremetal.UserOf(request)), taskTime)
		defer cancel()
		if err := task(ctx); err != nil {
			c.Log.Error("task failed", "node", node, "error", err)
		}
		if c.base.Err() != nil {
			return
		}
		if err := c.release(node); err != nil {
			c.Log.Error("release node", "node", node, "error", err)
		}
	})
}

// edit applies f to the current node, and keeps it, in one transaction. It also runs after an
// interrupted task: completed work must be recorded.
func (c *Conductor) edit(ctx context.Context, node string, f func(tx *store.Tx, n *baremetal.Node) error) error {
	return c.Store.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		n, err := tx.Nodes().Get(node)
		if err != nil {
			return err
		}
		if err := f(tx, n); err != nil {
			return err
		}
		return tx.Nodes().Update(n)
	})
}

// change edits the node, and appends the events that f returns.
func (c *Conductor) change(ctx context.Context, node string, f func(n *baremetal.Node, now time.Time) []baremetal.Event) error {
	return c.edit(ctx, node, func(tx *store.Tx, n *baremetal.Node) error {
		return note(tx, n, f(n, tx.Now())...)
	})
}

// note appends events about the node.
func note(tx *store.Tx, n *baremetal.Node, events ...baremetal.Event) error {
	for _, e := range events {
		e.Node = n.UUID
		if err := tx.Append(e); err != nil {
			return err
		}
	}
	return nil
}

// node reads a node by UUID or name.
func (c *Conductor) node(ctx context.Context, ident string) (n *baremetal.Node, err error) {
	err = c.Store.View(ctx, func(tx *store.Tx) error {
		n, err = tx.Nodes().Get(ident)
		return err
	})
	return n, err
}

// powerOf returns the implementation of the node's "power" or "management" interface.
func (c *Conductor) powerOf(n *baremetal.Node, kind string) (Power, error) {
	if p, ok := c.powers[n.Interfaces[kind]]; ok {
		return p, nil
	}
	return nil, unsupported(n, kind)
}

// storageOf returns the node's storage interface.
func (c *Conductor) storageOf(n *baremetal.Node) (Storage, error) {
	if s, ok := c.Storage[n.Interfaces.Storage()]; ok {
		return s, nil
	}
	return nil, unsupported(n, "storage")
}

// unsupported is the error of a node whose interface of this kind is not enabled.
func unsupported(n *baremetal.Node, kind string) error {
	return baremetal.Unsupported(n.Driver, kind)
}

// maxSentence is the limit of what is kept of an error, in bytes: agents and BMCs word many of them.
const maxSentence = 4 << 10

// sentence formats an error for a node's last_error, its history and its events: a text of at most
// maxSentence bytes without control characters.
func sentence(err error) string {
	text := err.Error()
	if errors.Is(err, context.DeadlineExceeded) {
		text = "timed out: " + text
	}
	if len(text) > maxSentence {
		text = strings.ToValidUTF8(text[:maxSentence-len("...")], "") + "..."
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' {
			return ' '
		}
		return r
	}, text)
}
