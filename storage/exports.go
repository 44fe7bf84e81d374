package storage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"ironhook/baremetal"
	"ironhook/block"
	"ironhook/block/iscsi"
	"ironhook/block/scsi"
	"ironhook/internal/limit"
	"ironhook/storage/watch"
	"ironhook/store"
	"ironhook/volume"
)

// Exports is the iSCSI target that serves the grants. Its methods are safe for concurrent
// use.
type Exports struct {
	store   *store.Store
	volumes *volume.Dir
	log     *slog.Logger
	target  *iscsi.Target
	pending chan observation // from the sessions to recordAll

	stopping atomic.Bool // Serve is about to return
	mu       sync.Mutex
	open     map[string]*served // by IQN, each as long as its grant exists
}

// served is a volume that is open for initiators.
type served struct {
	volume   string
	readOnly bool
	disk     *volume.Disk
	device   *scsi.Device
	ending   bool          // being withdrawn
	ended    chan struct{} // closed when it has been withdrawn
}

// NewExports makes the target. It serves nothing until Serve is called.
func NewExports(s *store.Store, v *volume.Dir, log *slog.Logger) *Exports {
	e := &Exports{store: s, volumes: v, log: log, pending: make(chan observation, maxPending), open: map[string]*served{}}
	e.target = &iscsi.Target{Lookup: e.lookup, Discover: e.discover, Observe: e.observe, Log: log, Limits: iscsi.Limits{Busy: limit.Busy()},
		Reached: func(name string) { limit.Reached(limit.Name("iscsi_" + name)) }}
	return e
}

// Serve accepts initiators on l until ctx ends, asks them to log out, and closes
// every disk. It closes l.
func (e *Exports) Serve(ctx context.Context, l net.Listener) error {
	// Recording and reconciling go on until the sessions have ended.
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer context.AfterFunc(ctx, func() { e.stopping.Store(true) })()
	var g errgroup.Group
	g.Go(func() error { e.recordAll(background); return nil })
	g.Go(func() error { e.reconcile(background); return nil })
	err := e.target.Serve(ctx, l)
	stop()
	err = errors.Join(err, g.Wait())
	e.withdrawAll()
	return err
}

// Advertise sets the portal that SendTargets names, if it is valid. It must precede Serve.
func (e *Exports) Advertise(portal netip.AddrPort) { e.target.Advertised = portal }

// Sessions describes the current sessions, oldest first.
func (e *Exports) Sessions() []iscsi.SessionInfo { return e.target.Sessions() }

// Connected reports whether the machine of a node has a session with a volume of its own.
func (e *Exports) Connected(ctx context.Context, node string) (bool, error) {
	var targets []string
	err := e.store.View(ctx, func(tx *store.Tx) error {
		grants, err := tx.Grants().List(store.Where("node_uuid", node))
		for _, g := range grants {
			targets = append(targets, g.IQN)
		}
		return err
	})
	return err == nil && e.target.InUse(targets), err
}

// Watch is Sessions with the node and the volume of each. They are empty for a session
// whose grant has just been removed.
func (e *Exports) Watch(ctx context.Context) (list []watch.Session, err error) {
	err = e.store.View(ctx, func(tx *store.Tx) error {
		grants, err := tx.Grants().List(store.Query{})
		if err != nil {
			return err
		}
		by := map[string]*baremetal.Grant{}
		for _, g := range grants {
			by[g.IQN] = g
		}
		for _, info := range e.Sessions() {
			s := watch.Session{SessionInfo: info}
			if g := by[info.Target]; g != nil {
				s.Node, s.Volume = g.Node, g.Volume
				if s.Name, err = nodeName(tx, g.Node); err != nil {
					return err
				}
			}
			list = append(list, s)
		}
		return nil
	})
	return list, err
}

// nodeName returns "" for a host that is not a node.
func nodeName(tx *store.Tx, uuid string) (string, error) {
	if uuid == "" {
		return "", nil
	}
	n, err := tx.Nodes().Get(uuid)
	if err != nil {
		return "", err
	}
	return n.Name, nil
}

// lookup returns what an initiator may open; without a grant it refuses.
func (e *Exports) lookup(ctx context.Context, initiator, target string) (block.Grant, error) {
	// Under one lock: withdraw runs after the grant is removed, and must find a disk that
	// was opened before.
	e.mu.Lock()
	defer e.mu.Unlock()
	grant, err := e.find(ctx, target)
	if errors.Is(err, baremetal.ErrNotFound) {
		return block.Grant{}, fmt.Errorf("%s: %w", target, block.ErrNoTarget)
	}
	if err != nil {
		return block.Grant{}, err
	}
	if !strings.EqualFold(grant.Initiator, initiator) {
		return block.Grant{}, fmt.Errorf("%s is for %s: %w", target, grant.Initiator, block.ErrForbidden)
	}
	s, err := e.serve(ctx, grant)
	if err != nil {
		e.log.Error("open the volume of a machine that logs in", "node", grant.Node, "volume", grant.Volume, "error", err)
		return block.Grant{}, err
	}
	return block.Grant{Device: s.device, User: grant.User, Secret: grant.Secret}, nil
}

