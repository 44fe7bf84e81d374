package sandbox

import (
	"errors"
	"os"
	"slices"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// needed are the capabilities of a boot server: sockets that send frames (DHCP), or are
// bound to one interface, and ports below 1024, also those that follow an interface made anew.
var needed = []cap.Value{cap.NET_BIND_SERVICE, cap.NET_RAW}

// dropCapabilities keeps those of the needed that the process has, and returns them.
// others is whether the directories belong to other users: then root must also keep its
// right to write into them.
func dropCapabilities(others bool) (names []string, err error) {
	keep := needed
	if others {
		keep = append([]cap.Value{cap.DAC_OVERRIDE}, keep...)
	}
	now, left, more := cap.GetProc(), cap.NewSet(), false
	for v := range cap.MaxBits() {
		has, err := now.GetFlag(cap.Permitted, v)
		switch {
		case err != nil:
			return nil, err
		case has && !slices.Contains(keep, v):
			more = true
		case has:
			names = append(names, v.String())
			if err := errors.Join(left.SetFlag(cap.Permitted, true, v), left.SetFlag(cap.Effective, true, v)); err != nil {
				return nil, err
			}
		}
	}
	slices.Sort(names)
	if err := cap.ResetAmbient(); err != nil || !more {
		return names, err // a service manager that has dropped them may forbid capset(2), too
	}
	return names, errors.Join(shrinkBounding(now, left), left.SetProc())
}

// shrinkBounding takes from the bounding set, too, what is not left, where the process may.
// A program that root starts would get it back.
func shrinkBounding(now, left *cap.Set) error {
	if may, err := now.GetFlag(cap.Permitted, cap.SETPCAP); err != nil || !may {
		return err
	}
	for v := range cap.MaxBits() {
		kept, err := left.GetFlag(cap.Permitted, v)
		if err != nil {
			return err
		}
		if kept {
			continue
		}
		if err := cap.DropBound(v); err != nil {
			return err
		}
	}
	return nil
}

// foreign reports whether one of the directories belongs to another user.
func foreign(dirs []string) bool {
	for _, dir := range dirs {
		var st unix.Stat_t
		if unix.Stat(dir, &st) == nil && int(st.Uid) != os.Geteuid() {
			return true
		}
	}
	return false
}
