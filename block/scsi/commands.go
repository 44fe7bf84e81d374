package scsi

// none marks the rows of opcodes without service actions.
const none = -1

// Where the block address and the count stand, by CDB size.
var (
	no             = field{}
	lba6, count6   = field{1, 3}, field{4, 1} // 21 bits: the usage data sees to it
	lba10, count10 = field{2, 4}, field{7, 2}
	lba12, count12 = field{2, 4}, field{6, 4}
	lba16, count16 = field{2, 8}, field{10, 4}
	byte13         = field{13, 1}
	bytes12        = field{12, 2}
	bytes3         = field{3, 2}
	bytes5         = field{5, 4}
)

// commands is the command set of a direct access block device (SPC-4, SBC-3), in the order
// of opcodes. The usage data has a one for each bit that may be set. DPO and group numbers
// are accepted without effect; protection information (the top bits of byte 1) and NACA are
// not supported.
var commands = newCatalog([]operation{
	{"TEST UNIT READY", u("00"), 0, none, no, no, nothing, asking, Quick, 0, task.testUnitReady},
	{"REQUEST SENSE", u("03 01 0000 ff"), 0, none, no, count6, paramsIn, harmless, Quick, untouched | unitless | sanitizes,
		handle(task.requestSense)},
	{"READ(6)", u("08 1fffff ff"), 0, none, lba6, count6, blocksIn, reading, Read, 0, task.read},
	{"WRITE(6)", u("0a 1fffff ff"), 0, none, lba6, count6, blocksOut, writing, Write, writes, task.write},
	{"INQUIRY", u("12 01 ff ffff"), 0, none, no, bytes3, paramsIn, harmless, Quick, untouched | unitless | sanitizes, handle(task.inquiry)},
	{"MODE SELECT(6)", u("15 10 0000 ff"), 0, none, no, count6, paramsOut, writing, Slow, alone, task.modeSelect},
	{"RESERVE(6)", u("16"), 0, none, no, no, nothing, asking, Slow, alone, task.reserve},
	{"RELEASE(6)", u("17"), 0, none, no, no, nothing, harmless, Slow, alone, task.release},
	{"MODE SENSE(6)", u("1a 08 ff ff ff"), 0, none, no, count6, paramsIn, writing, Quick, 0, handle(task.modeSense)},
	{"START STOP UNIT", u("1b 01 00 0f f7"), 0, none, no, no, nothing, powering, Slow, 0, handle(task.startStopUnit)},
	{"SEND DIAGNOSTIC", u("1d 04"), 0, none, no, no, nothing, writing, Slow, 0, task.sendDiagnostic},
	{"READ CAPACITY(10)", u("25"), 0, none, no, no, paramsIn, asking, Quick, 0, task.readCapacity10},
	{"READ(10)", u("28 18 ffffffff 3f ffff"), 0, none, lba10, count10, blocksIn, reading, Read, 0, task.read},
	{"WRITE(10)", u("2a 18 ffffffff 3f ffff"), 0, none, lba10, count10, blocksOut, writing, Write, writes, task.write},
	{"WRITE AND VERIFY(10)", u("2e 16 ffffffff 3f ffff"), 0, none, lba10, count10, blocksOut, writing, Slow, writes, task.writeAndVerify},
	{"VERIFY(10)", u("2f 16 ffffffff 3f ffff"), 0, none, lba10, count10, checkOut, reading, Slow, 0, task.verify},
	{"PRE-FETCH(10)", u("34 02 ffffffff 3f ffff"), 0, none, lba10, count10, nothing, reading, Slow, 0, task.prefetch},
	{"SYNCHRONIZE CACHE(10)", u("35 06 ffffffff 3f ffff"), 0, none, lba10, count10, nothing, writing, Slow, 0, task.synchronizeCache},
	{"READ DEFECT DATA(10)", u("37 00 1f 00000000 ffff"), 0, none, no, count10, paramsIn, reading, Quick, 0, handle(task.readDefects10)},
	{"WRITE SAME(10)", u("41 08 ffffffff 3f ffff"), 0, none, lba10, count10, oneBlock, writing, Slow, writes, handle(task.writeSame)},
	{"UNMAP", u("42 00 00000000 3f ffff"), 0, none, no, count10, paramsOut, writing, Slow, writes, task.unmap},
	{"SANITIZE, BLOCK ERASE", u("48 a0 0000000000 ffff"), 0, 0x02, no, count10, paramsOut, writing, Slow, writes | sanitizes,
		handle(task.eraseAll)},
	{"SANITIZE, CRYPTOGRAPHIC ERASE", u("48 a0 0000000000 ffff"), 0, 0x03, no, count10, paramsOut, writing, Slow, writes | sanitizes,
		handle(task.eraseAll)},
	{"SANITIZE, EXIT FAILURE MODE", u("48 00 0000000000 ffff"), 0, 0x1f, no, count10, paramsOut, writing, Slow, sanitizes,
		task.exitFailureMode},
	{"MODE SELECT(10)", u("55 10 0000000000 ffff"), 0, none, no, count10, paramsOut, writing, Slow, alone, task.modeSelect},
	{"RESERVE(10)", u("56"), 0, none, no, no, nothing, asking, Slow, alone, task.reserve},
	{"RELEASE(10)", u("57"), 0, none, no, no, nothing, harmless, Slow, alone, task.release},
	{"MODE SENSE(10)", u("5a 18 ff ff 000000 ffff"), 0, none, no, count10, paramsIn, writing, Quick, 0, handle(task.modeSense)},
	{"PERSISTENT RESERVE IN, READ KEYS", u("5e 00 0000000000 ffff"), 0, 0x00, no, count10, paramsIn, asking, Quick, 0, task.readKeys},
	{"PERSISTENT RESERVE IN, READ RESERVATION", u("5e 00 0000000000 ffff"), 0, 0x01, no, count10, paramsIn, asking, Quick, 0,
		task.readReservation},
	{"PERSISTENT RESERVE IN, REPORT CAPABILITIES", u("5e 00 0000000000 ffff"), 0, 0x02, no, count10, paramsIn, asking, Quick, 0,
		task.reportCapabilities},
	{"PERSISTENT RESERVE IN, READ FULL STATUS", u("5e 00 0000000000 ffff"), 0, 0x03, no, count10, paramsIn, asking, Quick, 0,
		task.readFullStatus},
	{"PERSISTENT RESERVE OUT, REGISTER", u("5f 00 ff 0000 ffffffff"), 0, 0x00, no, bytes5, paramsOut, reserving, Slow, alone,
		persistentReserveOut((*change).register)},
	{"PERSISTENT RESERVE OUT, RESERVE", u("5f 00 0f 0000 ffffffff"), 0, 0x01, no, bytes5, paramsOut, reserving, Slow, alone,
		persistentReserveOut((*change).reserve)},
	{"PERSISTENT RESERVE OUT, RELEASE", u("5f 00 0f 0000 ffffffff"), 0, 0x02, no, bytes5, paramsOut, reserving, Slow, alone,
		persistentReserveOut((*change).release)},
	{"PERSISTENT RESERVE OUT, CLEAR", u("5f 00 ff 0000 ffffffff"), 0, 0x03, no, bytes5, paramsOut, reserving, Slow, alone,
		persistentReserveOut((*change).clear)},
	{"PERSISTENT RESERVE OUT, PREEMPT", u("5f 00 0f 0000 ffffffff"), 0, 0x04, no, bytes5, paramsOut, reserving, Slow, alone,
		persistentReserveOut((*change).preempt)},
	{"PERSISTENT RESERVE OUT, PREEMPT AND ABORT", u("5f 00 0f 0000 ffffffff"), 0, 0x05, no, bytes5, paramsOut, reserving, Slow, alone,
		persistentReserveOut((*change).preempt)},
	{"PERSISTENT RESERVE OUT, REGISTER AND IGNORE EXISTING KEY", u("5f 00 ff 0000 ffffffff"), 0, 0x06, no, bytes5, paramsOut, reserving, Slow,
		alone, persistentReserveOut((*change).registerAnyway)},
	{"EXTENDED COPY(LID1)", u("83 00 0000000000000000 ffffffff"), 0, 0x00, no, count16, paramsOut, writing, Slow, 0, task.extendedCopy},
	{"RECEIVE COPY STATUS(LID1)", u("84 00 ff 00000000000000 ffffffff"), 0, 0x00, no, count16, paramsIn, asking, Quick, 0,
		handle(task.copyStatus)},
	{"RECEIVE COPY OPERATING PARAMETERS", u("84 00 ff 00000000000000 ffffffff"), 0, 0x03, no, count16, paramsIn, asking, Quick, 0,
		task.copyParameters},
	{"READ(16)", u("88 18 ffffffffffffffff ffffffff 3f"), 0, none, lba16, count16, blocksIn, reading, Read, 0, task.read},
	{"COMPARE AND WRITE", u("89 18 ffffffffffffffff 000000ff 3f"), 0, none, lba16, byte13, pairsOut, writing, Slow, writes,
		task.compareAndWrite},
	{"WRITE(16)", u("8a 18 ffffffffffffffff ffffffff 3f"), 0, none, lba16, count16, blocksOut, writing, Write, writes, task.write},
	{"ORWRITE(16)", u("8b 18 ffffffffffffffff ffffffff 3f"), 0, none, lba16, count16, blocksOut, writing, Slow, writes, task.orWrite},
	{"WRITE AND VERIFY(16)", u("8e 16 ffffffffffffffff ffffffff 3f"), 0, none, lba16, count16, blocksOut, writing, Slow, writes,
		task.writeAndVerify},
	{"VERIFY(16)", u("8f 16 ffffffffffffffff ffffffff 3f"), 0, none, lba16, count16, checkOut, reading, Slow, 0, task.verify},
	{"PRE-FETCH(16)", u("90 02 ffffffffffffffff ffffffff 3f"), 0, none, lba16, count16, nothing, reading, Slow, 0, task.prefetch},
	{"SYNCHRONIZE CACHE(16)", u("91 06 ffffffffffffffff ffffffff 3f"), 0, none, lba16, count16, nothing, writing, Slow, 0,
		task.synchronizeCache},
	{"WRITE SAME(16)", u("93 09 ffffffffffffffff ffffffff 3f"), 0, none, lba16, count16, oneBlock, writing, Slow, writes,
		handle(task.writeSame)},
	{"WRITE ATOMIC(16)", u("9c 18 ffffffffffffffff 0000 ffff 3f"), 0, none, lba16, bytes12, blocksOut, writing, Slow, writes | atomically,
		task.writeAtomic},
	{"READ CAPACITY(16)", u("9e 00 0000000000000000 ffffffff"), 0, 0x10, no, count16, paramsIn, asking, Quick, 0, task.readCapacity16},
	{"GET LBA STATUS", u("9e 00 ffffffffffffffff ffffffff"), 0, 0x12, lba16, count16, paramsIn, reading, Slow, 0, task.getLBAStatus},
	{"REPORT LUNS", u("a0 00 ff 000000 ffffffff"), 0, none, no, count12, paramsIn, harmless, Quick, untouched | unitless | sanitizes,
		handle(task.reportLUNs)},
	{"REPORT SUPPORTED OPERATION CODES", u("a3 00 87 ff ffff ffffffff"), 0, 0x0c, no, count12, paramsIn, asking, Quick, 0,
		handle(task.reportOpcodes)},
	{"REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS", u("a3 00 00000000 ffffffff"), 0, 0x0d, no, count12, paramsIn, asking, Quick, 0,
		task.reportTaskManagement},
	{"READ(12)", u("a8 18 ffffffff ffffffff 3f"), 0, none, lba12, count12, blocksIn, reading, Read, 0, task.read},
	{"WRITE(12)", u("aa 18 ffffffff ffffffff 3f"), 0, none, lba12, count12, blocksOut, writing, Write, writes, task.write},
	{"WRITE AND VERIFY(12)", u("ae 16 ffffffff ffffffff 3f"), 0, none, lba12, count12, blocksOut, writing, Slow, writes, task.writeAndVerify},
	{"VERIFY(12)", u("af 16 ffffffff ffffffff 3f"), 0, none, lba12, count12, checkOut, reading, Slow, 0, task.verify},
	{"READ DEFECT DATA(12)", u("b7 1f 00000000 ffffffff"), 0, none, no, count12, paramsIn, reading, Quick, 0, handle(task.readDefects12)},
})
