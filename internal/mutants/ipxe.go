package main

// ofIPXE are mutants of the scripts of iPXE.
var ofIPXE = []mutant{
	{
		451, "ipxe/value.go",
		"\tcase strings.Contains(v, \"${\"):\n",
		"\tcase strings.Contains(v, \"${x\"):\n",
		"a property runs as a setting in the boot script",
		"ipxe", "Refuses",
	},
	{
		452, "ipxe/value.go",
		"return r <= ' ' || r > '~' }) >= 0:",
		"return r < ' ' || r > '~' }) >= 0:",
		"a property ends its command and begins another",
		"ipxe", "Refuses",
	},
	{
		453, "ipxe/volume.go",
		`s.add("clear %s ||", c.setting)`,
		"_ = c.setting",
		"one disk's secret is offered to another disk's array",
		"ipxe", "Attaches|Credentials",
	},
	{
		454, "ipxe/retry.go",
		"\ts.end(PowerOff)\n",
		"\ts.end(NextDevice)\n",
		"a machine without its volume runs what it finds on its own disk",
		"ipxe", "GivesUp",
	},
	{
		455, "ipxe/value.go",
		"\t\tif alphanumeric(r) || strings.ContainsRune",
		"\t\tif r > ' ' || strings.ContainsRune",
		"the name of a node runs as a command of the boot script",
		"ipxe", "Notice|Attaches",
	},
	{
		456, "ipxe/load.go",
		`		if word, err = field("kernel_append_params", word); err != nil {`,
		`		if _, err := field("kernel", b.Kernel); err != nil {`,
		"an argument of a kernel runs as a setting in the boot script",
		"ipxe", "BootLoadRefuses",
	},
	{
		457, "bootsrv/decide.go",
		"	if m.plan().Load != nil || m.plan().Kernel != nil {\n		return true\n",
		"	if m.plan().Load != nil || m.plan().Kernel != nil {\n		return false\n",
		"a neighbour reads the passwords in the arguments of a machine's kernel",
		"bootsrv", "DecideLoads|DecideKernel",
	},
	{
		458, "ipxe/attach.go",
		"&& sanunhook --drive %#[1]x || goto %[3]s",
		"&& sanunhook --drive %#[1]x || isset %[3]s ||",
		"an operating system waits minutes for a portal that is gone",
		"ipxe", "Paths",
	},
	{
		459, "bootsrv/dhcp6/relay.go",
		"!bytes.Equal(s.Card(ctx, u.link), d.card)",
		"s.Card(ctx, u.link) == nil",
		"any host on the network speaks for the machines behind a relay of IPv6",
		"bootsrv/dhcp6", "Forward",
	},
}
