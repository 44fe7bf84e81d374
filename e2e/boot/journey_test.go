package boot_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"ironhook/e2e/lab"
	"ironhook/e2e/lab/image"
)

// operator is a person who runs a machine through the API.
type operator interface {
	// enroll registers the machine with its volume and returns the node's UUID.
	enroll(t *testing.T, m *lab.Machine, volume string) string
	// deploy takes a new node to active, which boots it.
	deploy(t *testing.T, node string)
	// power switches the node "on" or "off".
	power(t *testing.T, node, state string)
}

// TestJourney takes each kind of machine through its life: registered, booted
// from its volume, switched off and on, booted again with what it had written.
func TestJourney(t *testing.T) {
	needsLab(t)
	r := newRoom(t, "journey")
	two := make(chan struct{}, 2) // emulated machines that run at once
	t.Run("machines", func(t *testing.T) {
		for _, test := range []struct {
			hw       lab.Hardware
			operator operator
			steps    []string // of the boot, as the timeline must show them
		}{
			{lab.Hardware{Name: "uefi-native", Firmware: lab.UEFI, NoROM: true}, httpOperator{r.client}, fromFirmware},
			{lab.Hardware{Name: "bios-virtio"}, newOpenstack(r), fromIPXE},
			{lab.Hardware{Name: "bios-e1000", NIC: "e1000"}, httpOperator{r.client}, fromIPXE},
		} {
			t.Run(test.hw.Name, func(t *testing.T) {
				t.Parallel()
				two <- struct{}{}
				defer func() { <-two }()
				journey(t, r, test.hw, test.operator, test.steps)
			})
		}
	})
}

// The steps of a boot that an iPXE in the network card begins, and of one that
// the firmware begins, which has to fetch iPXE first.
var (
	fromIPXE     = []string{"power-on", "discover", "offer", "script", "login", "first-read", "system", "up"}
	fromFirmware = []string{"power-on", "discover", "offer", "file", "script", "login", "first-read", "system", "up"}
)

func journey(t *testing.T, r *room, hw lab.Hardware, op operator, steps []string) {
	m := r.machine(t, hw, image.Options{Write: 2})
	node := op.enroll(t, m, hw.Name)
	op.deploy(t, node)
	first, _ := expect(t, m, 1, `guest: ibft .*chap=yes`, `guest: root-ok boots=1 kept=0`, `guest: writes-ok count=2 io-errors=0`)
	awaitOff(t, first)
	op.power(t, node, "off")
	awaitEvents(t, r.client, node, slices.Concat(steps, []string{"detach", "power-off"}))

	must(t, "configure the guest", image.Configure(t.Context(), r.app.Volume(hw.Name), image.Options{Stay: true}))
	op.power(t, node, "on")
	second, _ := expect(t, m, 2, `guest: root-ok boots=2 kept=2`, `guest: stays`)
	op.power(t, node, "off")
	<-second.Off()
	awaitEvents(t, r.client, node, slices.Concat(steps, []string{"detach", "power-off"}, steps, []string{"detach", "power-off"}))
}

// awaitEvents waits until the node's timeline holds events of these kinds in
// this order, whatever else is between them. What they report has happened
// already, so they may not take long.
func awaitEvents(t *testing.T, client *lab.Client, node string, kinds []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var told []string
	for last := int64(0); len(kinds) > 0; {
		events, err := client.Events(ctx, node, last)
		if err != nil {
			t.Fatalf("timeline has no %q at this place: %v\n%v", kinds[0], err, told)
		}
		for _, e := range events {
			last = e.Seq
			told = append(told, fmt.Sprintf("\n  %s %s %s", e.At.Format("15:04:05.000"), e.Kind, e.Detail))
			if len(kinds) > 0 && e.Kind == kinds[0] {
				kinds = kinds[1:]
			}
		}
	}
	t.Log("timeline:", told)
}
