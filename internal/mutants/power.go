package main

// ofPower are mutants of the power of machines.
var ofPower = []mutant{
	{
		471, "power/ipmi/power.go",
		"\tif err != nil || state == o.want || time.Now().Before(o.due) {\n",
		"\tif err != nil || state == o.want || o.given > 0 {\n",
		"a BMC that forgot the order leaves the machine on, for another to take its volume",
		"power/ipmi", "Repeated|Orders",
	},
	{
		472, "power/ipmi/power.go",
		"\t\tcase there:\n\t\t\treturn nil\n",
		"\t\tcase there, o.given > 0 && err == nil:\n\t\t\treturn nil\n",
		"a volume is taken away while the machine still writes",
		"power/ipmi", "Power|Orders|Nothing",
	},
	{
		473, "power/ipmi/driver.go",
		"\t\tif errors.As(err, &code) && limit.Pause(ctx, d.c.Pause) == nil {\n" +
			"\t\t\terr = setFlags(ctx, s, flags)\n" +
			"\t\t}\n",
		"",
		"a BMC's hiccup keeps a machine from its volume",
		"power/ipmi", "BootOptions|BootDevice",
	},
	{
		474, "power/ipmi/driver.go",
		`return fmt.Errorf("it refuses the boot device %s: %w", device, refusal{code})`,
		"return nil",
		"a machine whose boot device was refused runs what is on its disk",
		"power/ipmi", "BootOptions",
	},
	{
		475, "power/ipmi/driver.go",
		"\tdefer g.leave()\n",
		"\tg.leave()\n",
		"two sessions at once confuse a BMC, and an order is lost",
		"power/ipmi", "Turns",
	},
	{
		476, "power/ipmi/bootflags.go",
		"if len(b) < 2 || b[0]&flagsValid == 0 {",
		"if len(b) < 2 {",
		"flags that the firmware will not heed pass for a boot device",
		"power/ipmi", "Flags",
	},
	{
		477, "power/ipmi/rmcp/setup20.go",
		"if !hmac.Equal(b[40:40+full], h.proofOfBMC(password)) {",
		"if hmac.Equal(b[40:40+full], nil) {",
		"an impostor that answers for the BMC receives the proof of the password",
		"power/ipmi", "Hiccup",
	},
	{
		478, "power/ipmi/rmcp/setup20.go",
		"if err == nil && !hmac.Equal(b[8:8+h.suite.code], h.proofOfKeys(sik)) {",
		"if err == nil && hmac.Equal(b[8:8+h.suite.code], nil) {",
		"a wrong Kg key passes for the right one",
		"power/ipmi/rmcp", "",
	},
	{
		479, "power/ipmi/power.go",
		"if order == controlDiagnostic {",
		"if order == controlDiagnostic+8 {",
		"one diagnostic interrupt is given twice",
		"power/ipmi", "NMI|Hiccup",
	},
	{
		480, "power/ipmi/gate.go",
		"if !errors.Is(err, rmcp.ErrSuite) && !errors.Is(err, rmcp.ErrLevel) {",
		"if errors.Is(err, rmcp.ErrBusy) {",
		"a wrong password is tried with every suite, and the BMC locks the user out",
		"power/ipmi", "",
	},
}
