package bootsrv

import (
	"fmt"
	"io/fs"
	"net/netip"
	"strings"

	"ironhook/baremetal"
	"ironhook/bootsrv/http"
	"ironhook/ipxe"
)

// Agent is the small system that inspects machines, writes images to their disks and cleans
// them, and what it is told.
type Agent struct {
	Files fs.FS // vmlinuz and initrd, those for arm64 with -arm64; nil for no agent
	// Unknown reports whether machines that are not enrolled boot it, to be described.
	Unknown bool
	// API is where it finds the Bare Metal API.
	API API
}

// API is how the Bare Metal API is reached at the address at which a machine has reached us.
type API struct {
	Scheme string // http or https
	Port   func() uint16
	Pin    string // SHA-256 of the certificate in hexadecimal digits, "" without HTTPS
}

// agentConsoles has an agent's lines on the screen and the first serial line, and no others:
// the drivers' chatter would hide them. The kernel's test of its timer is left out, as in images for
// clouds: on a busy host a virtual machine fails it.
const agentConsoles = "console=tty0 console=ttyS0,115200 loglevel=4 printk.devkmsg=on no_timer_check"

// args are the arguments of the agent's kernel: where it reports, and what the node adds.
// inspects has it report what the machine has.
func (a Agent) args(here netip.AddrPort, given string, inspects, own bool) string {
	api := fmt.Sprintf("%s://%s", a.API.Scheme, netip.AddrPortFrom(here.Addr(), a.API.Port()))
	words := []string{"ipa-api-url=" + api}
	if inspects {
		words = append(words, "ipa-inspection-callback-url="+api+"/v1/continue_inspection")
	}
	if a.API.Pin != "" {
		words = append(words, "ironhook-certificate="+strings.ToLower(a.API.Pin))
		if !own {
			words = append(words, "ipa-insecure=1") // Ironic's agent knows no pin
		}
	}
	if own {
		words = append(words, agentConsoles)
	}
	said := " " + given
	for _, w := range words {
		if name, _, _ := strings.Cut(w, "="); !strings.Contains(said, " "+name+"=") {
			given = strings.TrimSpace(given + " " + w)
		}
	}
	return given
}

// describes is the answer to a machine that is not enrolled: it boots the agent, which reports
// what the machine has.
func (a Agent) describes(q question) http.Answer {
	script, err := ipxe.BootLoad(ipxe.LoadBoot{Node: "machine " + q.MAC, Agent: a.at(q), Args: a.args(q.Here, "", true, true)})
	if err != nil {
		return q.refuse(ipxe.NextDevice, err.Error(), "Report this")
	}
	return http.Answer{Script: script, Event: baremetal.Event{Kind: baremetal.EventScript, Detail: "boots the agent, to be described"}}
}

// at is where the machine finds the agent's files.
func (a Agent) at(q question) string { return fmt.Sprintf("http://%s/agent", q.Here) }
