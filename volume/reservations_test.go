package volume

import (
	"errors"
	"io/fs"
	"testing"
)

// TestReservations: reservations survive a restart, and are deleted with the volume.
func TestReservations(t *testing.T) {
	l := newLab(t)
	l.must(l.d.Create("v", 1<<20))
	for _, want := range []string{"", "first", "second", ""} {
		k, err := l.d.Open("v", false)
		l.must(err)
		l.must(k.Reservations().Save([]byte(want)))
		l.must(k.Close())
		again := second(t, l.d)
		k, err = again.Open("v", true)
		l.must(err)
		got, err := k.Reservations().Load()
		l.must(errors.Join(err, k.Close()))
		if string(got) != want {
			t.Errorf("Load in another process = %q, want %q", got, want)
		}
	}
	k, err := l.d.Open("v", false)
	l.must(err)
	l.must(errors.Join(k.Reservations().Save([]byte("last")), k.Close()))
	l.must(l.d.Delete("v"))
	if _, err := l.d.fs.Stat("v" + reservationsSuffix); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Stat of the reservations of a deleted volume = %v, want %v", err, fs.ErrNotExist)
	}
	if list, err := l.d.List(); err != nil || len(list) > 0 {
		t.Errorf("List = %v, %v, want nothing", list, err)
	}
}
