package powertest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/conductor"
	"ironhook/power/fake"
)

// Drivers with one mistake each, which only the check of that name finds.
type (
	twice    struct{ fake.Driver }
	careless struct{ fake.Driver }
	lame     struct{ fake.Driver }
	obedient struct{ fake.Driver }
	diskless struct{ fake.Driver }
	deaf     struct{ fake.Driver }
	talker   struct{ fake.Driver }
	meddler  struct{ fake.Driver }
	jostled  struct {
		fake.Driver
		busy chan struct{}
	}
)

func (twice) Keys() []baremetal.Key {
	return []baremetal.Key{{Name: "a", Doc: "x"}, {Name: "a", Doc: "x"}}
}

func (careless) Keys() []baremetal.Key {
	return []baremetal.Key{{Name: "address", Doc: "Required.", Required: true}}
}

func (d lame) Set(ctx context.Context, n *baremetal.Node, target baremetal.PowerState) error {
	if target == baremetal.SoftPowerOff {
		return nil
	}
	return d.Driver.Set(ctx, n, target)
}

func (d obedient) Set(ctx context.Context, n *baremetal.Node, target baremetal.PowerState) error {
	_ = d.Driver.Set(ctx, n, target)
	return nil
}

func (diskless) BootDevices() []string { return []string{"pxe", "disk"} }

func (deaf) State(context.Context, *baremetal.Node) (baremetal.PowerState, error) {
	time.Sleep(patience + time.Second)
	return "", nil
}

func (talker) Keys() []baremetal.Key {
	return []baremetal.Key{{Name: "password", Doc: "x", Secret: true}}
}

func (talker) InjectNMI(_ context.Context, n *baremetal.Node) error {
	return fmt.Errorf("login with %v", n.DriverInfo)
}

func (meddler) Validate(n *baremetal.Node) error {
	n.DriverInfo["found"] = true
	return nil
}

func (d jostled) State(context.Context, *baremetal.Node) (baremetal.PowerState, error) {
	select {
	case d.busy <- struct{}{}:
		time.Sleep(time.Second)
		<-d.busy
		return baremetal.PowerOn, nil
	default:
		return "", baremetal.ErrBusy
	}
}

// The suite itself: each check passes the driver without a mistake and finds the one
// that has it.
func TestEachCheckFindsItsMistake(t *testing.T) {
	for name, mistaken := range map[string]conductor.Power{
		"keys": twice{}, "validate": careless{}, "power": lame{}, "nonsense": obedient{}, "boot devices": diskless{}, "context": deaf{},
		"concurrent": jostled{busy: make(chan struct{}, 1)}, "no secret in errors": talker{}, "leaves the node alone": meddler{},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			node := func() *baremetal.Node {
				return &baremetal.Node{Driver: "fake-hardware", DriverInfo: baremetal.Object{"password": "hunter2"}}
			}
			if err := Checks[name](t.Context(), fake.Driver{}, node()); err != nil {
				t.Errorf("a driver without a mistake: %v", err)
			}
			if err := Checks[name](t.Context(), mistaken, node()); err == nil {
				t.Error("the mistake is not found")
			}
		})
	}
	if len(Checks) != 9 {
		t.Errorf("%d checks and 9 mistakes", len(Checks))
	}
}
