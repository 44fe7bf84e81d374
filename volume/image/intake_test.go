package image

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"ironhook/volume"
)

// holes is a tar archive of some hundred bytes with a disk of size bytes that has no data: GNU's sparse
// format 1.0.
func holes(t *testing.T, size int64) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	records := map[string]string{ // tar.Writer refuses the true names
		"GNUxsparse.major": "1", "GNUxsparse.minor": "0", "GNUxsparse.name": "disk.img", "GNUxsparse.realsize": fmt.Sprint(size)}
	blocks := make([]byte, 512)
	copy(blocks, "0\n")
	err := w.WriteHeader(&tar.Header{Name: "disk.img", Size: int64(len(blocks)), Mode: 0o600, Format: tar.FormatPAX, PAXRecords: records})
	if err == nil {
		_, err = w.Write(blocks)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return bytes.ReplaceAll(b.Bytes(), []byte("GNUx"), []byte("GNU."))
}

// A small file that claims a disk of terabytes is given up soon.
func TestHolesTakeLittleWork(t *testing.T) {
	for name, c := range map[string]struct {
		file  []byte
		slack time.Duration
		want  error
	}{
		"archive":            {holes(t, 1<<40), 100 * time.Millisecond, ErrTooLarge},
		"compressed":         {packers["gz"](t, make([]byte, 64<<20)), 0, ErrTooLarge},
		"compressed archive": {packers["zst"](t, holes(t, 1<<40)), 100 * time.Millisecond, ErrTooLarge},
		"in time":            {holes(t, 1<<20), startingWork, nil},
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
