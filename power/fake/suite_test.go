package fake

import (
	"testing"

	"ironhook/baremetal"
	"ironhook/conductor"
	"ironhook/power/powertest"
)

func TestSuite(t *testing.T) {
	powertest.Run(t, func(*testing.T) (conductor.Power, *baremetal.Node) {
		return Driver{}, &baremetal.Node{Driver: "fake-hardware"}
	})
}
