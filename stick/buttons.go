package stick

import (
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"time"
)

// inputEvent is what an input device tells (linux/input.h, on 64 bits).
type inputEvent struct {
	_, _  int64 // when
	Type  uint16
	Code  uint16
	Value int32
}

const (
	typeKey  = 1   // EV_KEY
	keyPower = 116 // KEY_POWER (linux/input-event-codes.h)
)

// watchButtons calls pressed whenever a power button is pressed, on the devices that are in dir
// now or appear later.
func watchButtons(dir string, pressed func()) {
	known := map[string]bool{}
	for ; ; time.Sleep(time.Second) {
		paths, _ := filepath.Glob(filepath.Join(dir, "event*")) // the pattern is well formed
		for _, path := range paths {
			if known[path] {
				continue
			}
			f, err := os.Open(path)
			if err != nil {
				continue // not ready yet
			}
			known[path] = true
			go func() {
				defer f.Close() //nolint:errcheck // only read
				watchButton(f, pressed)
			}()
		}
	}
}

// watchButton reads the events of one device until it goes.
func watchButton(r io.Reader, pressed func()) {
	for {
		var e inputEvent
		if err := binary.Read(r, binary.NativeEndian, &e); err != nil {
			return
		}
		if e.Type == typeKey && e.Code == keyPower && e.Value == 1 {
			pressed()
		}
	}
}
