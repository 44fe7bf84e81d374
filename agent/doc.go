// Package agent is the first program of a small system that Ironhook boots on a machine: it
// loads drivers, tells what the machine has, and does what it is told to, such as writing an
// image to a disk. To the outside it is Ironic's agent: it looks its node up, sends
// heartbeats, and takes commands over HTTPS (ironic-python-agent).
//
// Kernel arguments, of which the names with ipa- are those of Ironic's agent:
//
//	ipa-api-url=URL                      of the Bare Metal API
//	ipa-inspection-callback-url=URL      inspect the machine, and send there what was found
//	ipa-lldp-timeout=SECONDS             to wait for neighbours to announce themselves, 6
//	ipa-insecure=1                       accept any certificate of the API
//	ironhook-certificate=SHA256          accept that certificate of the API only
//	ironhook-shell                       a shell on the console
package agent
