// Package scsi is a disk that speaks SCSI: a command descriptor block comes in,
// status, data and sense data go out. It knows no transport, starts no goroutine
// and reads no clock.
//
// A Device holds logical units and the nexuses with its initiators. A transport asks it
// twice about each command. Plan says how much data the command moves and where it may run,
// so that the transport can ask for the data and find room for it. Execute does the work.
// Both read one table (commands.go), a row for each command: which bits of the CDB may be
// set, what its length field counts, how reservations treat it, whether it writes, and its
// handler. The same rows answer REPORT SUPPORTED OPERATION CODES, so the report cannot
// differ from the behaviour.
//
// Three promises are worth knowing before reading on:
//
//   - Flushed data is on stable storage. SYNCHRONIZE CACHE and Force Unit Access answer
//     once Disk.Sync has, and after a failed Sync no flush succeeds until the unit
//     is reset (flush.go).
//   - A failure is never answered with GOOD. Errors of the disk become sense data: space
//     that ran out is distinguished from a fault of the medium (sense.go).
//   - Some commands are atomic for all others on the same blocks, and only there
//     (rangelock.go).
//
// The standards are SPC-4 (primary commands), SBC-3 (block commands; WRITE ATOMIC is
// of SBC-4) and SAM-5 (architecture) of T10. Comments name commands, pages and
// fields by the titles they have there, for chapter numbers differ between the
// drafts one can read.
package scsi
