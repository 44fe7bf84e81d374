// Package dhcp gives machines their address (RFC 2131) and tells their firmware
// what to load (RFC 4578, Intel's PXE specification 2.1, UEFI's HTTP boot).
//
// There is one [Server] for each boot interface. It turns a packet into a
// packet: [Server.Handle] knows no socket, and [Server.Serve] no rule. What is
// promised to a client is committed in the store first, so a restart, or a crash
// between the two, never makes an address have two owners.
//
// A server works in one of two ways. As the full server it leases addresses out
// of its range. As a proxy it stands beside the server that the network already
// has and adds only what that one does not say: where the boot file is. In mode
// auto it finds out which of the two is right, by asking, and asks again from time to
// time: two servers that lease addresses break a network, two that tell of boot files
// do not. No packet that it has not asked for changes the mode.
//
// A message counts as a machine's own only if its frame comes from the machine's card.
// Any other is hearsay, which may be answered but changes nothing that is known.
//
// A machine asks up to four times in one boot. Its firmware gets an iPXE binary
// for its architecture; iPXE, which knows itself by option 175 or its user class,
// gets the URL of its script; UEFI's HTTP client gets the URL of the binary; and
// the operating system at last gets an address and nothing else.
package dhcp
