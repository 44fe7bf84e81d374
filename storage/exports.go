package storage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"ironhook/baremetal"
	"ironhook/block"
	"ironhook/block/iscsi"
	"ironhook/block/scsi"
	"ironhook/storage/watch"
	"ironhook/store"
	"ironhook/volume"
)

// Exports is the iSCSI target that serves the rows of the table exports. Its
// methods are safe for concurrent use.
type Exports struct {
	store   *store.Store
	volumes *volume.Dir
	log     *slog.Logger
	target  *iscsi.Target
	pending chan observation // from the sessions to recordAll

	stopping atomic.Bool // Serve is about to return
	mu       sync.Mutex
	open     map[string]*served // by IQN, each while its row is there
}

// served is a volume that initiators may have open.
type served struct {
	volume   string
	readOnly bool
	disk     *volume.Disk
	device   *scsi.Device
	ending   bool          // it is being withdrawn
	ended    chan struct{} // closed when it has been
}

// NewExports makes the target. It serves nothing until Serve is called.
func NewExports(s *store.Store, v *volume.Dir, log *slog.Logger) *Exports {
	e := &Exports{store: s, volumes: v, log: log, pending: make(chan observation, maxPending), open: map[string]*served{}}
	e.target = &iscsi.Target{Lookup: e.lookup, Discover: e.discover, Observe: e.observe, Log: log}
	return e
}

