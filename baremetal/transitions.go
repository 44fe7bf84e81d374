package baremetal

// move is one row of the provision state machine.
type move struct {
	from ProvisionState
	by   ProvisionEvent
	to   ProvisionState
}

// moves is Ironic's provision state machine (ironic/common/state_machine.py, API 1.115).
var moves = []move{
	{Enroll, VerbManage, Verifying},
	{Verifying, Done, Manageable},
	{Verifying, Fail, Enroll},

	{Manageable, VerbProvide, Cleaning},
	{Manageable, VerbClean, Cleaning},
	{Manageable, VerbInspect, Inspecting},
	{Manageable, VerbAdopt, Adopting},

	{Available, VerbDeploy, Deploying},
	{Available, VerbManage, Manageable},

	{Deploying, Done, Active},
	{Deploying, Wait, DeployWait},
	{Deploying, Fail, DeployFailed},
	{DeployWait, Resume, Deploying},
	{DeployWait, Fail, DeployFailed},
	{DeployWait, VerbAbort, DeployFailed},
	{Deploying, Hold, DeployHold},
	{DeployWait, Hold, DeployHold},
	{DeployHold, VerbUnhold, DeployWait},
	{DeployHold, VerbAbort, DeployFailed},
	{DeployWait, VerbDelete, Deleting},
	{DeployFailed, VerbRebuild, Deploying},
	{DeployFailed, VerbDeploy, Deploying},
	{DeployFailed, VerbDelete, Deleting},

	{Active, VerbRebuild, Deploying},
	{Active, VerbDelete, Deleting},
	{Active, VerbRescue, Rescuing},

	{Deleting, VerbClean, Cleaning},
	{Deleting, Fail, Failed},
	{Failed, VerbRebuild, Deploying},
	{Failed, VerbDelete, Deleting},

	{Cleaning, Done, Available},
	{Cleaning, VerbManage, Manageable}, // the end of a manual clean
	{Cleaning, Wait, CleanWait},
	{Cleaning, Fail, CleanFailed},
	{CleanWait, Resume, Cleaning},
	{CleanWait, Fail, CleanFailed},
	{CleanWait, VerbAbort, CleanFailed},
	{Cleaning, Hold, CleanHold},
	{CleanWait, Hold, CleanHold},
	{CleanHold, VerbUnhold, CleanWait},
	{CleanHold, VerbAbort, CleanFailed},
	{CleanFailed, VerbManage, Manageable},

	{Inspecting, Done, Manageable},
	{Inspecting, Wait, InspectWait},
	{Inspecting, Fail, InspectFailed},
	{InspectWait, Done, Manageable},
	{InspectWait, Resume, Inspecting},
	{InspectWait, Fail, InspectFailed},
	{InspectWait, VerbAbort, InspectFailed},
	{InspectFailed, VerbManage, Manageable},
	{InspectFailed, VerbInspect, Inspecting},

	{Adopting, Done, Active},
	{Adopting, Fail, AdoptFailed},
	{AdoptFailed, VerbAdopt, Adopting},
	{AdoptFailed, VerbManage, Manageable},

	{Rescuing, Done, Rescue},
	{Rescuing, Wait, RescueWait},
	{Rescuing, Fail, RescueFailed},
	{RescueWait, Resume, Rescuing},
	{RescueWait, Fail, RescueFailed},
	{RescueWait, VerbAbort, RescueFailed},
	{RescueWait, VerbDelete, Deleting},
	{Rescue, VerbRescue, Rescuing},
	{Rescue, VerbUnrescue, Unrescuing},
	{Rescue, VerbDelete, Deleting},
	{RescueFailed, VerbRescue, Rescuing},
	{RescueFailed, VerbUnrescue, Unrescuing},
	{RescueFailed, VerbDelete, Deleting},
	{Unrescuing, Done, Active},
	{Unrescuing, Fail, UnrescueFailed},
	{UnrescueFailed, VerbRescue, Rescuing},
	{UnrescueFailed, VerbUnrescue, Unrescuing},
	{UnrescueFailed, VerbDelete, Deleting},

	{Active, VerbService, Servicing},
	{Servicing, Done, Active},
	{Servicing, Wait, ServiceWait},
	{Servicing, Hold, ServiceHold},
	{Servicing, Fail, ServiceFailed},
	{ServiceWait, Resume, Servicing},
	{ServiceWait, Hold, ServiceHold},
	{ServiceWait, Fail, ServiceFailed},
	{ServiceWait, VerbAbort, ServiceFailed},
	{ServiceWait, VerbDelete, Deleting},
	{ServiceHold, VerbService, Servicing},
	{ServiceHold, VerbUnhold, ServiceWait},
	{ServiceHold, Fail, ServiceFailed},
	{ServiceHold, VerbAbort, ServiceFailed},
	{ServiceFailed, VerbService, Servicing},
	{ServiceFailed, VerbRescue, Rescuing},
	{ServiceFailed, Wait, ServiceWait},
	{ServiceFailed, Hold, ServiceHold},
	{ServiceFailed, VerbDelete, Deleting},
	{ServiceFailed, VerbAbort, Active},
}