// find reads the grant of an IQN.
func (e *Exports) find(ctx context.Context, iqn string) (grant *baremetal.Grant, err error) {
	err = e.store.View(ctx, func(tx *store.Tx) error {
		grant, err = tx.Grants().Get(iqn)
		return err
	})
	if err == nil && grant.IQN != iqn { // Get finds a grant by its target's UUID too
		err = baremetal.Errorf(baremetal.ErrNotFound, "Grant %s could not be found.", iqn)
	}
	return grant, err
}

// discover lists the targets that an initiator may open, for SendTargets.
func (e *Exports) discover(ctx context.Context, initiator string) (names []string, err error) {
	err = e.store.View(ctx, func(tx *store.Tx) error {
		grants, err := tx.Grants().List(store.Query{})
		for _, g := range grants {
			if strings.EqualFold(g.Initiator, initiator) {
				names = append(names, g.IQN)
			}
		}
		return err
	})
	return names, err
}

// serve opens the volume of a grant, once for all of its sessions. The lock is held.
func (e *Exports) serve(ctx context.Context, grant *baremetal.Grant) (*served, error) {
	if s := e.open[grant.IQN]; s != nil {
		if s.ending || s.volume != grant.Volume || s.readOnly != grant.ReadOnly {
			return nil, fmt.Errorf("an earlier grant as %s is being withdrawn", grant.IQN) // try again
		}
		return s, nil
	}
	config, err := e.configUnits(ctx, grant)
	if err != nil {
		return nil, err
	}
	disk, err := e.volumes.Open(grant.Volume, grant.ReadOnly)
	if err != nil {
		return nil, err
	}
	options := scsi.Options{Serial: grant.Serial, ReadOnly: grant.ReadOnly, Fault: func(err error) { e.fault(grant, err) }}
	if !grant.ReadOnly { // readers share a volume, each through a unit of its own
		options.Reservations = exportKeeper{disk.Reservations(), grantID(grant)}
	}
	lun, err := scsi.NewLUN(disk, options)
	if err != nil {
		return nil, errors.Join(err, disk.Close())
	}
	disk.Watch(func(int64) { lun.Resize() })
	s := &served{volume: grant.Volume, readOnly: grant.ReadOnly, disk: disk,
		device: scsi.NewDevice(grant.IQN, append([]*scsi.LUN{lun}, config...)...), ended: make(chan struct{})}
	e.open[grant.IQN] = s
	return s, nil
}

// Withdraw ends the sessions of an IQN and closes its disk. Its grant must be removed
// before, or the machine would log in again.
func (e *Exports) Withdraw(iqn string) {
	e.mu.Lock()
	s := e.open[iqn]
	e.mu.Unlock()
	if s != nil {
		e.withdraw(iqn, s, true)
	}
}

// withdraw returns when the volume is closed, even if another call closes it: both Detach
// and reconcile get here for a removed grant. If the grant is gone, its persistent
// reservations are removed too: they do not concern the next user of the volume.
func (e *Exports) withdraw(iqn string, s *served, gone bool) {
	e.mu.Lock()
	first := !s.ending
	s.ending = true
	e.mu.Unlock()
	if !first {
		<-s.ended
		return
	}
	defer close(s.ended)
	e.target.End(iqn)
	if err := s.close(gone); err != nil {
		e.log.Error("close volume", "volume", s.volume, "error", err)
	}
	e.mu.Lock()
	delete(e.open, iqn)
	e.mu.Unlock()
}

// close flushes first: unflushed data of a machine that was cut off must not be lost to a
// power cut.
func (s *served) close(forget bool) error {
	var err error
	if !s.readOnly {
		err = s.disk.Sync()
	}
	if !s.readOnly && forget {
		err = errors.Join(err, s.disk.Reservations().Save(nil))
	}
	return errors.Join(err, s.disk.Close())
}

func (e *Exports) withdrawAll() {
	for iqn, s := range e.opened() {
		e.withdraw(iqn, s, false)
	}
}

// opened returns a copy of the map of open volumes.
func (e *Exports) opened() map[string]*served {
	e.mu.Lock()
	defer e.mu.Unlock()
	return maps.Clone(e.open)
}

// reconcile withdraws volumes that lost their grant without Detach, for example when a node
// or a target was deleted.
func (e *Exports) reconcile(ctx context.Context) {
	for {
		changed := e.store.Changed()
		look, err := e.withdrawOrphans(ctx)
		if err != nil && ctx.Err() == nil {
			e.log.Error("compare sessions with grants", "error", err)
		}
		if limit.Rest(ctx, look) != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

// withdrawOrphans also reports how long it has looked for them.
func (e *Exports) withdrawOrphans(ctx context.Context) (look time.Duration, err error) {
	open := e.opened()
	if len(open) == 0 {
		return 0, nil
	}
	begun := time.Now()
	err = e.store.View(ctx, func(tx *store.Tx) error {
		grants, err := tx.Grants().List(store.Query{})
		for _, g := range grants {
			if s := open[g.IQN]; s != nil && s.volume == g.Volume && s.readOnly == g.ReadOnly {
				delete(open, g.IQN)
			}
		}
		return err
	})
	look = time.Since(begun)
	if err != nil {
		return look, err
	}
	for iqn, s := range open {
		e.log.Debug("withdraw volume whose grant is gone", "target", iqn)
		e.withdraw(iqn, s, true)
	}
	return look, nil
}
