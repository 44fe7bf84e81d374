package cli_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestRootLeavesNothingOfItsOwn: the appliance of a package is not root, and those who look after it often are. What they do in its
// data directory leaves it the directory's owner, or it would not start again.
func TestRootLeavesNothingOfItsOwn(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("is about root")
	}
	const user = 65534
	top := t.TempDir()
	data, restored, file := filepath.Join(top, "data"), filepath.Join(top, "restored"), filepath.Join(top, "b")
	for dir := top; dir != filepath.Dir(os.TempDir()) && dir != "/"; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err != nil || os.Chmod(dir, info.Mode()|0o111) != nil {
			t.Fatal(dir, err)
		}
	}
	r := start(t, data)
	t.Setenv("IRONHOOK_DATA", data)
	ironhook(t, "volume", "create", "v", "--size", "1", "--wait")
	stop(t, r)
	give := func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, user, user))
	}
	err := errors.Join(os.Mkdir(restored, 0o700), os.Chown(restored, user, user), filepath.WalkDir(data, give))
	if err != nil {
		t.Fatal(err)
	}
	ironhook(t, "backup", "--to", file, "--volumes", "--unencrypted")
	ironhook(t, "restore", "--data", restored, file)
	for _, dir := range []string{data, restored} {
		ironhook(t, "doctor", "--data", dir, "--api", "127.0.0.1:0", "--http", "127.0.0.1:0", "--iscsi", "127.0.0.1:0")
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := e.Info()
			if err == nil && info.Sys().(*syscall.Stat_t).Uid != user {
				t.Errorf("%s is root's", path)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Errorf("the backup is not root's, who made it: %v", err)
	}
}
