package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ironhook/store"
	"ironhook/volume"
)

// Source is what a backup is made of.
type Source struct {
	Data     string            // directory of the appliance
	Volumes  *volume.Dir       // of the same appliance; nil leaves the volumes out
	Program  string            // version of the program
	Settings map[string]string // further files by their names in the backup, without slashes
	Series   Series            // whose layers are left out; the zero Series leaves out none
}

// Info is what a backup says about itself.
type Info struct {
	Format    int               `json:"format"`
	Program   string            `json:"program"` // version of the one that wrote it
	Created   time.Time         `json:"created"`
	Schema    int               `json:"schema"`    // version of the database
	Appliance string            `json:"appliance"` // its id
	Volumes   bool              `json:"volumes"`
	LeftOut   map[string]string `json:"left_out,omitempty"` // volumes, snapshots and images that could not be read, and why
	Layers    map[string]Layer  `json:"layers,omitempty"`   // by their names in the directory of the volumes; since format 2
}

// The names in a backup.
const (
	infoName     = "info.json"
	databaseName = "ironhook.db"
	volumesName  = "volumes"
	settingsName = "settings"
)

// format is the version of what this package writes; it reads all from 1 on.
const format = 2

// ownFiles are those of the data directory beside the database. All may be absent.
var ownFiles = []string{"htpasswd", "tls.crt", "tls.key"}

// TempPrefix begins the name of a directory that a backup makes in the data directory and
// that a crash may leave there.
const TempPrefix = ".backup-"

// Write writes a backup, not encrypted. The appliance may be running; the database and each
// volume are in the backup as they are at one moment.
func Write(ctx context.Context, w io.Writer, s Source) (Info, error) {
	info := Info{Format: format, Program: s.Program, Created: time.Now().UTC().Truncate(time.Second), Volumes: s.Volumes != nil}
	db, held, err := s.hold(ctx, &info)
	if err != nil {
		return info, fmt.Errorf("backup: %w", err)
	}
	defer db.Close() //nolint:errcheck // only read
	if held != nil {
		defer held.Close() //nolint:errcheck // only read
		if info.Layers, err = s.Series.index(ctx, held); err != nil {
			return info, fmt.Errorf("backup: %w", err)
		}
	}
	sealed := newSealer(w)
	if err := s.write(ctx, sealed, info, db, held); err != nil {
		return info, fmt.Errorf("backup: %w", err)
	}
	return info, sealed.end()
}

func (s Source) write(ctx context.Context, w io.Writer, info Info, db *os.File, held *volume.Held) error {
	text, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return err
	}
	if err := writeFile(w, infoName, int64(len(text)), info.Created, bytes.NewReader(text)); err != nil {
		return err
	}
	for _, name := range ownFiles {
		if err := copyFile(w, name, filepath.Join(s.Data, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Settings)) {
		if err := copyFile(w, settingsName+"/"+name, s.Settings[name]); err != nil {
			return err
		}
	}
	if err := writeOpen(w, databaseName, db); err != nil {
		return err
	}
	if held != nil {
		for _, f := range held.Files {
			if err := ctx.Err(); err != nil {
				return err
			}
			if info.Layers[f.Name].In != "" {
				continue
			}
			if err := writeSparse(contextWriter{ctx, w}, volumesName+"/"+f.Name, f.Size, f.Modified, f); err != nil {
				return err
			}
		}
	}
	_, err = w.Write(end())
	return err
}

func copyFile(w io.Writer, name, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read
	return writeOpen(w, name, f)
}

func writeOpen(w io.Writer, name string, f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return writeFile(w, name, info.Size(), info.ModTime(), f)
}

// contextWriter ends with its context.
type contextWriter struct {
	ctx context.Context
	io.Writer
}

func (w contextWriter) Write(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.Writer.Write(p)
}

// attempts is how often a copy of the database is made that fits the volumes.
const attempts = 5

// hold copies the database and holds the volumes. The copy comes first: what it calls
// available has been there. If it is deleted before the volumes are held, both are taken
// again.
func (s Source) hold(ctx context.Context, info *Info) (db *os.File, held *volume.Held, err error) {
	for try := 1; ; try++ {
		var c store.Copy
		if db, c, err = s.copyDatabase(ctx); err != nil {
			return nil, nil, err
		}
		info.Schema, info.Appliance = c.Schema, c.Appliance
		if s.Series.Appliance != "" && s.Series.Appliance != c.Appliance {
			return nil, nil, errors.Join(ErrAppliance, db.Close())
		}
		if s.Volumes == nil {
			return db, nil, nil
		}
		if held, err = s.Volumes.Hold(); err != nil {
			return nil, nil, errors.Join(err, db.Close())
		}
		info.LeftOut = missing(c.Disks, held)
		if len(info.LeftOut) == len(held.LeftOut) || try == attempts {
			return db, held, nil
		}
		if err := errors.Join(held.Close(), db.Close()); err != nil {
			return nil, nil, err
		}
	}
}

// missing are the disks that are not held, and why.
func missing(disks []string, held *volume.Held) map[string]string {
	why := map[string]string{}
	for id, err := range held.LeftOut {
		why[id] = err.Error()
	}
	there := map[string]bool{}
	for _, f := range held.Files {
		if id, ok := strings.CutSuffix(f.Name, ".json"); ok {
			there[id] = true
		}
	}
	for _, id := range disks {
		if !there[id] && why[id] == "" {
			why[id] = "its files are missing"
		}
	}
	return why
}

// copyDatabase returns a copy of the database as an open file without a name.
func (s Source) copyDatabase(ctx context.Context) (f *os.File, c store.Copy, err error) {
	dir, err := os.MkdirTemp(s.Data, TempPrefix)
	if err != nil {
		return nil, c, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, databaseName)
	if err := store.Backup(ctx, filepath.Join(s.Data, databaseName), path); err != nil {
		return nil, c, err
	}
	if c, err = store.Examine(ctx, path); err != nil {
		return nil, c, err
	}
	f, err = os.Open(path)
	return f, c, err
}
