package volume

import (
	"errors"
	"fmt"
	"testing"
)

// countingFS counts the calls that look for something or change it.
type countingFS struct {
	fileSystem
	calls int
}

func (c *countingFS) Open(name string, write bool) (file, error) {
	c.calls++
	return c.fileSystem.Open(name, write)
}

func (c *countingFS) Names(dir string) ([]string, error) {
	names, err := c.fileSystem.Names(dir)
	c.calls += 1 + len(names)
	return names, err
}

func (c *countingFS) Stat(name string) (fileInfo, error) {
	c.calls++
	return c.fileSystem.Stat(name)
}

func (c *countingFS) Same(a, b string) bool {
	c.calls++
	return c.fileSystem.Same(a, b)
}

func (c *countingFS) SyncDir(dir string) error {
	c.calls++
	return c.fileSystem.SyncDir(dir)
}

// TestGrowth holds that no change costs more calls of the file system among many volumes
// than among few.
func TestGrowth(t *testing.T) {
	fsys := &countingFS{fileSystem: newMemFS()}
	d, err := openDir(fsys)
	check(t, err)
	check(t, d.Build("image", func(b *Builder) error { _, err := b.WriteAt([]byte("image"), 0); return err }))
	changes := []struct {
		name string
		do   func() error
	}{
		{"clone", func() error { return d.Clone("image", "one", 0) }},
		{"create", func() error { return d.Create("other", 4096) }},
		{"snapshot", func() error { return d.Snapshot("one", "snap") }},
		{"usage", func() error { _, err := d.Usage("one"); return err }},
		{"reset", func() error { return d.Reset("one") }},
		{"delete a snapshot", func() error { return d.Delete("snap") }},
		{"merge", func() error { return d.Tidy(t.Context()) }},
		{"delete", func() error { return d.Delete("one") }},
		{"delete a plain one", func() error { return d.Delete("other") }},
		{"tidy", func() error { return d.Tidy(t.Context()) }},
	}
	few := map[string]int{}
	made := 0
	for _, n := range []int{10, 1000} {
		for ; made < n; made++ {
			check(t, d.Clone("image", fmt.Sprint("v", made), 0))
		}
		check(t, d.Tidy(t.Context()))
		for _, c := range changes {
			before := fsys.calls
			check(t, c.do())
			cost := fsys.calls - before
			if n == 10 {
				few[c.name] = cost
			} else if cost > few[c.name] {
				t.Errorf("%s: %d calls among %d volumes, %d among 10", c.name, cost, n, few[c.name])
			}
		}
	}
}

// TestGrowthOfAnother holds that what another process has made since is not overlooked.
func TestGrowthOfAnother(t *testing.T) {
	fsys := newMemFS()
	d, err := openDir(fsys)
	check(t, err)
	check(t, d.Build("image", func(b *Builder) error { _, err := b.WriteAt([]byte("image"), 0); return err }))
	another, err := openDir(fsys)
	check(t, err)
	check(t, another.Clone("image", "clone", 0))
	if err := d.Delete("image"); !errors.Is(err, ErrDependants) {
		t.Fatalf("Delete of an image that another process has cloned: %v", err)
	}
	check(t, d.Delete("clone"))
	check(t, another.Clone("image", "clone", 0))
	check(t, another.Delete("clone"))
	check(t, d.Delete("image"))
	if left, err := fsys.Names(layersDir); err != nil || len(left) != 0 {
		t.Errorf("left: %v %v", left, err)
	}
}
