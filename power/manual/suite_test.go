package manual

import (
	"log/slog"
	"testing"

	"ironhook/baremetal"
	"ironhook/conductor"
	"ironhook/power/powertest"
)

func TestSuite(t *testing.T) {
	byHand := Power{Log: slog.New(slog.DiscardHandler)}
	for name, p := range map[string]conductor.Power{"power": byHand, "management": Management{byHand}} {
		t.Run(name, func(t *testing.T) {
			powertest.Run(t, func(*testing.T) (conductor.Power, *baremetal.Node) {
				return p, &baremetal.Node{Name: "pc-07", Driver: HardwareType}
			})
		})
	}
}
