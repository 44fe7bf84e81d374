package image

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"ironhook/internal/sparsetar"
	"ironhook/volume"
)

// A small file that claims a disk of terabytes is given up soon.
func TestHolesTakeLittleWork(t *testing.T) {
	for name, c := range map[string]struct {
		file  []byte
		slack time.Duration
		want  error
	}{
		"archive":            {sparsetar.File(t, "disk.img", 1<<40), 100 * time.Millisecond, ErrTooLarge},
		"compressed":         {packers["gz"](t, make([]byte, 64<<20)), 0, ErrTooLarge},
		"compressed archive": {packers["zst"](t, sparsetar.File(t, "disk.img", 1<<40)), 100 * time.Millisecond, ErrTooLarge},
		"in time":            {sparsetar.File(t, "disk.img", 1<<20), startingWork, nil},
		"a plain disk":       {make([]byte, 1<<20), 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			err := open(t).Build("img", func(b *volume.Builder) error {
				in := newIntake(bytes.NewReader(c.file), volume.NewMeter(0, nil))
				defer in.close()
				in.slack = c.slack
				_, _, err := unpack(t.Context(), b, in, Auto, DefaultMaxSize)
				return err
			})
			if !errors.Is(err, c.want) {
				t.Errorf("%d bytes: %v, want %v", len(c.file), err, c.want)
			}
		})
	}
}

// Waiting for the sender is no work, and a long file is worth more of it.
func TestOverworked(t *testing.T) {
	for _, c := range []struct {
		since, waited time.Duration
		length        int64
		late          bool
	}{
		{startingWork / 2, 0, 0, false},
		{2 * startingWork, 0, 0, true},
		{2 * startingWork, startingWork * 3 / 2, 0, false},
		{2 * startingWork, 0, 60 << 20, false},
	} {
		in := &intake{began: time.Now().Add(-c.since), waited: c.waited, length: c.length, slack: startingWork}
		if err := in.overworked(); (err != nil) != c.late {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
