package main

// ofVolume are mutants of layers, their stacks and merges.
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
}
