package stick_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// Where scripts/usb.sh puts what this test looks at, in bytes.
const (
	stateAt = 2<<20 + 37*512
	slotAAt = 11 << 20
	slotBAt = 59 << 20
)

// TestLoaderCountsTries: GRUB counts the starts of a slot on trial, under each firmware, so that what does not start is
// left. No slot of this stick starts.
func TestLoaderCountsTries(t *testing.T) {
	needsLab(t)
	countsTries(t, bios, uefi, secure)
}

func countsTries(t *testing.T, kinds ...firmware) {
	for _, firmware := range kinds {
		t.Run(firmware.name, func(t *testing.T) {
			p := newPC(t, "loader", firmware)
			for _, slot := range []int64{slotAAt, slotBAt} {
				p.onStick(slot, strings.Repeat("\x00", 4096))
			}
			p.onStick(stateAt, "# GRUB Environment Block\nslot=a\ntrial=b\ntries=2\n#")
			for _, left := range []string{"1", "0"} {
				p.on()
				p.state("slot=a\ntrial=b\ntries=" + left + "\n")
				must(t, "flush", p.stick.flush()) // no firmware does
				p.pull()
			}
		})
	}
}

// onStick writes to the stick, which is in no PC that is on.
func (p *pc) onStick(at int64, text string) {
	p.t.Helper()
	writeTo(p.t, p.image, at, text)
}

// writeTo writes to a medium, which is in no PC that is on.
func writeTo(t *testing.T, medium string, at int64, text string) {
	t.Helper()
	f, err := os.OpenFile(medium, os.O_WRONLY, 0)
	must(t, "open the medium", err)
	_, err = f.WriteAt([]byte(text), at)
	must(t, fmt.Sprintf("write at %d", at), err)
	must(t, "close the medium", f.Close())
}

// state waits until the loader has written this.
func (p *pc) state(want string) {
	p.t.Helper()
	want = "# GRUB Environment Block\n" + want
	got := make([]byte, len(want))
	for end := time.Now().Add(bootLimit); string(got) != want; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			p.t.Fatalf("the state is %q, want %q", got, want)
		}
		must(p.t, "read the state", p.stick.readAt(got, stateAt))
	}
}
