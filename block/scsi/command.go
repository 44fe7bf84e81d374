package scsi

// Status is the SCSI status byte.
type Status byte

// The statuses this device server returns. BUSY and TASK SET FULL are the
// transport's to give, for it owns the queue.
const (
	Good                Status = 0x00
	CheckCondition      Status = 0x02
	Busy                Status = 0x08
	ReservationConflict Status = 0x18
	TaskSetFull         Status = 0x28
	TaskAborted         Status = 0x40
)

// Cost is where a transport may run a command.
type Cost uint8

const (
	// Quick never waits for the medium: run it where it was received.
	Quick Cost = iota
	// Read may find its data in memory: offer it to TryExecute first.
	Read
	// Write copies its data towards the medium without waiting for it to
	// get there: most often short, at worst held up by write-back.
	Write
	// Slow waits for the medium, perhaps long: flushes and writes through,
	// unmaps, verifications, copies, sanitizing.
	Slow
)

// Plan is what a CDB will move, known before it is executed. It depends on the
// CDB and on the unit, never on the initiator or on what is pending.
type Plan struct {
	// Out is how many bytes of data-out the CDB asks for. A transport asks
	// the initiator for the smaller of this and what it announced, and never
	// for more than MaxTransfer. Zero if the CDB will be refused.
	Out int64

	// In is how many bytes the command writes into Command.In: what the
	// transport must have room for. Zero for commands that answer with
	// parameter data, which bring a buffer of their own in Result.In.
	In int64

	// Cost is where it may run.
	Cost Cost
}

// MaxTransfer is the most a single command moves, in bytes: what the Block
// Limits page announces. A CDB that asks for more is refused. It is just above
// the 65,535 blocks of READ(10), so that firmware which never reads that page
// is served all the same.
const MaxTransfer = 65536 * BlockSize

// Command is one SCSI command with all of its data. It is passed by value and
// nothing of it is kept after Execute returns.
type Command struct {
	Nexus *Nexus
	LUN   uint64 // its eight bytes, big endian
	CDB   []byte // shorter ones are read as if filled up with zeros

	// Out is the data-out that arrived, at most Plan.Out bytes.
	Out []byte

	// Expected is how many bytes of data-out the initiator announced
	// (iSCSI's Expected Data Transfer Length of a write). Commands whose
	// data is one unit, as COMPARE AND WRITE, refuse any other length.
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
