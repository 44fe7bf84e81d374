package appliance

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// ownerOf returns who owns a file or a directory.
func ownerOf(path string) (uid, gid int, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, 0, err
	}
	st := info.Sys().(*syscall.Stat_t)
	return int(st.Uid), int(st.Gid), nil
}

// AsOwner calls f with the rights of the owner of a directory where root works in it: what f makes there is the owner's then, also
// when the process is killed, and a link leads f no further than it leads the owner. The whole process has these rights meanwhile.
func AsOwner(dir string, f func() error) error {
	uid, gid, err := ownerOf(dir)
	if err != nil || os.Geteuid() != 0 || uid == 0 {
		return f() // what is missing is f's to complain about
	}
	groups, err := syscall.Getgroups()
	if err != nil {
		return fmt.Errorf("become the owner of %s: %w", dir, err)
	}
	back := func() error {
		return errors.Join(syscall.Setresuid(-1, 0, -1), syscall.Setresgid(-1, 0, -1), syscall.Setgroups(groups))
	}
	if err := errors.Join(syscall.Setgroups(nil), syscall.Setresgid(-1, gid, -1), syscall.Setresuid(-1, uid, -1)); err != nil {
		return errors.Join(fmt.Errorf("become the owner of %s: %w", dir, err), back())
	}
	err = f()
	return errors.Join(err, back())
}

// strangers are the files of a directory, and of those in it, that are another's than the directory.
func strangers(dir string) (paths []string, err error) {
	uid, _, err := ownerOf(dir)
	if err != nil {
		return nil, err
	}
	err = filepath.WalkDir(dir+"/.", func(path string, e fs.DirEntry, err error) error {
		if e != nil && e.IsDir() && e.Name() == "lost+found" {
			return fs.SkipDir // of a file system of its own
		}
		if err != nil {
			return ignoreGone(err)
		}
		info, err := e.Info()
		if err != nil {
			return ignoreGone(err)
		}
		if int(info.Sys().(*syscall.Stat_t).Uid) != uid {
			paths = append(paths, filepath.Clean(path))
		}
		return nil
	})
	return paths, err
}

// ignoreGone is the error of a file, unless it was deleted meanwhile.
func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