// goals gives the state a transient state is on its way to: what the API shows
// as target_provision_state. A manual clean aims at manageable instead.
var goals = map[ProvisionState]ProvisionState{
	Verifying: Manageable,
	Deploying: Active, DeployWait: Active, DeployFailed: Active, DeployHold: Active,
	Deleting: Available, Cleaning: Available, CleanWait: Available, CleanFailed: Available, CleanHold: Available,
	Inspecting: Manageable, InspectWait: Manageable, InspectFailed: Manageable,
	Adopting: Active, AdoptFailed: Active,
	Rescuing: Rescue, RescueWait: Rescue, RescueFailed: Rescue,
	Unrescuing: Active, UnrescueFailed: Active,
	Servicing: Active, ServiceWait: Active, ServiceFailed: Active, ServiceHold: Active,
}

// Next returns the state that event leads to from state, and whether the move
// exists at all.
func (s ProvisionState) Next(event ProvisionEvent) (ProvisionState, bool) {
	for _, m := range moves {
		if m.from == s && m.by == event {
			return m.to, true
		}
	}
	return "", false
}

// Goal returns the state that s is on its way to, "" for a stable state.
func (s ProvisionState) Goal() ProvisionState { return goals[s] }

// Known reports whether s is a provision state of this machine.
func (s ProvisionState) Known() bool {
	for _, m := range moves {
		if m.from == s {
			return true
		}
	}
	return false
}

// Transient reports whether a conductor is at work on a node in this state, so
// that a restart finds the work interrupted.
func (s ProvisionState) Transient() bool {
	switch s {
	case Verifying, Deploying, Deleting, Cleaning, Inspecting, Adopting, Rescuing, Unrescuing, Servicing:
		return true
	}
	return false
}

// Pauses reports whether work is suspended in this state: the node is held until a
// client resumes it, or waits for its ramdisk.
func (s ProvisionState) Pauses() bool {
	switch s {
	case DeployWait, DeployHold, CleanWait, CleanHold, ServiceWait, ServiceHold, InspectWait, RescueWait:
		return true
	}
	return false
}

// Ramdisk reports whether a machine that is switched on in this state runs a ramdisk, if anything, that must not see
// its volumes.
func (s ProvisionState) Ramdisk() bool {
	switch s {
	case Cleaning, CleanWait, CleanHold, Inspecting, InspectWait:
		return true
	}
	return false
}

// idle are the states in which a node has no instance, nor is about to get one.
var idle = map[ProvisionState]bool{
	Enroll: true, Verifying: true, Manageable: true, Available: true,
	Inspecting: true, InspectWait: true, InspectFailed: true,
	Cleaning: true, CleanWait: true, CleanFailed: true, CleanHold: true,
}

// Holds reports whether a node in this state has an instance, and with it the volumes
// that its volume targets name, whether the machine is on or off. A failed deployment
// and a failed tear-down still have them. An unknown state holds too: a needless refusal
// is better than a disk given to two machines.
func (s ProvisionState) Holds() bool { return !idle[s] }
