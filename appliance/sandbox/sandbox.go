package sandbox

import (
	"cmp"
	"fmt"
	"os"
	"strings"

	"github.com/landlock-lsm/go-landlock/landlock"
	llsys "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// Policy is what the process keeps.
type Policy struct {
	// Dirs are the directories below which it may write. It may read, as far as its user may,
	// and run programs everywhere.
	Dirs []string
}

// Report says what a process may still do.
type Report struct {
	Capabilities []string // that it has, by name
	Writes       []string // directories below which it may write; nil is as its user may
	Calls        int      // system calls that are refused
	Missing      []string // what the kernel does not offer
}

func (r Report) String() string {
	writes := "anywhere that its user may"
	if r.Writes != nil {
		writes = "below " + strings.Join(r.Writes, ", ")
	}
	return fmt.Sprintf("capabilities %s; writes %s; %d system calls refused", cmp.Or(strings.Join(r.Capabilities, ","), "none"), writes,
		r.Calls)
}

// Enter applies the policy to the process. What the kernel does not offer is reported and
// is no error. After an error the process must end: half of it may be applied.
func Enter(p Policy) (r Report, err error) {
	if r.Writes, err = restrictWrites(p.Dirs); err != nil {
		return r, fmt.Errorf("restrict writes by landlock: %w", err)
	}
	if r.Writes == nil {
		r.Missing = append(r.Missing, "landlock")
	}
	if r.Capabilities, err = dropCapabilities(foreign(p.Dirs)); err != nil {
		return r, fmt.Errorf("drop capabilities: %w", err)
	}
	if r.Calls, err = refuseCalls(); err != nil {
		return r, fmt.Errorf("refuse system calls by seccomp: %w", err)
	}
	if r.Calls == 0 {
		r.Missing = append(r.Missing, "seccomp")
	}
	return r, nil
}

// restrictWrites returns the directories below which the process may write from now on, nil
// if the kernel cannot restrict it. Version 4 is the last that leaves ioctl on devices alone.
func restrictWrites(dirs []string) ([]string, error) {
	if v, err := llsys.LandlockGetABIVersion(); err != nil || v < 2 {
		return nil, nil // version 1 forbids to move a file into another directory
	}
	err := landlock.V4.BestEffort().RestrictPaths(
		landlock.RODirs("/"),
		landlock.RWDirs(dirs...).WithRefer().IgnoreIfMissing(),
		landlock.RWFiles(os.DevNull),
	)
	return dirs, err
}
