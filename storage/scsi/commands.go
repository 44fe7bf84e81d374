package scsi

// none marks the rows of opcodes without service actions.
const none = -1

// Where the block address and the count stand, by CDB size.
var (
	lba6, count6   = field{1, 3}, field{4, 1} // byte 1 gives five bits only: the usage data sees to it
	lba10, count10 = field{2, 4}, field{7, 2}
	lba12, count12 = field{2, 4}, field{6, 4}
	lba16, count16 = field{2, 8}, field{10, 4}
	no             = field{}
)

// commands is the command set of a direct access block device (SPC-4 table 142
// of SPC-4 and table 23 of SBC-3), in the order of opcodes. The usage data has a
// one for each bit that is looked at. DPO and group numbers are known and
// change nothing; protection information (the top bits of byte 1) is not known,
// nor is NACA in the control byte.
var commands = newCatalog([]operation{
	{"TEST UNIT READY", u("00"), 0, none, no, no, nothing, asking, Quick, 0, task.testUnitReady},
	{"READ(6)", u("08 1fffff ff"), 0, none, lba6, count6, blocksIn, reading, Read, 0, task.read},
	{"WRITE(6)", u("0a 1fffff ff"), 0, none, lba6, count6, blocksOut, writing, Write, writes, task.write},
	{"READ CAPACITY(10)", u("25"), 0, none, no, no, paramsIn, asking, Quick, 0, task.readCapacity10},
	{"READ(10)", u("28 1a ffffffff 3f ffff"), 0, none, lba10, count10, blocksIn, reading, Read, 0, task.read},
	{"WRITE(10)", u("2a 1a ffffffff 3f ffff"), 0, none, lba10, count10, blocksOut, writing, Write, writes, task.write},
	{"READ(16)", u("88 1a ffffffffffffffff ffffffff 3f"), 0, none, lba16, count16, blocksIn, reading, Read, 0, task.read},
	{"WRITE(16)", u("8a 1a ffffffffffffffff ffffffff 3f"), 0, none, lba16, count16, blocksOut, writing, Write, writes, task.write},
	{"READ(12)", u("a8 1a ffffffff ffffffff 3f"), 0, none, lba12, count12, blocksIn, reading, Read, 0, task.read},
	{"WRITE(12)", u("aa 1a ffffffff ffffffff 3f"), 0, none, lba12, count12, blocksOut, writing, Write, writes, task.write},
})
