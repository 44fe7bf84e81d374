package fleet

import (
	"slices"
	"strings"

	"ironhook/baremetal"
)

// states is a set of provision states, in the order in which Ironic prints them.
type states []baremetal.ProvisionState

func (s states) has(state baremetal.ProvisionState) bool { return slices.Contains(s, state) }

func (s states) join(separator string) string {
	words := make([]string, len(s))
	for i := range s {
		words[i] = string(s[i])
	}
	return strings.Join(words, separator)
}

func (s states) String() string { return s.join(", ") }

var (
	// updatable are the transient states in which a node may still be changed
	// (ironic/common/states.py, UPDATE_ALLOWED_STATES).
	updatable = states{
		baremetal.DeployFailed, baremetal.Inspecting, baremetal.InspectFailed, baremetal.InspectWait, baremetal.CleanFailed,
		baremetal.Failed, baremetal.Verifying, baremetal.AdoptFailed, baremetal.RescueFailed, baremetal.UnrescueFailed,
		baremetal.ServiceHold, baremetal.ServiceFailed,
	}
	// malleable are the states in which interfaces and the resource class may change.
	malleable = states{baremetal.Enroll, baremetal.Inspecting, baremetal.InspectWait, baremetal.Manageable, baremetal.Available}
	// deletable are the states in which a node may be deleted (DELETE_ALLOWED_STATES).
	deletable = states{baremetal.Manageable, baremetal.Enroll, baremetal.AdoptFailed, baremetal.Available}
	// connectable are the states in which the cabling of ports may be changed.
	connectable = states{baremetal.Enroll, baremetal.Inspecting, baremetal.InspectWait, baremetal.Manageable}
	// unused are the states in which no machine can be running from its volumes: their
	// records may be deleted whatever the power state (Ironic since 37.0).
	unused = states{baremetal.Manageable, baremetal.Enroll, baremetal.AdoptFailed}
	// waiting are the states in which a machine may run a ramdisk of the conductor.
	waiting = states{
		baremetal.Deploying, baremetal.DeployWait, baremetal.Cleaning, baremetal.CleanWait,
		baremetal.Inspecting, baremetal.InspectWait, baremetal.Rescuing, baremetal.RescueWait, baremetal.ServiceWait,
	}
	// protectable are the states in which a node may become protected.
	protectable = states{baremetal.Active, baremetal.Rescue}
)

// transitioning reports whether the node is between two states and may not be changed.
func transitioning(n *baremetal.Node) bool {
	return n.TargetProvisionState != "" && !updatable.has(n.ProvisionState)
}
