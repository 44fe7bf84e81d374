// Package bootsrv serves booting machines: DHCP, TFTP, HTTP and boot scripts.
//
// A machine without a disk knows only its MAC address, and broadcasts it. The way to its
// volume is a chain of short answers, each from a package below this one:
//
//	dhcp   an address, and what to load: iPXE for the firmware that asks, then
//	       for iPXE itself the URL of its script
//	ndp    the word that ends iPXE's wait for an IPv6 router
//	tftp   iPXE, for firmware that speaks TFTP
//	http   iPXE, for firmware that speaks HTTP; and the script
//
// The script is computed for each request, from the node, its volume targets and its lease
// at that moment ([Machine]), by one pure function, decide, with one table of refusals.
// There is no state between two requests, so a restart in the middle of a boot goes
// unnoticed.
//
// A script may contain the CHAP secret of a volume. It is sent only if the requesting
// address is leased to the MAC address in the URL, and the kernel (package netlink) reaches
// this address at that card. That keeps out neighbours that forge DHCP or take over an
// address, but not one that sends frames with another machine's MAC address: on Ethernet it
// is that machine.
//
// Interfaces come and go; each boot interface has a follower that reopens its
// sockets when the interface has changed.
//
// [Open] opens all sockets or none; its error says which setting to change. [Servers.Serve]
// runs them until its context ends.
package bootsrv
