package driverinfo

import (
	"errors"
	"testing"
	"time"

	"ironhook/baremetal"
)

func TestFlag(t *testing.T) {
	for v, want := range map[any]bool{nil: true, "": true, true: true, "True": true, "1": true, float64(1): true, "on": true,
		false: false, "False": false, "0": false, float64(0): false, "off": false, "perhaps": true} {
		if got := Flag(baremetal.Object{"k": v}, "k", true); got != want {
			t.Errorf("Flag(%v) = %v, want %v", v, got, want)
		}
	}
}

// Everything that is wrong is reported at once, in the order of reading.
func TestReaderCollects(t *testing.T) {
	keys := []baremetal.Key{{Name: "address", Required: true}, {Name: "port"}}
	r := Read(keys, baremetal.Object{"port": "99999", "mode": "junk", "timeout": "soon", "n": float64(7)})
	if got := r.Int("n", 1, 0, 9); got != 7 {
		t.Errorf("Int = %d, want 7", got)
	}
	r.Int("port", 9, 1, 65535)
	r.OneOf("mode", "a", "b")
	if got := r.Seconds("timeout", 3*time.Second); got != 3*time.Second {
		t.Errorf("Seconds = %v, want the default", got)
	}
	const want = `Invalid driver_info: missing in node's driver_info: address; port is "99999", want a number from 1 to 65535; ` +
		`mode is "junk", want one of a, b; timeout is "soon", want a number from 1 to 600.`
	if err := r.Err(); !errors.Is(err, baremetal.ErrInvalid) || err.Error() != want {
		t.Errorf("Err = %v, want %s", err, want)
	}
	if err := Read(keys, baremetal.Object{"address": "x"}).Err(); err != nil {
		t.Errorf("Err of what is right = %v", err)
	}
}
