// Package rmcp talks to a baseboard management controller over the network: IPMI
// 2.0 sessions (RMCP+, cipher suites 3 and 17, with or without a Kg key) and IPMI
// 1.5 sessions (MD5). Chapters and tables are those of the IPMI specification,
// second generation, version 2.0, revision 1.1.
//
// [Dial] opens a session, [Session.Do] carries one command to the BMC and its
// answer back, [Session.Close] gives the BMC one of its few sessions back.
//
// # What is trusted
//
// Nothing that arrives before its authentication code has been verified, and
// nothing unauthenticated at all once a session is open: over UDP any host can send
// packets in the BMC's name. A packet that does not verify is dropped silently.
//
// # Retransmission
//
// UDP loses packets. A request is sent again, a few times and ever more patiently,
// with the same request sequence number but sealed anew: a BMC silently drops a
// session sequence number that it has seen (section 6.12.13). A BMC may therefore
// execute a command twice; every command that package ipmi sends is idempotent.
package rmcp
