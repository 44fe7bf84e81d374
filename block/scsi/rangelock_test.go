package scsi

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
)

// Which commands wait for which.
func TestRangeLock(t *testing.T) {
	for _, c := range []struct {
		name          string
		first, then   span
		alone, alone2 bool
		waits         bool
	}{
		{"two reads of one block", span{1, 1}, span{1, 1}, false, false, false},
		{"read, then atomic", span{1, 4}, span{4, 1}, false, true, true},
		{"read next to atomic", span{1, 4}, span{5, 1}, false, true, false},
		{"atomic, then read", span{4, 1}, span{1, 4}, true, false, true},
		{"atomic, then read behind", span{4, 1}, span{5, 1}, true, false, false},
		{"atomic, then atomic", span{4, 1}, span{4, 1}, true, true, true},
		{"atomic, then atomic elsewhere", span{4, 1}, span{5, 1}, true, true, false},
		{"the end of the world", span{1<<64 - 2, 1}, span{1<<64 - 2, 1}, true, false, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			var r rangeLock
			take := func(s span, alone bool) func() {
				if alone {
					return r.own(s)
				}
				r.share(s, true)
				return func() { r.unshare(s) }
			}
			release := take(c.first, c.alone)
			var entered bool
			var done sync.WaitGroup
			done.Go(func() {
				defer take(c.then, c.alone2)()
				entered = true
			})
			synctest.Wait()
			if entered == c.waits {
				t.Errorf("%s: entered %v, want %v", c.name, entered, !c.waits)
			}
			if !c.alone2 && r.share(c.then, false) {
				r.unshare(c.then)
				if c.waits {
					t.Errorf("%s: got in without waiting", c.name)
				}
			}
			release()
			done.Wait()
			if len(r.shared)+len(r.alone) != 0 {
				t.Errorf("%s: %v and %v are still held", c.name, r.shared, r.alone)
			}
		})
	}
}

// An atomic command is not starved: readers that come after it wait for it.
func TestRangeLockIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r rangeLock
		var order []string
		var done sync.WaitGroup
		r.share(span{1, 1}, true)
		done.Go(func() {
			release := r.own(span{1, 1})
			order = append(order, "atomic")
			release()
		})
		synctest.Wait()
		done.Go(func() {
			r.share(span{1, 1}, true)
			order = append(order, "read")
			r.unshare(span{1, 1})
		})
		synctest.Wait()
		r.unshare(span{1, 1})
		done.Wait()
		if want := []string{"atomic", "read"}; !slices.Equal(order, want) {
			t.Errorf("order = %v, want %v", order, want)
		}
	})
}
