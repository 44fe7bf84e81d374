// Package bootsrv is what a booting machine talks to.
//
// A machine with an empty disk knows one thing, its MAC address, and shouts it.
// From there the way to its volume is a chain of short answers, each given by a
// package below this one:
//
//	dhcp   an address, and what to load: iPXE for the firmware that asks, then
//	       for iPXE itself the URL of its script
//	ndp    the word that ends iPXE's wait for an IPv6 router
//	tftp   iPXE, for firmware that speaks TFTP
//	http   iPXE, for firmware that speaks HTTP; and the script
//
// The script is computed when it is asked for, from the node, its volume targets
// and its lease as they are at that moment ([Machine]), by one pure function,
// decide, in one table of reasons. Nothing is kept between two questions, so a
// restart in the middle of a boot goes unnoticed.
//
// A script may carry the CHAP secret of a volume. It is given only when the
// address that asks is the one leased to the MAC address that is asked for, and
// package netlink says that the kernel reaches this address at that very card. That
// keeps out neighbours that lie in DHCP or take an address, not one that sends frames
// under another machine's MAC address: to every network protocol there is, it is that
// machine.
//
// Interfaces come and go; each boot interface has a follower that reopens its
// sockets when the interface has changed.
//
// [Open] opens all sockets, or none and says what stands in the way; [Servers.Serve]
// runs them until its context ends.
package bootsrv
