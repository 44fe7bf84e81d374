// Package boot_test boots diskless machines with the real appliance, from the
// API call to a userland that has checked and written its root: SeaBIOS and
// OVMF, with and without iPXE in the network card, their power switched by the
// appliance's own IPMI driver through ipmi_sim.
package boot_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

func TestMain(m *testing.M) { os.Exit(lab.RunTests(m.Run)) }

// bootLimit bounds one boot of an emulated machine on a busy host. It is no
// expectation: the benchmark measures.
const bootLimit = 4 * time.Minute

// room is a lab with an appliance in it and a disk image to boot from.
type room struct {
	*lab.Lab
	app     *lab.Appliance
	program string
	client  *lab.Client
	image   image.Image
}

// newRoom opens a room for the test, with these arguments of the appliance; it goes when the test ends.
func newRoom(t *testing.T, name string, args ...string) *room {
	t.Helper()
	root, err := lab.Root()
	if err != nil {
		t.Fatal(err)
	}
	r := &room{}
	if r.image, err = image.Build(t.Context(), filepath.Join(root, "build", "image")); err != nil {
		t.Fatal(err)
	}
	program, err := lab.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r.program = program
	if r.Lab, err = lab.New("boot-" + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log("logs are in", r.Logs)
		}
	})
	if r.app, err = r.Appliance(t.Context(), program, args...); err != nil {
		t.Fatal(err)
	}
	r.client = r.app.Client()
	return r
}

// machine adds a machine and a volume for it, of the same name.
func (r *room) machine(t *testing.T, hw lab.Hardware, guest image.Options) *lab.Machine {
	t.Helper()
	m, err := r.Machine(t.Context(), hw)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.image.Volume(t.Context(), r.app.Volume(hw.Name), guest); err != nil {
		t.Fatal(err)
	}
	return m
}

// must ends the test on an error, saying what was being done.
func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// expect waits for lines on the console of the machine's n-th boot, one after
// the other, and returns the boot and the lines.
func expect(t *testing.T, m *lab.Machine, n int, patterns ...string) (*lab.Boot, []lab.Line) {
	t.Helper()
	return expectWithin(t, bootLimit, m, n, patterns...)
}

// expectWithin is expect with another limit.
func expectWithin(t *testing.T, limit time.Duration, m *lab.Machine, n int, patterns ...string) (*lab.Boot, []lab.Line) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	boot, err := m.Boot(ctx, n)
	must(t, "power-on", err)
	var lines []lab.Line
	for _, pattern := range patterns {
		line, err := boot.Expect(ctx, pattern)
		must(t, fmt.Sprintf("boot %d of %s", n, m.Name), err)
		t.Logf("%s boot %d: %6.2f s %s", m.Name, n, line.At.Sub(boot.Console.Start()).Seconds(), line.Text)
		lines = append(lines, line)
	}
	return boot, lines
}

// awaitOff waits until the machine has switched itself off.
func awaitOff(t *testing.T, b *lab.Boot) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), bootLimit)
	defer cancel()
	must(t, "guest powers off", b.ExpectOff(ctx))
}

// needsLab skips a short run: everything here is whole machines.
func needsLab(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("boots virtual machines")
	}
}
