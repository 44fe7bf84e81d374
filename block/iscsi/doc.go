// Package iscsi is Ironhook's iSCSI target: it serves the block devices of package scsi
// to initiators over TCP, as RFC 7143 describes, with one connection a session and
// error recovery level 0.
//
// # How a command travels
//
// One goroutine reads each connection. It cuts PDUs (pdu.go, reader.go) from a large buffer
// and hands them to the [Session], a state machine without sockets and without a clock
// (session.go). The session acts through its [Sink]: send this PDU, run this command.
// Commands whose data is in memory run at once on the reader's goroutine; those that may
// wait for a disk go to a bounded pool (pool.go). A finished command goes back to the
// session, which answers. Answers collect in an outbox (outbox.go) and are sent with one
// writev when no complete PDU is waiting to be read, so thirty-two small reads cost one
// system call in and one out.
//
// Before a session there is a login (login.go): rounds of key=value text through the
// security and the operational stage, each key by its rule in one table (keys.go), with
// CHAP (chap.go) where the [block.Grant] asks for it.
//
// # Trust
//
// No input is trusted. Every length, tag, offset and sequence number that arrives is
// checked before it is used, memory is taken from a budget before data is solicited
// (buffer.go), and a peer that breaks the protocol loses its connection, as error recovery
// level 0 prescribes. Initiators in the field have quirks, above all the one in many
// network cards: iPXE. A line that exists for one of them says so.
package iscsi
