package ipxe

import "strings"

// End is what a machine does after a notice.
type End int

// The ends. A machine with other things to boot continues with its next boot
// device; one that must not boot from there is switched off.
const (
	NextDevice End = iota
	PowerOff
)

// Notice makes a script that shows lines to the person at the screen, leaves
// them time to read, and ends.
func Notice(end End, lines ...string) Script {
	var s Script
	for _, line := range lines {
		s.say("Ironhook: " + line)
	}
	s.add("sleep 5 ||")
	s.end(end)
	return s
}

// end ends a script that has booted nothing. The firmware receives the status of
// iPXE's exit. UEFI takes 0 for a boot that succeeded and returned: it
// leaves the boot order for the setup menu (UEFI 2.10, 3.1: Firmware Boot Manager). With any other
// status it continues with the next boot device, and so does a BIOS with either. An
// iPXE of 2019 has no poweroff, so a machine that should switch off can get here too.
func (s *Script) end(end End) {
	if end == PowerOff {
		s.add("poweroff ||")
	}
	s.add("exit 1")
}

// Dispatcher makes the script that leads any iPXE to the script of its machine.
// It is served beside the "boot" folder, whose entries are MAC addresses with
// hyphens.
func Dispatcher() Script {
	var s Script
	s.add("chain --replace --autofree boot/${netX/mac:hexhyp} ||")
	s.say("No boot script for this machine: Ironhook does not answer")
	s.add("sleep 5 ||")
	s.end(NextDevice)
	return s
}

// Autoexec makes autoexec.ipxe, which a UEFI iPXE fetches from its own location
// before anything else. It asks for an address of one family only (left alone, iPXE would
// wait 13 seconds for an IPv6 router after it has its IPv4 address), that of url, and goes on
// with the dispatcher there. url must be made of a literal address, a port and a path.
func Autoexec(url string) (Script, error) {
	url, err := word(url)
	if err != nil {
		return Script{}, err
	}
	var s Script
	configurator := "dhcp"
	if strings.Contains(url, "//[") {
		configurator = "ipv6"
	}
	s.add("ifconf --configurator %s || ifconf --configurator %[1]s || goto failed", configurator)
	s.add("chain --replace --autofree %s ||", url)
	s.add(":failed")
	s.say("No answer from Ironhook over DHCP or HTTP")
	s.add("sleep 5 ||")
	s.end(NextDevice)
	return s, nil
}
