package appliance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"ironhook/appliance/backup"
	"ironhook/baremetal"
	"ironhook/internal/limit"
	"ironhook/store"
)

// Backups are the backups that the appliance makes by itself.
type Backups struct {
	To          string // directory or URL of S3-like storage; "" makes none
	Credentials string // file for S3-like storage; "" takes those of the environment
	Every       time.Duration
	Keep        int           // that stay there, besides those that they need
	Passphrase  string        // that encrypts them
	Volumes     bool          // are in them
	FullEvery   time.Duration // after which the layers of the volumes are written again
}

// Dir is the directory that they are written to, "" for none.
func (b Backups) Dir() string {
	if backup.IsURL(b.To) {
		return ""
	}
	return b.To
}

// openShelf opens the place of the backups; nil for none.
func openShelf(b Backups) (backup.Shelf, error) {
	if b.To == "" {
		return nil, nil
	}
	shelf, err := backup.OpenShelf(b.To, b.Credentials)
	if err != nil {
		return nil, &Fault{Setting: BackupTo, Err: err}
	}
	return shelf, nil
}

// shelved is what was last seen on the shelf, for the pages: they do not wait for S3-like storage.
type shelved struct {
	mu    sync.Mutex // guards the rest
	names []backup.Name
	err   error
}

func (s *shelved) set(names []backup.Name, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names, s.err = names, err
}

func (s *shelved) made() (times []time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.names {
		times = append(times, n.At)
	}
	return times, s.err
}

// retryBackup is the longest wait after a backup that failed.
const retryBackup = 15 * time.Minute

// keepBackups makes a backup whenever one is due, until ctx ends. The names on the shelf
// say when the last was made: a restart neither forgets nor repeats one.
func (a *appliance) keepBackups(ctx context.Context) error {
	b, ours := a.config.Backups, false
	for wait := time.Duration(0); limit.Pause(ctx, wait) == nil; {
		names, err := backup.Names(ctx, a.shelf)
		if err == nil && !ours {
			ours, err = a.checkShelf(ctx)
		}
		a.shelved.set(names, err)
		if wait = due(names, b.Every, time.Now()); err == nil && wait > 0 {
			continue
		}
		if err == nil {
			err = a.makeBackup(ctx)
		}
		if wait = 0; err != nil && ctx.Err() == nil {
			wait = min(retryBackup, b.Every)
			a.backupFailed(ctx, err)
		}
	}
	return nil
}

// checkShelf refuses a shelf whose newest backup is another appliance's: it would pass for ours, and go when there are enough of
// ours. A backup that cannot be read, as after a change of the passphrase, decides nothing: the one after it is read.
func (a *appliance) checkShelf(ctx context.Context) (ours bool, err error) {
	owner, err := backup.Owner(ctx, a.shelf, a.config.Backups.Passphrase, time.Now())
	if err != nil || owner == "" {
		return false, ctx.Err()
	}
	err = a.store.View(ctx, func(tx *store.Tx) error {
		if id, err := tx.ApplianceID(); err != nil || id != owner {
			return errors.Join(err, backup.ErrAppliance)
		}
		return nil
	})
	return err == nil, err
}

// due is how long it is until the next backup, at most 0 for now. A last backup in the future
// was made by a clock that was wrong.
func due(made []backup.Name, every time.Duration, now time.Time) time.Duration {
	for i := len(made) - 1; i >= 0; i-- {
		if !made[i].At.After(now) {
			return made[i].At.Add(every).Sub(now)
		}
	}
	return 0
}

// makeBackup makes one, and then deletes those that are too many. One that lacks a volume displaces none: an older one may have it.
func (a *appliance) makeBackup(ctx context.Context) error {
	b := a.config.Backups
	series := a.series(ctx)
	name, err := backup.Next(ctx, a.shelf, series, time.Now(), true)
	if err != nil {
		return err
	}
	var partly error
	err = backup.Save(ctx, a.shelf, name, b.Passphrase, func(w io.Writer) error {
		info, err := a.writeBackup(ctx, w, b.Volumes, series)
		partly = incomplete(info)
		return err
	})
	if err != nil {
		return err
	}
	a.log.Info("backup made", "file", a.shelf.Where(name))
	if partly != nil {
		return fmt.Errorf("%w; older backups stay until one has all", partly)
	}
	return backup.Prune(ctx, a.shelf, b.Keep, time.Now())
}

// series is what the next backup continues. One that cannot be read is none to build on: a new series begins.
func (a *appliance) series(ctx context.Context) backup.Series {
	b := a.config.Backups
	if !b.Volumes {
		return backup.Series{}
	}
	series, err := backup.Continue(ctx, a.shelf, b.Passphrase, time.Now(), b.FullEvery)
	if err != nil {
		a.log.Warn("the last backup cannot be continued: this one is complete", "error", err)
		return backup.Series{}
	}
	return series
}

// backupFailed tells the operator, in the log and among the events.
func (a *appliance) backupFailed(ctx context.Context, err error) {
	a.log.Error("backup", "error", err)
	event := baremetal.Event{Kind: baremetal.EventError, Detail: "backup: " + err.Error()}
	if err := a.store.Append(ctx, event); err != nil {
		a.log.Error("record a failed backup", "error", err)
	}
}
