package scsi

// Status is the SCSI status byte.
type Status byte

// The statuses this device server returns. BUSY and TASK SET FULL come from the transport,
// which owns the queue.
const (
	Good                Status = 0x00
	CheckCondition      Status = 0x02
	Busy                Status = 0x08
	ReservationConflict Status = 0x18
	TaskSetFull         Status = 0x28
	TaskAborted         Status = 0x40
)

// Cost tells a transport where it may run a command.
type Cost uint8

const (
	// Quick never waits for the medium: run it where it was received.
	Quick Cost = iota
	// Read may find its data in memory: offer it to TryExecute first.
	Read
	// Write copies its data towards the medium without waiting for it to
	// get there: most often short, at worst held up by write-back.
	Write
	// Slow waits for the medium, perhaps for long: flushes, write-through, unmaps,
	// verifications, copies, sanitizing.
	Slow
)

// Plan describes what a CDB will move, before it is executed. It depends on the CDB and on
// the unit, never on the initiator or on what is pending.
type Plan struct {
	// Out is how many bytes of data-out the CDB asks for. A transport asks
	// the initiator for the smaller of this and what it announced, and never
	// for more than MaxTransfer. Zero if the CDB will be refused.
	Out int64

	// In is how many bytes the command writes into Command.In: the room that the transport
	// must provide. Zero for commands that answer with parameter data, which bring a buffer
	// of their own in Result.In.
	In int64

	// Cost is where it may run.
	Cost Cost
}

// MaxTransfer is the limit of a single command in bytes, as the Block Limits page announces
// it. A CDB that asks for more is refused. It is just above the 65,535 blocks of READ(10),
// for firmware that never reads that page.
const MaxTransfer = 65536 * BlockSize

// Command is one SCSI command with all of its data. It is passed by value, and Execute
// keeps none of it.
type Command struct {
	Nexus *Nexus
	LUN   uint64 // its eight bytes, big endian
	CDB   []byte // shorter ones are read as if padded with zeros

	// Out is the data-out that arrived, at most Plan.Out bytes.
	Out []byte

	// Expected is how many bytes of data-out the initiator announced (iSCSI's Expected Data
	// Transfer Length of a write). Commands that need all of their data, such as COMPARE
	// AND WRITE, refuse any other length.
	Expected int64

	// In is the transport's room for data-in, at most Plan.In bytes. If it
	// is shorter, only its length is read. Medium data goes straight into it.
	In []byte
}

// Result is a command's outcome.
type Result struct {
	Status Status

	// Sense is the sense data of CHECK CONDITION, ready to send.
	Sense []byte

	// In is the data to return: either a part of Command.In or parameter
	// data of its own, already cut to the CDB's allocation length but not to
	// what the initiator announced.
	In []byte

	// Moved is what the CDB moved, or would have with enough room. The
	// residual is the announced length minus Moved: positive is underflow,
	// negative is overflow.
	Moved int64
}
