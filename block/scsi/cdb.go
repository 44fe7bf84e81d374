package scsi

// cdb is a command descriptor block, padded with zeros. Address and count, which all
// operations share, are read through the fields of their row in the command table. The
// other fields belong to one operation: its handler takes a CDB type of its own whose
// methods are the only access to them, so that reading a field of another operation does
// not compile.
type cdb [16]byte

// field is a big endian number in a CDB.
type field struct{ at, size int }

// number reads a field.
func (c *cdb) number(f field) uint64 {
	var n uint64
	for _, b := range c[f.at : f.at+f.size] {
		n = n<<8 | uint64(b)
	}
	return n
}

// handle is the handler of a row whose operation has a CDB type of its own.
func handle[C ~[16]byte](run func(task, C) ([]byte, error)) func(task) ([]byte, error) {
	return func(t task) ([]byte, error) { return run(t, C(t.cdb)) }
}

// inquiryCDB is INQUIRY (SPC-4).
type inquiryCDB [16]byte

func (c inquiryCDB) evpd() bool { return c[1]&0x01 != 0 } // a vital product data page
func (c inquiryCDB) page() byte { return c[2] }

// requestSenseCDB is REQUEST SENSE (SPC-4).
type requestSenseCDB [16]byte

func (c requestSenseCDB) descriptor() bool { return c[1]&0x01 != 0 } // DESC

// modeSenseCDB is MODE SENSE(6) and (10) (SPC-4).
type modeSenseCDB [16]byte

func (c modeSenseCDB) noBlocks() bool { return c[1]&0x08 != 0 } // DBD
func (c modeSenseCDB) control() int   { return int(c[2] >> 6) }
func (c modeSenseCDB) page() byte     { return c[2] & 0x3f }
func (c modeSenseCDB) subpage() byte  { return c[3] }

// startStopCDB is START STOP UNIT (SBC-3).
type startStopCDB [16]byte

func (c startStopCDB) start() bool   { return c[4]&0x01 != 0 }
func (c startStopCDB) noFlush() bool { return c[4]&0x04 != 0 }
func (c startStopCDB) power() byte   { return c[4] >> 4 } // POWER CONDITION

// reportLUNsCDB is REPORT LUNS (SPC-4).
type reportLUNsCDB [16]byte

func (c reportLUNsCDB) selectReport() byte { return c[2] }

// reportOpcodesCDB is REPORT SUPPORTED OPERATION CODES (SPC-4).
type reportOpcodesCDB [16]byte

func (c reportOpcodesCDB) timeouts() bool { return c[2]&0x80 != 0 } // RCTD
func (c reportOpcodesCDB) options() byte  { return c[2] & 0x07 }
func (c reportOpcodesCDB) opcode() byte   { return c[3] }
func (c reportOpcodesCDB) action() int    { return int(get16(c[4:])) }

// readDefects10CDB and readDefects12CDB are READ DEFECT DATA (SBC-3): the lists asked for
// and their format.
type (
	readDefects10CDB [16]byte
	readDefects12CDB [16]byte
)

func (c readDefects10CDB) lists() byte { return c[2] & 0x1f }
func (c readDefects12CDB) lists() byte { return c[1] & 0x1f }

// reserveOutCDB is PERSISTENT RESERVE OUT (SPC-4).
type reserveOutCDB [16]byte

func (c reserveOutCDB) kind() kind { return kind(c[2] & 0x0f) }

// copyStatusCDB is RECEIVE COPY STATUS(LID1) (SPC-4).
type copyStatusCDB [16]byte

func (c copyStatusCDB) list() byte { return c[2] }

// sanitizeCDB is SANITIZE (SBC-3).
type sanitizeCDB [16]byte

func (c sanitizeCDB) unrestrictedExit() bool { return c[1]&0x20 != 0 } // AUSE

// writeSameCDB is WRITE SAME(10) and (16) (SBC-3).
type writeSameCDB [16]byte

func (c writeSameCDB) unmap() bool  { return c[1]&0x08 != 0 }
func (c writeSameCDB) noData() bool { return c[1]&0x01 != 0 } // NDOB, of the long one

// verifyCDB is VERIFY and WRITE AND VERIFY, of all lengths (SBC-3).
type verifyCDB [16]byte

func (c verifyCDB) bytchk() byte { return c[1] >> 1 & 3 }

// blocksCDB is a command that reads or writes blocks, of more than 6 bytes (SBC-3).
type blocksCDB [16]byte

func (c blocksCDB) fua() bool { return c[1]&0x08 != 0 }
