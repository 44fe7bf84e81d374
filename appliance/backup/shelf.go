package backup

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// abandoned is the age at which a part of a backup is one that nobody will finish.
const abandoned = 24 * time.Hour

// Made returns when the backups in a directory were made by their names, as NameAt gives them,
// oldest first. Other files are not looked at.
func Made(dir string) (times []time.Time, err error) {
	files, err := os.ReadDir(dir)
	for _, f := range files {
		if at, ok := timeOf(f.Name()); ok {
			times = append(times, at)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	return times, err
}

// Prune deletes all but the newest backups in a directory, and what is left of those that
// were cut short.
func Prune(dir string, keep int, now time.Time) error {
	files, err := os.ReadDir(dir) // by name, which is by time
	if err != nil {
		return err
	}
	var whole []string
	for _, f := range files {
		if _, ok := timeOf(f.Name()); ok {
			whole = append(whole, f.Name())
		}
		if at, ok := timeOf(strings.TrimSuffix(f.Name(), partSuffix)); ok && strings.HasSuffix(f.Name(), partSuffix) && now.Sub(at) > abandoned {
			err = errors.Join(err, os.Remove(filepath.Join(dir, f.Name())))
		}
	}
	for len(whole) > keep {
		err = errors.Join(err, os.Remove(filepath.Join(dir, whole[0])))
		whole = whole[1:]
	}
	return errors.Join(err, syncPath(dir))
}

// timeOf is the time in a name of NameAt.
func timeOf(name string) (time.Time, bool) {
	text, _ := strings.CutPrefix(strings.TrimSuffix(name, ".age"), "ironhook-")
	at, err := time.Parse("20060102T150405Z.backup", text)
	return at, err == nil && strings.HasPrefix(name, NameAt(at, false))
}
