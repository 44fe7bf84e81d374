// Package netlink asks the kernel about the network of this machine over
// rtnetlink (rtnetlink(7)): where a peer is on Ethernet, and when an interface
// changes. It changes nothing and needs no privilege.
package netlink
