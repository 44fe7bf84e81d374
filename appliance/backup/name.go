package backup

import (
	"slices"
	"strings"
	"time"
)

// Name is what the name of a backup says. Names sort by time.
type Name struct {
	At        time.Time // when it was begun; whole seconds
	Since     time.Time // the complete backup that begins its series; zero: it is complete by itself
	Encrypted bool
}

const stamp = "20060102T150405Z"

// String is ironhook-TIME.backup or ironhook-TIME.since-TIME.backup, with .age where it is encrypted.
func (n Name) String() string {
	text := "ironhook-" + n.At.UTC().Format(stamp)
	if !n.Since.IsZero() {
		text += ".since-" + n.Since.UTC().Format(stamp)
	}
	if text += ".backup"; n.Encrypted {
		text += ".age"
	}
	return text
}

// ParseName reads what String gives, and nothing else.
func ParseName(text string) (n Name, ok bool) {
	rest, encrypted := strings.CutSuffix(text, ".age")
	at, since, continues := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(rest, "ironhook-"), ".backup"), ".since-")
	n.Encrypted = encrypted
	var err error
	if n.At, err = time.Parse(stamp, at); err != nil {
		return n, false
	}
	if continues {
		if n.Since, err = time.Parse(stamp, since); err != nil {
			return n, false
		}
	}
	return n, n.String() == text
}

// start is the time of the complete backup of its series.
func (n Name) start() time.Time {
	if n.Since.IsZero() {
		return n.At
	}
	return n.Since
}

// namesOf are the names of backups in a list, oldest first.
func namesOf(list []string) (names []Name) {
	for _, text := range list {
		if n, ok := ParseName(text); ok {
			names = append(names, n)
		}
	}
	slices.SortStableFunc(names, func(a, b Name) int { return a.At.Compare(b.At) })
	return names
}

// free returns the first second from now on at which no backup was begun.
func free(names []Name, now time.Time) time.Time {
	now = now.UTC().Truncate(time.Second)
	for _, n := range names { // oldest first
		if n.At.Equal(now) {
			now = now.Add(time.Second)
		}
	}
	return now
}

// ahead is how far a name may be ahead of the clock: [free] moves those that were begun in the same second.
const ahead = time.Minute

// superfluous are those that neither belong to the newest, keep of them, nor have layers that one of the newest may need: of a
// series that is in use, everything stays. A name in the future is of a clock that was wrong, and counts as older than all others:
// it would displace each new one.
func superfluous(names []Name, keep int, now time.Time) (list []Name) {
	future := func(n Name) bool { return n.At.After(now.Add(ahead)) }
	names = slices.Concat(slices.DeleteFunc(slices.Clone(names), func(n Name) bool { return !future(n) }),
		slices.DeleteFunc(slices.Clone(names), future))
	old := names[:max(0, len(names)-keep)]
	used := map[time.Time]bool{}
	for _, n := range names[len(old):] {
		used[n.start()] = used[n.start()] || !n.Since.IsZero()
	}
	for _, n := range old {
		if !used[n.start()] {
			list = append(list, n)
		}
	}
	return list
}
