package scsi

import "encoding/binary"

// maxParameters is the longest parameter list taken, in bytes.
const maxParameters = 64 << 10

// blocks are the blocks the CDB names.
func (t *task) blocks() (lba, n uint64) {
	lba, n = t.cdb.number(t.op.lba), t.cdb.number(t.op.count)
	if t.op.size == 6 && n == 0 {
		n = 256 // READ(6) and WRITE(6): zero means 256
	}
	return lba, n
}

// lengths are the bytes of medium data to the initiator, and of data from it,
// that the CDB asks for; zero where it asks for too much and will be refused.
func (t *task) lengths() (in, out int64) {
	_, n := t.blocks()
	switch t.op.moves {
	case blocksIn:
		return limited(n*BlockSize, MaxTransfer), 0
	case blocksOut:
		return 0, limited(n*BlockSize, MaxTransfer)
	case pairsOut:
		return 0, limited(2*n*BlockSize, MaxTransfer)
	case paramsOut:
		return 0, limited(t.cdb.number(t.op.count), maxParameters)
	case oneBlock:
		if t.op.size == 16 && writeSameCDB(t.cdb).noData() {
			return 0, 0
		}
		return 0, BlockSize
	case checkOut:
		switch t.bytchk() {
		case 1:
			return 0, limited(n*BlockSize, MaxTransfer)
		case 3:
			return 0, BlockSize
		}
	}
	return 0, 0
}

func limited(n, most uint64) int64 {
	if n > most {
		return 0
	}
	return int64(n)
}

// bytchk is BYTE CHECK, where a CDB has it.
func (t *task) bytchk() byte { return verifyCDB(t.cdb).bytchk() }

// arrived refuses data-out of the wrong length. A write may bring less than its CDB asks
// for, if the initiator announced less: then whole blocks are written and the residual
// reports the rest (RFC 7143 §11.4.5). All other commands need all of their data.
func (t *task) arrived() error {
	_, want := t.lengths()
	switch t.op.moves {
	case paramsOut:
		if t.cdb.number(t.op.count) > maxParameters || int64(len(t.out)) < want {
			return errParameterLength
		}
	case pairsOut, oneBlock:
		if t.expected != want {
			return invalidField(t.op.count.at, -1)
		}
		fallthrough
	case checkOut:
		if int64(len(t.out)) < want {
			return errInformationUnit
		}
	}
	return nil
}

// allocation is the CDB's allocation length for parameter data.
func (t *task) allocation() uint64 {
	if t.op.count == no {
		return maxParameters // the data has one length
	}
	return t.cdb.number(t.op.count)
}

// extent returns the blocks of a medium command after checking them. Even a command for
// zero blocks must name an address on the disk, or its end.
func (t *task) extent() (span, error) {
	lba, n := t.blocks()
	if err := t.lun.within(lba, n); err != nil {
		return span{}, err
	}
	if n > MaxTransfer/BlockSize {
		return span{}, invalidField(t.op.count.at, -1)
	}
	return span{lba, n}, nil
}

// fua reports whether Force Unit Access is set, where a CDB has it.
func (t *task) fua() bool {
	switch t.op.moves {
	case blocksIn, blocksOut, pairsOut:
		return t.op.size > 6 && blocksCDB(t.op.usage).fua() && blocksCDB(t.cdb).fua()
	}
	return false
}

// cost is where the command may run.
func (t *task) cost() Cost {
	switch t.op.cost {
	case Read:
		if t.fua() {
			return Slow
		}
	case Write:
		if t.fua() || t.lun != nil && t.lun.mode.writeThrough.Load() {
			return Slow
		}
	}
	return t.op.cost
}

func put64(b []byte, v uint64) { binary.BigEndian.PutUint64(b, v) }
func put32(b []byte, v uint32) { binary.BigEndian.PutUint32(b, v) }
func put16(b []byte, v uint16) { binary.BigEndian.PutUint16(b, v) }
func get64(b []byte) uint64    { return binary.BigEndian.Uint64(b) }
func get32(b []byte) uint32    { return binary.BigEndian.Uint32(b) }
func get16(b []byte) uint16    { return binary.BigEndian.Uint16(b) }
