package main

// ofConductor are mutants of the verbs, the states and the records of nodes.
var ofConductor = []mutant{
	{
		501, "conductor/power.go",
		"\t\tc.withdraw(context.WithoutCancel(ctx), n)\n",
		"",
		"a machine that could not be switched on keeps the right to log in",
		"conductor", "Power",
	},
	{
		502, "conductor/power.go",
		"\tc.withdraw(ctx, n)\n\treturn baremetal.PowerOff, nil\n",
		"\treturn baremetal.PowerOff, nil\n",
		"the volumes of a machine that is off stay reserved for it",
		"conductor", "Power",
	},
	{
		503, "conductor/power.go",
		"\tif err := power.Set(ctx, n, target); err != nil {\n" +
			"\t\treturn c.seen(n, power), err\n" +
			"\t}\n" +
			"\tc.withdraw(ctx, n)\n",
		"\tc.withdraw(ctx, n)\n" +
			"\tif err := power.Set(ctx, n, target); err != nil {\n" +
			"\t\treturn c.seen(n, power), err\n" +
			"\t}\n",
		"a machine loses its disk while it shuts down",
		"conductor", "Power",
	},
	{
		504, "conductor/works.go",
		"\t\tif err := c.power(ctx, n, baremetal.PowerOff); err != nil {\n\t\t\treturn err\n\t\t}\n",
		"\t\t_ = c.power(ctx, n, baremetal.PowerOff)\n",
		"a machine that could not be switched off loses its disk, and the next one has it",
		"conductor", "TearDown|Purges|SwitchedOff",
	},
	{
		505, "conductor/flow.go",
		"steps[:i+1], f.failed(",
		"steps[:i], f.failed(",
		"a failed deployment leaves the machine on and its volumes attached",
		"conductor", "Undone",
	},
	{
		506, "conductor/volumeboot.go",
		`return err == nil && device == "pxe" && len(scripts) > 0`,
		`return err == nil && device == "pxe" && len(scripts) >= 0`,
		"a BIOS machine whose boot device was refused runs what an earlier user left on its disk",
		"conductor", "BootDevice",
	},
	{
		507, "fleet/lock.go",
		`if n.Reservation == "" {`,
		`if n.Reservation != "another" {`,
		"two verbs work on one machine at once",
		"conductor fleet", "OneThing|Refused|EditsWait",
	},
	{
		508, "conductor/conductor.go",
		"\t\tif c.base.Err() != nil {\n\t\t\treturn\n\t\t}\n\t\tif err := c.release(node)",
		"\t\tif err := c.release(node)",
		"a task that a shutdown cut short is not found at the next start",
		"conductor", "CloseLeaves",
	},
	{
		509, "conductor/recover.go",
		"if n.ProvisionState.Transient() {",
		`if n.ProvisionState.Transient() && n.Name == "" {`,
		"a machine is deploying for ever after a restart",
		"conductor", "Recover",
	},
	{
		510, "conductor/provision.go",
		"if event != baremetal.VerbRebuild && event != baremetal.VerbDelete {",
		"if event != baremetal.VerbRebuild {",
		"a protected machine is undeployed",
		"conductor", "RulesOfTheNode",
	},
	{
		511, "conductor/provision.go",
		"if n.Maintenance && deploys {",
		"if n.Maintenance && !deploys {",
		"a machine is deployed while it is repaired",
		"conductor", "Node",
	},
	{
		512, "conductor/provision.go",
		"events = append(events, enterState(n, next, now))",
		"_ = enterState(n, next, now)",
		"the state changes and no event reports it",
		"conductor", "Events",
	},
	{
		513, "conductor/provision.go",
		"return tx.Append(enterState(n, next, tx.Now()))",
		"_ = enterState(n, next, tx.Now())\n\t\treturn nil",
		"the state changes and no event reports it",
		"conductor", "Events",
	},
	{
		514, "conductor/provision.go",
		"\t\tif !ok {\n\t\t\treturn fleet.Refuse(r.Target, n.UUID, string(n.ProvisionState))\n\t\t}\n",
		"\t\t_ = ok\n",
		"a verb that is not legal in a state is carried out",
		"conductor", "Verb",
	},
	{
		515, "conductor/works.go",
		"\t\tif t.Options().Keep {\n",
		"\t\tif t.Options().Keep && t.UUID == \"\" {\n",
		"a volume that was to be kept goes at tear-down",
		"conductor", "TearDown",
	},
	{
		516, "conductor/works.go",
		`n.InstanceInfo, n.InstanceUUID, n.InstanceName = nil, "", ""`,
		`n.InstanceUUID, n.InstanceName = "", ""`,
		"the next user of a machine reads the last one's config drive",
		"conductor", "TearDown",
	},
	{
		517, "conductor/power.go",
		"\t\tfleet.ForgetAgent(n)\n",
		"",
		"the secret of a ramdisk outlives it",
		"conductor", "Ramdisk",
	},
	{
		518, "conductor/sync.go",
		"\t\tc.withdraw(ctx, n)\n",
		"",
		"a machine that went off by itself keeps the right to log in",
		"conductor", "PowerSync",
	},
	{
		519, "conductor/provision.go",
		"\t\treturn c.validateDeploy(tx, n)\n",
		"\t\treturn nil\n",
		"a machine that cannot boot is switched off and on for nothing",
		"conductor", "Deploy",
	},
	{
		520, "conductor/power.go",
		"if state == baremetal.PowerOff || before == baremetal.PowerOff && state != baremetal.PowerOn {",
		`if state != "" {`,
		"a machine that runs loses its disk because a reboot failed",
		"conductor", "Power",
	},
	{
		521, "baremetal/transitions.go",
		"\t{Active, VerbDelete, Deleting},\n",
		"\t{Active, VerbDelete, Deleting},\n\t{Active, VerbDeploy, Deploying},\n",
		"a machine in use is deployed over",
		"baremetal", "Transitions",
	},
	{
		522, "fleet/refusals.go",
		"if !n.Protected {",
		`if !n.Protected || n.Name != "" {`,
		"a protected machine is rebuilt or deleted",
		"conductor fleet", "RulesOfTheNode|Flags|RulesOverStates",
	},
}
