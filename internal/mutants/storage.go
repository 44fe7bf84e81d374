package main

// ofStorage are mutants of the storage interfaces and their grants.
var ofStorage = []mutant{
	{
		601, "storage/exports.go",
		"if !strings.EqualFold(grant.Initiator, initiator) {\n\t\treturn block.Grant{}",
		"if grant.Initiator == \"\" {\n\t\treturn block.Grant{}",
		"any initiator that learns a target's name opens it",
		"storage", "WhoIsRefused",
	},
	{
		602, "storage/exports.go",
		"return block.Grant{Device: s.device, User: grant.User, Secret: grant.Secret}, nil",
		"return block.Grant{Device: s.device}, nil",
		"a login needs no secret",
		"storage", "WhoIsRefused",
	},
	{
		603, "storage/exports.go",
		"\te.target.End(iqn)\n",
		"",
		"a machine whose volume was taken away goes on writing",
		"storage", "Detach|Sessions",
	},
	{
		604, "storage/managed.go",
		"\tm.end(gone)\n",
		"\tm.end(gone[:0])\n",
		"a machine whose volume was taken away goes on writing",
		"storage", "Detach",
	},
	{
		605, "storage/managed.go",
		"\tm.end(stale)\n",
		"\tm.end(stale[:0])\n",
		"a machine goes on writing to a volume that its target no longer names",
		"storage", "Attach",
	},
	{
		606, "storage/managed.go",
		"case u.Node == n.UUID, ro && u.ReadOnly, pool.Holds(n, t) && !u.Live():",
		`case u.Node == n.UUID, ro && u.ReadOnly, u.Node != "":`,
		"two machines write to one volume",
		"storage", "AttachRefuses|Readers|Validate",
	},
	{
		607, "storage/grant.go",
		"return t.Options().ReadOnly || v != nil && v.ReadOnly, err",
		"return t.Options().ReadOnly || v != nil && v.ReadOnly && t.Options().ReadOnly, err",
		"a machine writes to a volume that is for reading only",
		"storage", "ReadOnlyForAll",
	},
	{
		608, "storage/exportkeeper.go",
		"if err != nil || !mine {",
		"if err != nil || !mine && rest == nil {",
		"a machine meets the reservations of the one that had the volume before",
		"storage", "Reservations",
	},
	{
		609, "storage/ephemeral.go",
		"\tcase err == nil:\n\t\treturn nil, nil\n\tcase !errors.Is(",
		"\tcase err != nil && !errors.Is(",
		"the disk of a machine that runs is reset under it",
		"storage", "Running",
	},
	{
		610, "storage/grant.go",
		"if at < 0 || volumes[g.Target] != g.Volume {",
		"if at < 0 {",
		"the login and the secret of a volume stay good when the target names another",
		"storage", "AttachFollows",
	},
	{
		611, "storage/exports.go",
		"\t\t\tif strings.EqualFold(g.Initiator, initiator) {\n",
		"\t\t\tif g.Initiator != \"\" {\n",
		"every machine learns which volumes the others have",
		"storage", "Discovery",
	},
	{
		612, "storage/exports.go",
		"is gone\", \"target\", iqn)\n\t\te.withdraw(iqn, s, true)\n",
		"is gone\", \"target\", iqn, \"volume\", s.volume)\n",
		"the sessions of a machine that was deleted go on",
		"storage", "DeletedNode",
	},
}
