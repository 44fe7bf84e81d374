package scsi

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// operation is one row of the command table: everything about a command except its work.
// The row also answers REPORT SUPPORTED OPERATION CODES, so the report follows the table.
type operation struct {
	name   string
	usage  cdb   // CDB usage data: the bits that may be set
	size   int   // CDB length, from the opcode's group
	action int   // service action, -1 if the opcode has none
	lba    field // first block, if it names blocks
	count  field // blocks, allocation length or parameter list length
	moves  moves
	access access
	cost   Cost
	flags  flags
	run    func(task) ([]byte, error)
}

// moves is the length rule: what the count of a CDB counts, and the direction of the data.
type moves uint8

const (
	nothing   moves = iota
	blocksIn        // count blocks to the initiator
	blocksOut       // count blocks from it
	pairsOut        // as many to compare with and as many to write
	oneBlock        // a single block from it, whatever the count (unless NDOB)
	checkOut        // as BYTCHK says: nothing, count blocks, or one
	paramsIn        // parameter data, count is the allocation length
	paramsOut       // a parameter list of count bytes
)

// access is the kind of access of a command: how reservations treat it when it comes from
// an initiator that does not hold them (the tables of commands allowed in the presence of
// reservations in SPC-4 and SBC-3; for RESERVE, in SPC-2).
type access uint8

const (
	harmless  access = iota // never kept out
	asking                  // kept out by RESERVE only
	reading                 // kept out by RESERVE and by exclusive access
	writing                 // kept out by every reservation
	powering                // START STOP UNIT: starting is asking, all else is writing
	reserving               // PERSISTENT RESERVE OUT, RESERVE: their handlers decide
)

// flags are the remaining properties that matter before a command runs.
type flags uint8

const (
	writes     flags = 1 << iota // refused when the unit is write protected
	untouched                    // served while a unit attention is pending, without reporting it
	unitless                     // served for LUNs that do not exist
	sanitizes                    // served while a sanitize is under way or has failed
	alone                        // no other command of the unit runs meanwhile
	atomically                   // offered only where the disk can write so
)

// offered reports whether a unit has the command at all.
func (op *operation) offered(l *LUN) bool {
	return op.flags&atomically == 0 || l.atomicLimit() > 0
}

// access returns the kind of access of the command: START STOP UNIT is refused to others
// only when it stops.
func (t *task) access() access {
	if t.op.access == powering {
		if c := startStopCDB(t.cdb); c.start() && c.power() == 0 {
			return asking
		}
		return writing
	}
	return t.op.access
}

// u parses usage data in hexadecimal: "28 18 ffffffff 1f ffff".
func u(s string) (c cdb) {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil || len(b) > len(c) {
		panic("scsi: usage data " + s)
	}
	copy(c[:], b)
	return c
}

// cdbSize is the length of a CDB by its opcode's group.
func cdbSize(opcode byte) int { return [8]int{6, 10, 10, 10, 16, 12, 10, 10}[opcode>>5] }

// catalog finds rows by opcode and service action.
type catalog struct {
	rows  []operation
	first [256]uint8 // 1 + index of an opcode's first row, which are neighbours
}

func newCatalog(rows []operation) *catalog {
	c := &catalog{rows: rows}
	for i := range rows {
		op := &rows[i]
		op.size = cdbSize(op.usage[0])
		if c.first[op.usage[0]] == 0 {
			c.first[op.usage[0]] = uint8(i + 1)
		}
	}
	return c
}

// actions are the rows of one opcode.
func (c *catalog) actions(opcode byte) []operation {
	i := int(c.first[opcode])
	if i == 0 {
		return nil
	}
	end := i
	for end < len(c.rows) && c.rows[end].usage[0] == opcode {
		end++
	}
	return c.rows[i-1 : end]
}

// find returns the row of a CDB, or the error if there is none.
func (c *catalog) find(b *cdb) (*operation, error) {
	i := int(c.first[b[0]])
	if i == 0 {
		return nil, errInvalidOpcode
	}
	for ; i <= len(c.rows) && c.rows[i-1].usage[0] == b[0]; i++ {
		op := &c.rows[i-1]
		if op.action < 0 || op.action == int(b[1]&0x1f) {
			return op, nil
		}
	}
	return nil, invalidField(1, 4)
}

// check refuses a CDB with a bit set that is not in the usage data. The standard leaves
// this to the device server; being strict lets an initiator find out that a feature is
// missing instead of assuming that it worked.
func (op *operation) check(b *cdb) error {
	hi := binary.BigEndian.Uint64(b[:]) &^ binary.BigEndian.Uint64(op.usage[:])
	lo := binary.BigEndian.Uint64(b[8:]) &^ binary.BigEndian.Uint64(op.usage[8:])
	if op.action >= 0 {
		hi &^= 0x1f << 48
	}
	if op.size <= 8 { // after a short CDB a transport may leave any bytes
		hi, lo = hi&^(1<<(8*(8-op.size))-1), 0
	} else {
		lo &^= 1<<(8*(16-op.size)) - 1
	}
	if hi|lo == 0 {
		return nil
	}
	for i := range op.size {
		if bad := b[i] &^ op.usage[i]; bad != 0 && (i != 1 || op.action < 0 || bad&^0x1f != 0) {
			return invalidField(i, highest(bad))
		}
	}
	return nil
}

// highest is the number of the leftmost bit that is set: a field pointer names
// the most significant bit of a field.
func highest(b byte) int {
	n := -1
	for ; b != 0; b >>= 1 {
		n++
	}
	return n
}