// Serve accepts initiators on l until ctx ends, asks them to log out, and closes
// every disk. It closes l.
func (e *Exports) Serve(ctx context.Context, l net.Listener) error {
	// What the sessions do is recorded, and their rows are kept, until they have ended.
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

// Sessions describes the sessions there are now, oldest first.
func (e *Exports) Sessions() []iscsi.SessionInfo { return e.target.Sessions() }

// Watch is Sessions with the machine and the volume of each. The export of one that is
// being withdrawn may be gone already.
func (e *Exports) Watch(ctx context.Context) (list []watch.Session, err error) {
	err = e.store.View(ctx, func(tx *store.Tx) error {
		exports, err := allExports(tx)
		if err != nil {
			return err
		}
		by := map[string]*baremetal.Export{}
		for _, x := range exports {
			by[x.IQN] = x
		}
		for _, info := range e.Sessions() {
			s := watch.Session{SessionInfo: info}
			if x := by[info.Target]; x != nil {
				s.Node, s.Volume = x.NodeUUID, x.Volume
				if s.Name, err = nodeName(tx, x.NodeUUID); err != nil {
					return err
				}
			}
			list = append(list, s)
		}
		return nil
	})
	return list, err
}

// nodeName is empty for a host that is no node.
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

// lookup says whether an initiator may open a target: only if a row says so.
func (e *Exports) lookup(ctx context.Context, initiator, target string) (block.Grant, error) {
	// Under one lock: whoever withdraws, which is after the row has gone, finds what
	// was opened while it was there.
	e.mu.Lock()
	defer e.mu.Unlock()
	export, ro, err := e.find(ctx, target)
	if errors.Is(err, baremetal.ErrNotFound) {
		return block.Grant{}, fmt.Errorf("%s: %w", target, block.ErrNoTarget)
	}
	if err != nil {
		return block.Grant{}, err
	}
	if !strings.EqualFold(export.Initiator, initiator) {
		return block.Grant{}, fmt.Errorf("%s is for %s: %w", target, export.Initiator, block.ErrForbidden)
	}
	s, err := e.serve(export, ro)
	if err != nil {
		e.log.Error("open the volume of a machine that logs in", "node", export.NodeUUID, "volume", export.Volume, "error", err)
		return block.Grant{}, err
	}
	return block.Grant{Device: s.device, User: export.User, Secret: export.Secret}, nil
}

// find reads the export of an IQN and whether it is for reading only.
func (e *Exports) find(ctx context.Context, iqn string) (export *baremetal.Export, ro bool, err error) {
	err = e.store.View(ctx, func(tx *store.Tx) error {
		export, ro, err = findExport(tx, iqn)
		return err
	})
	if err == nil && export.IQN != iqn { // rows answer to their UUID too
		err = baremetal.Errorf(baremetal.ErrNotFound, "Export %s could not be found.", iqn)
	}
	return export, ro, err
}

func findExport(tx *store.Tx, iqn string) (export *baremetal.Export, ro bool, err error) {
	export, err = tx.Exports().Get(iqn)
	if errors.Is(err, baremetal.ErrNotFound) {
		a, err := tx.Attachments().Get(iqn)
		if err != nil {
			return nil, false, err
		}
		return exportTo(a), a.ReadOnly, nil
	}
	if err != nil {
		return nil, false, err
	}
	t, err := tx.Targets().Get(export.TargetUUID)
	if err != nil {
		return nil, false, err
	}
	v, err := tx.Volumes().Get(export.Volume)
	if errors.Is(err, baremetal.ErrNotFound) { // a raw file
		return export, t.ReadOnly(), nil
	}
	if err != nil {
		return nil, false, err
	}
	return export, t.ReadOnly() || v.ReadOnly, nil
}

// exportTo is an attachment in the shape of an export: a host that is no node of ours
// logs in like one that is.
func exportTo(a *baremetal.Attachment) *baremetal.Export {
	return &baremetal.Export{TargetUUID: a.UUID, IQN: a.IQN, Initiator: a.Initiator, User: a.User, Secret: a.Secret, Volume: a.VolumeUUID, CreatedAt: a.CreatedAt}
}

// allExports lists what anybody may log in to.
func allExports(tx *store.Tx) ([]*baremetal.Export, error) {
	exports, err := tx.Exports().List(store.Query{})
	if err != nil {
		return nil, err
	}
	attachments, err := tx.Attachments().List(store.Query{Filters: []store.Filter{{Column: "initiator", Match: store.NotNull}}})
	for _, a := range attachments {
		exports = append(exports, exportTo(a))
	}
	return exports, err
}

// discover lists what an initiator may open, for SendTargets.
func (e *Exports) discover(ctx context.Context, initiator string) (names []string, err error) {
	err = e.store.View(ctx, func(tx *store.Tx) error {
		exports, err := allExports(tx)
		for _, x := range exports {
			if strings.EqualFold(x.Initiator, initiator) {
				names = append(names, x.IQN)
			}
		}
		return err
	})
	return names, err
}

// serve opens the volume of an export, once for all of its sessions. The lock is held.
func (e *Exports) serve(export *baremetal.Export, ro bool) (*served, error) {
	if s := e.open[export.IQN]; s != nil {
		if s.ending || s.volume != export.Volume || s.readOnly != ro {
			return nil, fmt.Errorf("an earlier export as %s is being withdrawn", export.IQN) // try again
		}
		return s, nil
	}
	disk, err := e.volumes.Open(export.Volume, ro)
	if err != nil {
		return nil, err
	}
	options := scsi.Options{Serial: export.Volume, ReadOnly: ro, Fault: func(err error) { e.fault(export, err) }}
	if !ro { // readers share a volume, each through a unit of its own
		options.Reservations = bound{disk.Reservations(), exportID(export)}
	}
	lun, err := scsi.NewLUN(disk, options)
	if err != nil {
		return nil, errors.Join(err, disk.Close())
	}
	disk.Watch(func(int64) { lun.Resize() })
	s := &served{volume: export.Volume, readOnly: ro, disk: disk, device: scsi.NewDevice(export.IQN, lun), ended: make(chan struct{})}
	e.open[export.IQN] = s
	return s, nil
}

// Withdraw ends the sessions of an IQN and closes its disk. Its row must be gone,
// or a machine would just log in again.
func (e *Exports) Withdraw(iqn string) {
	e.mu.Lock()
	s := e.open[iqn]
	e.mu.Unlock()
	if s != nil {
		e.withdraw(iqn, s, true)
	}
}

// withdraw returns when nothing of a volume is open any more, whoever began it: a row
// that goes brings Detach here, and reconcile. With the row, if it is gone, go the
// persistent reservations: the next machine that has the volume did not ask for them.
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

// close flushes first: what a machine wrote and did not flush before it was cut off
// is not lost to a power cut of ours as well.
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

// opened returns a copy of what is open.
func (e *Exports) opened() map[string]*served {
	e.mu.Lock()
	defer e.mu.Unlock()
	return maps.Clone(e.open)
}

// reconcile withdraws what has lost its row without Detach: with a node or a target
// that was deleted, or by another hand.
func (e *Exports) reconcile(ctx context.Context) {
	for {
		changed := e.store.Changed()
		if err := e.withdrawOrphans(ctx); err != nil && ctx.Err() == nil {
			e.log.Error("compare sessions with exports", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

func (e *Exports) withdrawOrphans(ctx context.Context) error {
	open := e.opened()
	if len(open) == 0 {
		return nil
	}
	err := e.store.View(ctx, func(tx *store.Tx) error {
		exports, err := allExports(tx)
		for _, x := range exports {
			if s := open[x.IQN]; s != nil && s.volume == x.Volume {
				delete(open, x.IQN)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	for iqn, s := range open {
		e.log.Debug("withdraw volume whose export is gone", "target", iqn)
		e.withdraw(iqn, s, true)
	}
	return nil
}
