package ipmi

import (
	"errors"
	"fmt"

	"ironhook/baremetal"
	"ironhook/power/ipmi/rmcp"
)

// remedies is what to look at for each kind of failure.
var remedies = []struct {
	kind   error
	advice string
}{
	{rmcp.ErrCredentials, "check ipmi_username, ipmi_password and ipmi_hex_kg_key, and that the BMC lets this user in over the network"},
	{rmcp.ErrLevel, "set ipmi_priv_level to what the BMC allows this user (OPERATOR is enough to switch), or raise it there"},
	{baremetal.ErrBootDevice,
		"put that device first in the boot order of the machine's firmware; with management_interface noop the BMC is not asked"},
	{rmcp.ErrSuite, "set ipmi_cipher_suite to 17 or 3, whichever the BMC offers, or ipmi_protocol_version to 1.5"},
	{rmcp.ErrBusy, "try again in a minute; if it stays so, restart the BMC"},
	{rmcp.ErrNoAnswer, "check ipmi_address and ipmi_port, that IPMI over LAN is enabled on the BMC, and that UDP reaches it"},
	{rmcp.ErrNoConsole, "enable serial over LAN on the BMC, and the payload SOL for this user; the machine's firmware and system must use " +
		"that serial port"},
	{rmcp.ErrEnded, "another program may have taken the console, or the BMC restarted"},
	{rmcp.ErrProtocol, "restart the BMC, or update its firmware"},
}

// refusal is a completion code of the kind ErrBootDevice.
type refusal struct{ rmcp.CompletionError }

func (r refusal) Unwrap() []error { return []error{r.CompletionError, baremetal.ErrBootDevice} }

// failure is an operator's error: its text, and its kinds, of which one is ErrBMC.
type failure struct {
	text  string
	cause error
}

func (f failure) Error() string   { return f.text }
func (f failure) Unwrap() []error { return []error{f.cause, baremetal.ErrBMC} }

// explain makes an operator's error: which machine, which BMC, what happened, what
// to do. It keeps the kinds of err.
func explain(n *baremetal.Node, i info, err error) error {
	if err == nil || errors.Is(err, baremetal.ErrInvalid) {
		return err
	}
	for _, r := range remedies {
		if errors.Is(err, r.kind) {
			return failure{fmt.Sprintf("node %s: BMC %s: %v; %s", n.Label(), i.address, err, r.advice), err}
		}
	}
	return failure{fmt.Sprintf("node %s: BMC %s: %v", n.Label(), i.address, err), err}
}
