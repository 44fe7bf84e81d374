package appliance

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"time"

	"ironhook/appliance/backup"
	"ironhook/baremetal"
	"ironhook/internal/limit"
)

// Backups are the backups that the appliance makes by itself.
type Backups struct {
	Dir        string // "" makes none
	Every      time.Duration
	Keep       int    // that stay in Dir
	Passphrase string // that encrypts them
	Volumes    bool   // are in them
}

// retryBackup is the longest wait after a backup that failed.
const retryBackup = 15 * time.Minute

// keepBackups makes a backup whenever one is due, until ctx ends. The names in the directory
// say when the last was made: a restart neither forgets nor repeats one.
func (a *appliance) keepBackups(ctx context.Context) error {
	b := a.config.Backups
	for wait := time.Duration(0); limit.Pause(ctx, wait) == nil; {
		made, err := backup.Made(b.Dir)
		if wait = due(made, b.Every, time.Now()); err == nil && wait > 0 {
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

// due is how long it is until the next backup, at most 0 for now. A last backup in the future
// was made by a clock that was wrong.
func due(made []time.Time, every time.Duration, now time.Time) time.Duration {
	for i := len(made) - 1; i >= 0; i-- {
		if !made[i].After(now) {
			return made[i].Add(every).Sub(now)
		}
	}
	return 0
}

// makeBackup makes one, and then deletes those that are too many.
func (a *appliance) makeBackup(ctx context.Context) error {
	b := a.config.Backups
	path := filepath.Join(b.Dir, backup.NameAt(time.Now(), true))
	var partly error
	err := backup.Save(path, b.Passphrase, func(w io.Writer) error {
		info, err := a.writeBackup(ctx, w, b.Volumes)
		partly = incomplete(info)
		return err
	})
	if err != nil {
		return err
	}
	a.log.Info("backup made", "file", path)
	return errors.Join(partly, backup.Prune(b.Dir, b.Keep, time.Now()))
}

// backupFailed tells the operator, in the log and among the events.
func (a *appliance) backupFailed(ctx context.Context, err error) {
	a.log.Error("backup", "error", err)
	event := baremetal.Event{Kind: baremetal.EventError, Detail: "backup: " + err.Error()}
	if err := a.store.Append(ctx, event); err != nil {
		a.log.Error("record a failed backup", "error", err)
	}
}
