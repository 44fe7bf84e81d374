package main

// ofBlock are mutants of the protocols of disks.
var ofBlock = []mutant{
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

	{
		351, "block/iscsi/chap.go",
		"if right&subtle.ConstantTimeCompare([]byte(name), []byte(g.User)) != 1 {",
		"if right < 0 || subtle.ConstantTimeCompare([]byte(name), []byte(g.User)) != 1 {",
		"whoever knows the user's name logs in without the secret",
		"block/iscsi", "CHAP",
	},
	{
		352, "block/iscsi/chap.go",
		"right&subtle.ConstantTimeCompare([]byte(name), []byte(g.User)) != 1",
		"right != 1",
		"one user's secret opens what is another's",
		"block/iscsi", "CHAP",
	},
	{
		353, "block/iscsi/chap.go",
		"if bytes.Equal(b, c.challenge) {",
		"if bytes.Equal(b, nil) {",
		"an initiator has the target answer its own challenge, and logs in by that",
		"block/iscsi", "CHAP",
	},
	{
		354, "block/iscsi/login.go",
		"if l.proof != proofDone && l.needsProof() {",
		"if l.proof != proofDone && l.proof != proofUnsettled {",
		"an initiator that begins in the operational stage needs no secret",
		"block/iscsi", "Login",
	},
	{
		355, "block/iscsi/login.go",
		"if !m.Transit || l.needsProof() && l.proof != proofDone {",
		"if !m.Transit {",
		"an initiator that wants to move on early needs no secret",
		"block/iscsi", "Login|CHAP",
	},
	{
		356, "block/iscsi/identity.go",
		"case errors.Is(err, block.ErrForbidden):",
		`case errors.Is(err, block.ErrForbidden) && g.User != "":`,
		"a refused initiator reads that the target is at fault, and tries for ever",
		"block/iscsi", "LoginRefused",
	},
	{
		357, "block/iscsi/identity.go",
		`(g.Secret == "" || g.Secret == g.MutualSecret)`,
		`g.Secret == ""`,
		"equal secrets let an initiator send the target's proof back",
		"block/iscsi", "CHAP|Login",
	},
	{
		358, "block/iscsi/registry.go",
		"\tfor _, c := range ended {\n\t\t<-c.done\n\t}\n",
		"",
		"a volume is given to the next machine while the last one's writes are in flight",
		"block/iscsi", "End",
	},
	{
		359, "block/iscsi/registry.go",
		"if old := t.sessions[c.key]; old != nil {",
		"if old := t.sessions[c.key]; old != nil && c.device != nil {",
		"a machine that logs in anew sees its own old writes come later",
		"block/iscsi", "Reinstatement",
	},
	{
		360, "block/iscsi/lifecycle.go",
		"\tc.work.Wait()\n",
		"",
		"writes of a session land after its end was answered",
		"block/iscsi", "Reinstatement",
	},
	{
		361, "block/iscsi/manage.go",
		"\t\tif t.state == running {\n\t\t\tb.inside.Add(1)\n\t\t\tt.waiting = append(t.waiting, b)\n\t\t}\n",
		"",
		"an abort is answered while the write goes on",
		"block/iscsi", "TaskManagement|Logout",
	},
	{
		362, "block/iscsi/dataout.go",
		"case uint64(m.Offset) != uint64(g.have):",
		"case uint64(m.Offset) < uint64(g.have):",
		"a write whose data came out of place is answered as done",
		"block/iscsi", "Breaches|Data",
	},
	{
		363, "block/iscsi/dataout.go",
		"g.lost = g.lost || !t.aborted && m.DataSN != g.dataSN",
		"g.lost = g.lost || !t.aborted && m.DataSN > g.dataSN+1<<20",
		"a write with a piece missing is answered as done",
		"block/iscsi", "Lost|Breaches",
	},
	{
		364, "block/iscsi/reader.go",
		"\tif r.digests.Data && n > 0 {\n",
		"\tif r.digests.Data && n > 1<<30 {\n",
		"data that was damaged on the way is written",
		"block/iscsi", "Digest",
	},
	{
		365, "block/iscsi/task.go",
		"\tif t.gather.have < t.want {\n",
		"\tif t.gather.have < t.want/2 {\n",
		"half a write is answered as a whole one",
		"block/iscsi", "Data|R2T",
	},
	{
		366, "block/iscsi/scheduler.go",
		"\tt.own(c.session.share)\n",
		"",
		"a write in the pool writes what the next command brought",
		"block/iscsi", "WaitingWrite",
	},
	{
		367, "block/iscsi/share.go",
		"u > s.kept && u+size > free",
		"u > s.kept && u+size > free+s.memory.limit",
		"the writes of one device take all of the memory, and those of the others wait",
		"block/iscsi", "Shares|Greedy",
	},
	{
		368, "block/iscsi/share.go",
		"return s.memory.full() && s.used.Load() > s.kept",
		"return s.memory.full()",
		"a session with one small write waits as long as others hold the memory",
		"block/iscsi", "Shares",
	},
}
