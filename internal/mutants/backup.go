package main

// ofBackup are mutants of the backups and their schedule.
var ofBackup = []mutant{
	{
		901, "appliance/backup/name.go",
		"return n.At.After(now.Add(ahead))",
		"return false",
		"backups by a clock that was wrong have each new one deleted",
		"appliance/backup", "TestPrune",
	},
	{
		902, "appliance/backup/directory.go",
		`os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*"+partSuffix)`,
		`os.OpenFile(path+partSuffix, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)`,
		"two backups at once write to one file",
		"appliance/backup", "TestTwoAtOnce",
	},
	{
		903, "appliance/schedule.go",
		`return fmt.Errorf("%w; older backups stay until one has all", partly)`,
		`return fmt.Errorf("%w, %w", partly, backup.Prune(ctx, a.shelf, b.Keep, time.Now()))`,
		"a backup that lacks a volume displaces the last that has it",
		"cli", "TestABackupThatLacksSomethingDisplacesNone",
	},
	{
		904, "appliance/backup.go",
		"return AsOwner(data, func() error { return backupHere(ctx, data, o, p, w) })",
		"return backupHere(ctx, data, o, p, w)",
		"a backup by root leaves files that the appliance cannot open",
		"cli", "TestRootLeavesNothingOfItsOwn",
	},
}
