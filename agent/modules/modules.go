// Package modules loads the drivers of a machine's devices: every device names what it is in
// its modalias, and a kernel's files modules.alias and modules.dep, made by depmod, name the
// modules for it and what those need.
package modules

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// Index is the modules of one kernel.
type Index struct {
	files   map[string]string   // by name: the path below the modules' directory
	needs   map[string][]string // by name: the names it needs, in the order in which to load them
	aliases []alias
}

type alias struct{ pattern, module string }

// Read reads modules.dep and modules.alias of the directory. A line that is no line of theirs
// is an error: half of the drivers would be missing.
func Read(dir fs.FS) (*Index, error) {
	x := &Index{files: map[string]string{}, needs: map[string][]string{}}
	err := lines(dir, "modules.dep", func(line string) error {
		file, needs, ok := strings.Cut(line, ":")
		if !ok {
			return fmt.Errorf("no colon in %.80q", line)
		}
		x.files[Name(file)] = file
		// depmod lists first what a module needs itself, and then what that needs
		for _, n := range strings.Fields(needs) {
			x.needs[Name(file)] = append([]string{Name(n)}, x.needs[Name(file)]...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return x, lines(dir, "modules.alias", func(line string) error {
		words := strings.Fields(line)
		if len(words) != 3 || words[0] != "alias" {
			return fmt.Errorf("no alias in %.80q", line)
		}
		x.aliases = append(x.aliases, alias{words[1], words[2]})
		return nil
	})
}

func lines(dir fs.FS, name string, do func(line string) error) error {
	f, err := dir.Open(name)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read
	for s := bufio.NewScanner(f); ; {
		if !s.Scan() {
			return s.Err()
		}
		line := strings.TrimSpace(s.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		if err := do(line); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
}

// Name is the name of the module in a file: with underscores, without directory and suffix.
func Name(file string) string {
	name, _, _ := strings.Cut(path.Base(file), ".ko")
	return strings.ReplaceAll(name, "-", "_")
}

// For returns the names of the modules for a device with this modalias.
func (x *Index) For(modalias string) (names []string) {
	for _, a := range x.aliases {
		if a.pattern == modalias || glob(a.pattern, modalias) {
			names = append(names, strings.ReplaceAll(a.module, "-", "_"))
		}
	}
	return names
}

// glob is fnmatch(3) without flags, by which depmod's patterns are meant: unlike path.Match, a
// star matches slashes, and a bracket that is not closed is itself.
func glob(pattern, s string) bool {
	for pattern != "" {
		switch pattern[0] {
		case '*':
			for i := 0; i <= len(s); i++ {
				if glob(pattern[1:], s[i:]) {
					return true
				}
			}
			return false
		case '[':
			end := strings.IndexByte(pattern, ']')
			if s == "" || end < 0 || !within(pattern[1:end], s[0]) {
				return false
			}
			pattern, s = pattern[end+1:], s[1:]
			continue
		case '?':
			if s == "" {
				return false
			}
		default:
			if s == "" || s[0] != pattern[0] {
				return false
			}
		}
		pattern, s = pattern[1:], s[1:]
	}
	return s == ""
}

// within reports whether c is of a set such as 0-9a-f.
func within(set string, c byte) bool {
	for i := 0; i < len(set); i++ {
		if i+2 < len(set) && set[i+1] == '-' {
			if set[i] <= c && c <= set[i+2] {
				return true
			}
			i += 2
		} else if set[i] == c {
			return true
		}
	}
	return false
}

// Loader loads modules, each once. It is not safe for concurrent use.
type Loader struct {
	*Index
	Dir fs.FS // of the modules
	// Insert gives the kernel a module; fs.ErrExist is one that is there already.
	Insert func(module io.Reader) error
	done   map[string]bool
}

// Load loads the modules with what they need and returns the names of those that are new. One
// that the index does not know is part of the kernel, or was left out on purpose. An error
// does not keep the others from being loaded.
func (l *Loader) Load(names ...string) (loaded []string, err error) {
	if l.done == nil {
		l.done = map[string]bool{}
	}
	for _, name := range names {
		for _, n := range append(l.needs[name], name) {
			if l.files[n] == "" || l.done[n] {
				continue
			}
			l.done[n] = true
			switch wrong := l.insert(l.files[n]); {
			case wrong == nil:
				loaded = append(loaded, n)
			case !errors.Is(wrong, fs.ErrExist):
				err = errors.Join(err, fmt.Errorf("module %s: %w", n, wrong))
			}
		}
	}
	return loaded, err
}

func (l *Loader) insert(file string) error {
	f, err := l.Dir.Open(file)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read
	return l.Insert(f)
}

// Probe loads the drivers of all devices below sys, the root of sysfs, and returns the names
// of the new modules. A bus that a new driver finds shows its devices later: it is for the
// caller to ask again.
func (l *Loader) Probe(sys fs.FS) (loaded []string, err error) {
	var names []string
	walked := fs.WalkDir(sys, "devices", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Base(file) != "modalias" {
			return nil // a device that goes while it is looked at
		}
		if text, err := fs.ReadFile(sys, file); err == nil {
			names = append(names, l.For(strings.TrimSpace(string(text)))...)
		}
		return nil
	})
	loaded, err = l.Load(names...)
	return loaded, errors.Join(err, walked)
}
