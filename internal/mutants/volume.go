package main

// ofVolume are mutants of volumes and of the import of images.
var ofVolume = []mutant{
	{
		201, "volume/layer.go",
		"\tif err := l.file.Sync(); err != nil {\n" +
			"\t\treturn fatal{err}\n" +
			"\t}\n" +
			"\tif len(list) == 0 {\n" +
			"\t\treturn nil\n" +
			"\t}\n",
		"\tif len(list) == 0 {\n\t\treturn l.file.Sync()\n\t}\n",
		"the map is written before its data: after a power cut blocks hold what was on the disk before",
		"volume", "Model|PowerCut|Sync",
	},
	{
		202, "volume/layer.go",
		"\tif l.has != nil {\n" +
			"\t\tlist = l.has.take()\n" +
			"\t}\n" +
			"\tif err := l.file.Sync(); err != nil {\n" +
			"\t\treturn fatal{err}\n" +
			"\t}\n",
		"\tif err := l.file.Sync(); err != nil {\n" +
			"\t\treturn fatal{err}\n" +
			"\t}\n" +
			"\tif l.has != nil {\n" +
			"\t\tlist = l.has.take()\n" +
			"\t}\n",
		"the map names a block whose data came after the sync",
		"volume", "MapNames",
	},
	{
		203, "volume/layer.go",
		"\tif err := l.file.Sync(); err != nil {\n\t\treturn fatal{err}\n\t}\n\tsaved(list)\n",
		"\tsaved(list)\n",
		"a flush is answered whose map is still in memory",
		"volume", "Model",
	},
	{
		204, "volume/layer.go",
		"if generations[1] > generations[0] {",
		"if generations[1] < generations[0] {",
		"a volume goes back to the flush before the last when it is opened",
		"volume", "NewestCopy|Model",
	},
	{
		205, "volume/stack.go",
		"\tif s.broken != nil {\n\t\treturn s.broken\n\t}\n",
		"",
		"a flush is answered after the kernel has dropped the pages",
		"volume", "FailedSync",
	},
	{
		206, "volume/stack.go",
		"return s.copyUp(end, tail)",
		"_ = tail\n\t\treturn nil",
		"the first write to a block of a clone wipes the rest of the block",
		"volume", "Clone|Model",
	},
	{
		207, "volume/stack.go",
		"\tif isZero(p) {\n\t\tp = nil\n\t}\n",
		"\tif isZero(p) {\n\t\treturn nil\n\t}\n",
		"what an interrupted write left shows where there were zeros",
		"volume", "Model|Interrupted",
	},
	{
		208, "volume/stack.go",
		"\tif err := s.put(p, off, n); err != nil {\n\t\treturn err\n\t}\n\ttop.has.add(first, end)\n",
		"\ttop.has.add(first, end)\n\tif err := s.put(p, off, n); err != nil {\n\t\treturn err\n\t}\n",
		"a write that fails leaves a block that hides the image's",
		"volume", "FailedFirstWrite",
	},
	{
		209, "volume/freeze.go",
		"frozen = s.m.Layers\n",
		"frozen = m.Layers\n",
		"a snapshot goes on changing with its volume",
		"volume", "CloneSnapshotReset",
	},
	{
		210, "volume/stack.go",
		"\t\ts.redo.mark(first, end)\n",
		"",
		"what is written while layers are merged is lost",
		"volume", "MergeKeeps",
	},
	{
		211, "volume/mergepair.go",
		" || m.Base == i+1 {",
		" {",
		"a reset leads to what was written, not to the image",
		"volume", "MergePair",
	},
	{
		212, "volume/mergecopy.go",
		"return m.lower.sync()",
		"return nil",
		"a power cut after a merge loses what was merged",
		"volume", "MergeKeeps",
	},
	{
		213, "volume/manifest.go",
		"\tif err == nil {\n\t\terr = f.Sync()\n\t}\n",
		"",
		"a power cut leaves an empty manifest, and the volume is gone",
		"volume", "Model",
	},
	{
		214, "volume/manifest.go",
		"\tif err := d.fs.SyncDir(\".\"); err != nil {\n\t\treturn fatal{err}\n\t}\n",
		"",
		"a snapshot that was answered is not there after a power cut",
		"volume", "Model",
	},
	{
		215, "volume/disk.go",
		"case as == reader && s.users[writer] > 0, as == writer",
		"case as == writer",
		"a machine reads from a volume that another one changes",
		"volume", "WhoMayHave",
	},
	{
		216, "volume/stack.go",
		"want = exclusive",
		"want = shared",
		"two processes write to one volume",
		"volume", "Another|WhoMay",
	},
	{
		217, "volume/delete.go",
		"\t\tif err := s.idle(); err != nil {\n\t\t\treturn err\n\t\t}\n",
		"",
		"a volume that a machine runs from is deleted",
		"volume", "Delete|WhoMay",
	},
	{
		218, "volume/delete.go",
		"\t\tif err := d.independent(s.m); err != nil {\n\t\t\treturn err\n\t\t}\n",
		"",
		"an image that volumes were made from is deleted",
		"volume", "Delete|Clone",
	},
	{
		219, "volume/sweep.go",
		"\tif errors.Is(err, ErrDamaged) || errors.Is(err, ErrFormat) {\n\t\treturn nil\n\t}\n",
		"\tif errors.Is(err, ErrDamaged) || errors.Is(err, ErrFormat) {\n\t\terr = nil\n\t}\n",
		"one damaged manifest, and the data of all volumes is swept away",
		"volume", "DamagedManifest",
	},
	{
		220, "volume/sweep.go",
		"\tif err := lock(f, exclusive); err != nil {\n\t\treturn err\n\t}\n",
		"",
		"an image that another process is writing is swept away",
		"volume", "Another|Sweep|OneOfMany",
	},
	{
		221, "volume/atomic.go",
		"\t\tif err = s.write(p, off, n); err == nil {\n\t\t\terr = s.sync()\n\t\t}\n",
		"\t\terr = s.write(p, off, n)\n",
		"a power cut tears an atomic write that was answered",
		"volume", "Model|Atomic",
	},
	{
		222, "volume/atomic.go",
		"\t_, err = f.WriteAt(encodeAtomic(p, off), 0)\n\tif err == nil {\n\t\terr = f.Sync()\n\t}\n",
		"\t_, err = f.WriteAt(encodeAtomic(p, off), 0)\n",
		"a power cut leaves half an atomic write",
		"volume", "Model|Atomic",
	},
	{
		223, "volume/atomic.go",
		"binary.BigEndian.Uint32(b[24:]) == checksum(b, 24)",
		"checksum(b, 24) != 0",
		"a record that is half there is written over good data",
		"volume", "AtomicRecord",
	},
	{
		224, "volume/disk.go",
		"\tif k.role == reader {\n\t\treturn ErrReadOnly\n\t}\n",
		"",
		"a machine writes to an image that others boot from",
		"volume", "ReadOnly",
	},
	{
		225, "volume/room.go",
		"\t\treturn syscall.ENOSPC\n",
		"\t\t_ = syscall.ENOSPC\n\t\treturn nil\n",
		"volumes fill the disk, and the database cannot write",
		"volume", "Full",
	},
	{
		226, "volume/create.go",
		"\tif err := b.file.Sync(); err != nil {\n\t\treturn err\n\t}\n",
		"",
		"an image is called active whose data a power cut takes",
		"volume", "Model",
	},
	{
		227, "volume/create.go",
		"\t\tif err == io.EOF {\n",
		"\t\tif err == io.EOF || err == io.ErrUnexpectedEOF {\n",
		"half a download becomes an image",
		"volume", "Import",
	},
	{
		228, "volume/verify.go",
		"s != nil && !s.fits(b, p)",
		"s != nil && s.fits(b, nil)",
		"a scrub calls a rotten image whole",
		"volume", "Verify",
	},
	{
		229, "volume/stack.go",
		"return top.file.Punch(top.data+off, n)",
		"return nil",
		"what an owner erased is there for the next",
		"volume", "Disk|Model",
	},
	{
		230, "volume/delete.go",
		"\t\tif err := d.forget(id + reservationsSuffix); err != nil {\n\t\t\treturn err\n\t\t}\n",
		"",
		"the reservations of a deleted volume keep machines from the next of its name",
		"volume", "Reservations",
	},
	{
		231, "volume/delete.go",
		"return slices.Contains(o.Layers, m.top())",
		"return false",
		"the image that volumes stand on is deleted",
		"volume", "Clone",
	},

	{
		251, "volume/image/version.go",
		"return now.etag == v.etag",
		"return true",
		"an image is put together from two files",
		"volume/image", "Download",
	},
	{
		252, "volume/image/download.go",
		"code == http.StatusPartialContent && d.first.continues(res, d.at)",
		"code == http.StatusPartialContent",
		"an image is put together from two files, or has a hole",
		"volume/image", "Download",
	},
	{
		253, "volume/image/download.go",
		"if err == nil && sum.Sum64() != d.sum.Sum64() {",
		"if err == nil && sum.Sum64() == 0 {",
		"the end of a new file follows the beginning of the old one",
		"volume/image", "Download",
	},
	{
		254, "volume/image/import.go",
		"len(in.want) > 0 && !bytes.Equal(got, in.want)",
		"len(in.want) > 0 && bytes.Equal(got, nil)",
		"an image that was tampered with is imported despite its checksum",
		"volume/image", "Import|Refused",
	},
	{
		255, "volume/image/download.go",
		"err == io.EOF && (d.total() < 0 || d.at == d.total())",
		"err == io.EOF",
		"half a download becomes an image",
		"volume/image", "Download",
	},
	{
		256, "volume/image/import.go",
		"a.left -= int64(n); a.left < 0",
		"a.left -= int64(n); a.left < -1<<62",
		"a compressed bomb fills the disk",
		"volume/image", "Refused|Import",
	},
	{
		257, "volume/image/download.go",
		"\t\treq.Header.Set(\"If-Range\", d.first.validator())\n",
		"",
		"servers that would tell of a new file are not asked",
		"volume/image", "Download",
	},
}
