package ipmi

import (
	"testing"

	"ironhook/baremetal"
	"ironhook/conductor"
	"ironhook/power/powertest"
)

func TestSuite(t *testing.T) {
	powertest.Run(t, func(t *testing.T) (conductor.Power, *baremetal.Node) {
		_, n := startBMC(t, both)
		return New(hurried), n
	})
}
