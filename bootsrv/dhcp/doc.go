// Package dhcp leases addresses to machines (RFC 2131) and names the boot file for their
// firmware (RFC 4578, Intel's PXE specification 2.1, UEFI's HTTP boot).
//
// There is one [Server] for each boot interface. [Server.Handle] turns a packet into a
// packet without sockets; [Server.Serve] does the I/O without rules. A lease is committed
// to the store before the answer is sent, so an address never has two owners, even after a
// crash between the two.
//
// A server works in one of two modes. As the full server it leases addresses from its
// range. As a proxy it supplements the DHCP server that the network already has, and adds
// only the boot file. In mode auto it probes for another server to choose between the two,
// and probes again from time to time: two servers that lease addresses break a network, two
// that offer boot files do not. Unsolicited packets never change the mode.
//
// A message counts as a machine's own only if its frame comes from the machine's card. Any
// other is hearsay: it may be answered but changes no state.
//
// A machine asks up to four times in one boot. Its firmware gets an iPXE binary for its
// architecture; iPXE, recognised by option 175 or its user class, gets the URL of its
// script; UEFI's HTTP client gets the URL of the binary; and the operating system finally
// gets only an address.
package dhcp
