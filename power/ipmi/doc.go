// Package ipmi switches machines on and off and sets their boot device, by talking
// IPMI to their BMCs: Ironic's hardware type "ipmi" and interface
// "ipmitool", without the program of that name. The sessions themselves are the
// business of package rmcp.
//
// # BMCs are small
//
// A BMC has a slow processor, room for a handful of sessions, and little patience.
// So there is one session at a time with each of them, a pause between two, and
// none is kept open but that of a serial console: it is opened for a query or an order and
// closed again, as in ipmitool. Calls for one BMC wait for each other; calls for different
// ones do not. A call to a BMC that does not answer or is busy is repeated
// for a while (Config.Patience).
//
// # BMCs forget
//
// Some answer 00 to an order and do nothing, for seconds after switching off or just
// once. So an order is repeated while the state differs from the requested one
// (Config.HardAgain, SoftAgain), and only the state that the BMC reports counts. An
// unspecified error (0xff) and a wrong authentication code in RAKP 2 are each retried once.
//
// # Which cipher suite
//
// Suite 17, or suite 3 if a BMC refuses that; the one that worked is remembered. A
// node's ipmi_cipher_suite overrides this, and ipmi_protocol_version 1.5 uses
// none. A wrong password is distinguished from a refused suite and never sent twice,
// because BMCs lock users out.
//
// # Which boot flags
//
// Persistent or for one boot, UEFI or BIOS, all four combinations of them
// (bootflags.go). The BMC's habit of forgetting the flags when no power command
// comes within a minute is switched off first (ipmi_disable_boot_timeout); a BMC that
// refuses this is no error. Flags that the BMC refuses twice are
// baremetal.ErrBootDevice, and the caller decides.
package ipmi
