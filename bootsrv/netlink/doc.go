// Package netlink reads the network state of this machine over rtnetlink (rtnetlink(7)):
// the Ethernet address of a peer, and changes of interfaces. It changes nothing and needs
// no privilege.
package netlink
