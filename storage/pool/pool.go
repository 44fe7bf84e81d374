package pool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"sync"
	"syscall"

	"ironhook/baremetal"
	"ironhook/internal/egress"
	"ironhook/internal/limit"
	"ironhook/store"
	"ironhook/volume"
	"ironhook/volume/image"
)

// Config is the configuration of a pool; all fields but Files and From must be set.
type Config struct {
	Store   *store.Store
	Volumes *volume.Dir
	Log     *slog.Logger
	Files   string        // the directory below which deployments may name image files; "" is none
	From    egress.Policy // the addresses besides public ones that images may be fetched from
}

// Pool is the storage pool. Its methods are safe for concurrent use.
type Pool struct {
	store   *store.Store
	volumes *volume.Dir
	log     *slog.Logger
	files   string        // absolute
	web     *http.Client  // fetches images
	untidy  chan struct{} // layers may be superfluous

	ctx   context.Context // of the tasks
	stop  context.CancelFunc
	slots chan struct{} // one for each task that runs

	mu     sync.Mutex
	closed bool
	tasks  map[string]*task // by the UUID of the image that they make
	wait   sync.WaitGroup
}

// Limits of the pool.
const (
	maxRunning = 4  // tasks at once, because each of them keeps a disk busy
	maxTasks   = 64 // that run or wait
)

// MaxRows is the limit of images, of volumes and of snapshots.
const MaxRows = 10000

// New makes a pool. Call Recover before anything else and Close at the end.
func New(c Config) *Pool {
	ctx, stop := context.WithCancel(context.Background())
	return &Pool{store: c.Store, volumes: c.Volumes, log: c.Log, files: c.Files, web: image.NewClient(c.From), untidy: make(chan struct{}, 1),
		ctx: ctx, stop: stop, slots: make(chan struct{}, maxRunning), tasks: map[string]*task{}}
}

// Close cancels the tasks and returns when they have ended.
func (p *Pool) Close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.stop()
	p.wait.Wait()
	return nil
}

// Run deletes the orphaned volumes of nodes, and merges superfluous layers, until ctx ends.
func (p *Pool) Run(ctx context.Context) error {
	p.Tidy()
	var tasks sync.WaitGroup
	tasks.Go(func() { p.sweep(ctx) })
	defer tasks.Wait()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.untidy:
			if err := p.volumes.Tidy(ctx); err != nil && ctx.Err() == nil {
				p.log.Warn("merge layers of volumes", "error", err)
			}
		}
	}
}

// Tidy tells Run that there may be layers to merge.
func (p *Pool) Tidy() {
	select {
	case p.untidy <- struct{}{}:
	default: // it has been told already
	}
}

// kinds maps the errors of package volume to the kinds that the API reports.
var kinds = []struct{ is, kind error }{
	{volume.ErrInUse, baremetal.ErrConflict},
	{volume.ErrDependants, baremetal.ErrConflict},
	{volume.ErrKind, baremetal.ErrConflict},
	{volume.ErrLayers, baremetal.ErrConflict},
	{volume.ErrSize, baremetal.ErrInvalid},
	{volume.ErrFormat, baremetal.ErrInvalid},
	{image.ErrDamaged, baremetal.ErrInvalid},
	{image.ErrHostile, baremetal.ErrInvalid},
	{image.ErrTooLarge, baremetal.ErrInvalid},
	{image.ErrFormat, baremetal.ErrFormat},
	{image.ErrUnsupported, baremetal.ErrInvalid},
	{image.ErrChecksum, baremetal.ErrInvalid},
	{fs.ErrNotExist, baremetal.ErrStorage},
	{syscall.ENOSPC, baremetal.ErrNoSpace},
	{volume.ErrDamaged, baremetal.ErrStorage},
}

// withKind gives an error of package volume its kind; it returns other errors unchanged.
func withKind(err error) error {
	if errors.Is(err, volume.ErrLayers) {
		limit.Reached(limit.VolumeLayers)
	}
	for _, k := range kinds {
		if errors.Is(err, k.is) && !errors.As(err, new(*baremetal.Error)) {
			return baremetal.Errorf(k.kind, "%s.", err)
		}
	}
	return err
}

// count returns an error if another row would exceed MaxRows.
func count[T any](set store.Set[T]) error {
	n, err := set.Count()
	if err == nil && n >= MaxRows {
		limit.Reached(limit.StorageRows)
		err = baremetal.Errorf(baremetal.ErrBusy, "There are %d already, and no more are allowed; delete some.", MaxRows)
	}
	return err
}

// ignoreMissing returns nil for fs.ErrNotExist: deleting a second time is not a failure.
func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// label returns the name, if any, and the UUID.
func label(name, uuid string) string {
	if name == "" {
		return uuid
	}
	return fmt.Sprintf("%s (%s)", name, uuid)
}
