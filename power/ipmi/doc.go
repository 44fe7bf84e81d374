// Package ipmi switches machines on and off and chooses what they boot from, by
// talking IPMI to their BMCs: Ironic's hardware type "ipmi" and interface
// "ipmitool", without the program of that name. The sessions themselves are the
// business of package rmcp.
//
// # BMCs are small
//
// A BMC has a slow processor, room for a handful of sessions, and little patience.
// So there is one session at a time with each of them, a pause between two, and
// none is kept open: it is opened for a question or an order and closed again, as
// ipmitool does it. Calls for one BMC wait for each other; calls for different
// ones do not. A BMC that does not answer or says that it is busy is asked again
// for a while (Config.Patience).
//
// # BMCs forget
//
// Some answer 00 to an order and do nothing, for seconds after switching off or just
// once. So an order is given again while the state is another than the one asked for
// (Config.HardAgain, SoftAgain), and only what the BMC reports counts. An unspecified
// error (0xff) and a wrong sum of the BMC's own in RAKP 2 are each given one more chance.
//
// # Which cipher suite
//
// Suite 17, and where a BMC refuses that, suite 3; what worked is remembered. A
// node's ipmi_cipher_suite decides otherwise, and ipmi_protocol_version 1.5 does
// without. A wrong password is told from a refused suite and never sent twice,
// for BMCs lock users out.
//
// # Which boot flags
//
// Persistent or for one boot, UEFI or BIOS, all four combinations of them
// (bootflags.go). The BMC's habit of forgetting the flags when no power command
// comes within a minute is switched off first (ipmi_disable_boot_timeout); that it cannot be is no error. Flags that the BMC
// refuses, twice, are baremetal.ErrBootDevice, and the caller decides.
package ipmi
