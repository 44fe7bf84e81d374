// Package dhcp6 boots enrolled machines over IPv6: DHCPv6 (RFC 8415) with the URL of a boot
// file (RFC 5970).
//
// Nobody else gets an answer, so the server disturbs no network. It keeps no state: the
// address of a machine follows from the Ethernet address of its card ([Address]), as with
// the interface identifiers of RFC 4291, appendix A. So no address is given twice, and
// whoever asks for a boot script from such an address says by that which card it is. The
// machine is recognised by the card that its frame came from: the DUID of firmware is made
// from the UUID of its board, and that of an operating system from any card.
//
// Messages come from machines of the link, or through relays that the operator has named.
package dhcp6
