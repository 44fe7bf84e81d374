package baremetal

// PowerState is the power state of a node, or the requested one. "" is unknown.
type PowerState string

// Power states and the actions that lead to them, as Ironic spells them.
const (
	PowerOn      PowerState = "power on"
	PowerOff     PowerState = "power off"
	PowerError   PowerState = "error"
	Reboot       PowerState = "rebooting"
	SoftReboot   PowerState = "soft rebooting"
	SoftPowerOff PowerState = "soft power off"
)

// ProvisionState is the state of a node between enrolment and use.
type ProvisionState string

// Provision states, as Ironic spells them.
const (
	Enroll         ProvisionState = "enroll"
	Verifying      ProvisionState = "verifying"
	Manageable     ProvisionState = "manageable"
	Available      ProvisionState = "available"
	Active         ProvisionState = "active"
	Deploying      ProvisionState = "deploying"
	DeployWait     ProvisionState = "wait call-back"
	DeployFailed   ProvisionState = "deploy failed"
	DeployHold     ProvisionState = "deploy hold"
	Deleting       ProvisionState = "deleting"
	Cleaning       ProvisionState = "cleaning"
	CleanWait      ProvisionState = "clean wait"
	CleanFailed    ProvisionState = "clean failed"
	CleanHold      ProvisionState = "clean hold"
	Failed         ProvisionState = "error"
	Inspecting     ProvisionState = "inspecting"
	InspectWait    ProvisionState = "inspect wait"
	InspectFailed  ProvisionState = "inspect failed"
	Adopting       ProvisionState = "adopting"
	AdoptFailed    ProvisionState = "adopt failed"
	Rescue         ProvisionState = "rescue"
	Rescuing       ProvisionState = "rescuing"
	RescueWait     ProvisionState = "rescue wait"
	RescueFailed   ProvisionState = "rescue failed"
	Unrescuing     ProvisionState = "unrescuing"
	UnrescueFailed ProvisionState = "unrescue failed"
	Servicing      ProvisionState = "servicing"
	ServiceWait    ProvisionState = "service wait"
	ServiceFailed  ProvisionState = "service failed"
	ServiceHold    ProvisionState = "service hold"
)

// ProvisionEvent is what moves a node from one provision state to another:
// a verb of the API or an outcome of the work.
type ProvisionEvent string

// The verbs of PUT /v1/nodes/{node}/states/provision, then the outcomes.
const (
	VerbManage   ProvisionEvent = "manage"
	VerbProvide  ProvisionEvent = "provide"
	VerbDeploy   ProvisionEvent = "deploy" // "active" in the API
	VerbRebuild  ProvisionEvent = "rebuild"
	VerbDelete   ProvisionEvent = "delete" // "deleted" in the API
	VerbInspect  ProvisionEvent = "inspect"
	VerbAbort    ProvisionEvent = "abort"
	VerbClean    ProvisionEvent = "clean"
	VerbAdopt    ProvisionEvent = "adopt"
	VerbRescue   ProvisionEvent = "rescue"
	VerbUnrescue ProvisionEvent = "unrescue"
	VerbService  ProvisionEvent = "service"
	VerbUnhold   ProvisionEvent = "unhold"

	Done   ProvisionEvent = "done"
	Fail   ProvisionEvent = "fail"
	Wait   ProvisionEvent = "wait"
	Hold   ProvisionEvent = "hold"
	Resume ProvisionEvent = "resume"
)
