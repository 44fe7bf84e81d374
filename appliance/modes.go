package appliance

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// others are the permissions of a group and of all other users.
const others fs.FileMode = 0o077

// errShared is the cause of a Fault of Data: the directory is not this program's alone.
var errShared = errors.New("all users of this machine may write there, and the files hold passwords and disks")

// closeModes takes the permissions of others from the data directory and from what is
// directly in it: a copy that was restored often has the modes of the program that
// unpacked it. What lies deeper is out of reach then. A directory for all users, such as
// /tmp, is refused, and so is one whose modes cannot be changed.
func closeModes(dir string, log *slog.Logger) error {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it is made for its owner alone
	}
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeSticky != 0 {
		return &Fault{Setting: Data, Value: dir, Err: errShared, Remedy: "give a directory of its own"}
	}
	open, err := openToOthers(dir)
	if err != nil {
		return err
	}
	return mend(dir, open, log)
}

// openToOthers are the directory and what is directly in it, as far as others have any permission there.
func openToOthers(dir string) (open []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	paths := []string{dir + "/."} // also where dir is a link
	for _, e := range entries {
		paths = append(paths, filepath.Join(dir, e.Name()))
	}
	for _, path := range paths {
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if info.Mode().Type()&^(fs.ModeDir|fs.ModeSocket) == 0 && info.Mode()&others != 0 {
			open = append(open, filepath.Clean(path))
		}
	}
	return open, nil
}

// mend takes the permissions of others from the paths.
func mend(dir string, paths []string, log *slog.Logger) error {
	for _, path := range paths {
		info, err := os.Lstat(path)
		if err == nil {
			err = os.Chmod(path, info.Mode().Perm()&^others)
		}
		if err != nil {
			return &Fault{Setting: Data, Value: dir, Err: err, Remedy: "others can read what is there; its owner can run: chmod -R go= " + dir}
		}
	}
	if len(paths) > 0 {
		log.Warn("other users of this machine could read the data directory; that is mended", "paths", paths)
	}
	return nil
}
