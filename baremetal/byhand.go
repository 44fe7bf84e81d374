package baremetal

import "strings"

// What a plan is suspended for is kept in driver_internal_info, under the name of the plan and
// StepWaits. WaitsByHand is true in it when that is a person.
const (
	StepWaits   = "_step_waits"
	WaitsByHand = "by_hand"
)

// ByHand is what a person has to do before the plan of the node goes on, "" for nothing.
func (n *Node) ByHand() string {
	for key, value := range n.DriverInternalInfo {
		kept, _ := value.(map[string]any)
		if strings.HasSuffix(key, StepWaits) && kept[WaitsByHand] == true {
			return Object(kept).Text("for")
		}
	}
	return ""
}
