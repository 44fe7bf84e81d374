package backup

import (
	"context"
	"errors"
	"os"
	"path"
	"strings"
)

// Verify reads all of some backups of a shelf, and those that they need, each once, and reports what each is. ErrDamaged,
// ErrPassphrase and fs.ErrNotExist are the errors of a backup itself. temp is a directory with room for a database, "" for the system's.
func Verify(ctx context.Context, s Shelf, names []string, passphrase, temp string, report func(name string, i Info, err error)) error {
	v := &verification{shelf: s, passphrase: passphrase, temp: temp, known: map[string]*verdict{}}
	var all error
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		it := v.read(ctx, name)
		err := it.err
		if err == nil {
			err = v.complete(ctx, it.info)
		}
		report(name, it.info, err)
		all = errors.Join(all, err)
	}
	return all
}

// verification knows the backups that were read.
type verification struct {
	shelf            Shelf
	passphrase, temp string
	known            map[string]*verdict
}

// verdict is what reading a backup has shown.
type verdict struct {
	extraction
	err error
}

func (v *verification) read(ctx context.Context, name string) *verdict {
	if it := v.known[name]; it != nil {
		return it
	}
	it := &verdict{}
	v.known[name] = it
	dir, err := os.MkdirTemp(v.temp, TempPrefix)
	if err != nil {
		it.err = err
		return it
	}
	it.dir, it.wanted = dir, func(name string) bool {
		return !strings.HasPrefix(name, volumesName+"/") || path.Dir(name) == volumesName
	}
	if it.err = it.open(ctx, v.shelf, name, v.passphrase); it.err == nil {
		it.err = it.check(ctx)
	}
	it.err = errors.Join(it.err, os.RemoveAll(dir))
	return it
}

// complete checks that the layers that a backup leaves out are in others.
func (v *verification) complete(ctx context.Context, info Info) error {
	for in, layers := range info.needs() {
		it := v.read(ctx, in)
		err := it.err
		if err == nil {
			err = it.has(layers)
		}
		if err != nil {
			return neededError(v.shelf, in, err)
		}
	}
	return nil
}
