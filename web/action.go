package web

import (
	"fmt"
	"strings"

	"ironhook/baremetal"
)

// action is a button: one call of the Bare Metal API.
type action struct {
	Label   string
	Method  string
	Path    string
	Target  string // of the body; "" for no body
	Confirm string // asked first; "" for nothing
	Tone    string // CSS class: main, plain, danger
	Command string // that does the same
}

// verb is a button that a provision state may offer.
type verb struct {
	event                  baremetal.ProvisionEvent
	label, target, confirm string
	tone                   string
}

// verbs are the moves of provisioning that the page offers, in the order of a
// machine's life. Which of them are legal now the state table says.
var verbs = []verb{
	{baremetal.VerbManage, "Manage", "manage", "", "plain"},
	{baremetal.VerbProvide, "Provide", "provide", "", "main"},
	{baremetal.VerbDeploy, "Deploy", "active", "", "main"},
	{baremetal.VerbAbort, "Abort", "abort", "Abort what is under way on %s?", "danger"},
	{baremetal.VerbDelete, "Undeploy", "deleted", "Undeploy %s? It is switched off and loses its volume targets.", "danger"},
}

// actions are the buttons of n as it stands.
func actions(n *baremetal.Node) []action {
	var list []action
	path := "/v1/nodes/" + n.UUID
	if n.ByHand() != "" {
		list = append(list, action{Label: "It is done", Method: "POST", Path: "/ironhook" + path +
			"/confirm", Tone: "main", Command: command("confirm", n)})
	}
	put := func(label, below, target, confirm, tone string) {
		if confirm != "" {
			confirm = fmt.Sprintf(confirm, n.Label())
		}
		list = append(list, action{label, "PUT", path + below, target, confirm, tone, command(strings.ToLower(label), n)})
	}
	if n.PowerState != baremetal.PowerOn {
		put("Power on", "/states/power", string(baremetal.PowerOn), "", "main")
	}
	if n.PowerState != baremetal.PowerOff {
		put("Reboot", "/states/power", string(baremetal.Reboot), "Reboot %s? What it has not saved is lost.", "plain")
		put("Power off", "/states/power", string(baremetal.PowerOff), "Switch %s off? What it has not saved is lost.", "danger")
	}
	for _, v := range verbs {
		if _, legal := n.ProvisionState.Next(v.event); legal {
			put(v.label, "/states/provision", v.target, v.confirm, v.tone)
		}
	}
	if n.Maintenance {
		list = append(list, action{Label: "End maintenance", Method: "DELETE", Path: path +
			"/maintenance", Tone: "plain", Command: command("maintenance unset", n)})
	}
	return list
}

// command is what does the same as a button of a node.
func command(words string, n *baremetal.Node) string {
	return "ironhook node " + words + " " + quoted(n.Label())
}

// quoted is a word of a command line.
func quoted(word string) string {
	if word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/@+") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
