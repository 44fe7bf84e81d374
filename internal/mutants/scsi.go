package main

// ofSCSI are mutants of the SCSI device and its files.
var ofSCSI = []mutant{
	{
		301, "block/scsi/flush.go",
		"mine := f.started + 1; f.finished < mine;",
		"mine := f.started; f.finished < mine;",
		"a flush is answered by a sync that began before the write",
		"block/scsi", "Flush|Flushes|Durab|Sync",
	},
	{
		302, "block/scsi/flush.go",
		"\tif f.lost == nil {\n\t\tf.lost = err\n\t}\n",
		"\tf.lost = err\n",
		"the second flush after a failure is answered as done, though the pages are gone",
		"block/scsi", "Flush",
	},
	{
		303, "block/scsi/readwrite.go",
		"if t.fua() || t.lun.mode.writeThrough.Load() {",
		"if t.lun.mode.writeThrough.Load() {",
		"a write with Force Unit Access is answered from the cache",
		"block/scsi", "Sync",
	},
	{
		304, "block/scsi/unmap.go",
		"\tfor _, s := range spans {\n" +
			"\t\tif err := t.lun.unmap(s); err != nil {\n" +
			"\t\t\treturn nil, err\n" +
			"\t\t}\n" +
			"\t}\n" +
			"\treturn nil, t.settle()\n",
		"\tfor _, s := range spans {\n" +
			"\t\tif err := t.lun.unmap(s); err != nil {\n" +
			"\t\t\treturn nil, err\n" +
			"\t\t}\n" +
			"\t}\n" +
			"\treturn nil, nil\n",
		"blocks that were given back hold their data again after a power cut",
		"block/scsi", "Sync|Unmap",
	},
	{
		305, "block/scsi/execute.go",
		"\tif !t.lun.reservations.admit(t.nexus, t.access()) {\n\t\treturn errConflict\n\t}\n",
		"",
		"a cluster's second node writes to a disk that the first has reserved",
		"block/scsi", "Reserv|Preempt",
	},
	{
		306, "block/scsi/execute.go",
		"if t.op != nil && t.op.flags&alone != 0 {",
		"if t.op != nil && t.op.flags&alone != 0 && t.inMemory {",
		"a write of a node that was fenced lands afterwards",
		"block/scsi", "PreemptWaits",
	},
	{
		307, "block/scsi/reserveout.go",
		"\t\tif err := r.save(&c.persistent); err != nil {\n" +
			"\t\t\treturn nil, t.lun.fault(errInternal, \"save reservations\", 0, err)\n" +
			"\t\t}\n",
		"",
		"a reservation that was to outlive a power loss does not",
		"block/scsi", "Restart",
	},
	{
		308, "block/scsi/preempt.go",
		"\tif !c.preempts() {\n\t\tif c.list.action == 0 {",
		"\tif true {\n\t\tif c.list.action == 0 {",
		"a node that was fenced keeps its reservation",
		"block/scsi", "Preempt",
	},
	{
		309, "block/scsi/lun.go",
		"\tif l.options.ReadOnly {\n\t\treturn errWriteProtected\n\t}\n",
		"",
		"a machine writes to a volume that others boot from",
		"block/scsi", "ReadOnly",
	},
	{
		310, "block/scsi/lun.go",
		"lba > blocks || n > blocks-lba",
		"lba > blocks",
		"a write beyond the end of the disk is let through",
		"block/scsi", "BeyondTheEnd",
	},
	{
		311, "block/scsi/sanitize.go",
		"\treturn t.lun.sync()\n}\n\n// exitFailureMode",
		"\treturn nil\n}\n\n// exitFailureMode",
		"a sanitize is answered whose erased blocks a power cut brings back",
		"block/scsi", "Sanitize|Sync",
	},
	{
		312, "block/scsi/sanitize.go",
		"s.running, s.failed = false, err != nil",
		"s.running, s.failed = false, false",
		"a disk that could not be erased is called clean",
		"block/scsi", "Sanitize",
	},
	{
		313, "block/scsi/atomic.go",
		"\tif i := differs(now, t.out[:half]); i >= 0 {",
		"\tif i := differs(now, t.out[:half]); i >= len(now) {",
		"two hosts take the same lock of a shared disk",
		"block/scsi", "CompareAndWrite",
	},
	{
		314, "block/scsi/atomic.go",
		"\tdefer t.lun.ranges.own(s)()\n\thalf := len(t.out) / 2\n",
		"\thalf := len(t.out) / 2\n",
		"two hosts take the same lock of a shared disk when they ask at once",
		"block/scsi", "CompareAndWrite",
	},
	{
		315, "block/scsi/keeper.go",
		"keep: true}",
		"keep: false}",
		"reservations outlive the first restart and not the second",
		"block/scsi", "Restart",
	},
	{
		316, "block/scsi/modeselect.go",
		"return t.lun.sync() // a cache",
		"return nil // a cache",
		"a cache that is turned off holds what was answered",
		"block/scsi", "CacheTurnedOff",
	},
	{
		331, "block/filedisk/filedisk.go",
		"lock|unix.LOCK_NB",
		"unix.LOCK_SH|unix.LOCK_NB",
		"two processes write to one image",
		"block/filedisk", "Open|Shared|Refuses",
	},
	{
		332, "block/filedisk/atomic.go",
		"\t\td.owed.Store(&err)\n",
		"\t\t_ = d\n",
		"a flush is answered though an atomic write has lost pages of others",
		"block/filedisk", "FailedAtomic",
	},
}
