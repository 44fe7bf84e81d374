package main

// ofBoot are mutants of what a booting machine talks to, and of its power.
var ofBoot = []mutant{
	{
		401, "bootsrv/decide.go",
		"when:  func(q question, m Machine) bool { return m.secret() && !q.itself(m) },",
		"when:  func(q question, m Machine) bool { return m.secret() && m.Node == nil },",
		"a neighbour that takes a machine's address reads its CHAP secret",
		"bootsrv", "DecideByCard",
	},
	{
		402, "bootsrv/decide.go",
		"return m.secret() && !leased",
		"return m.secret() && m.Node == nil && !leased",
		"whoever asks for a machine's script reads its CHAP secret",
		"bootsrv", "Decide",
	},
	{
		403, "bootsrv/decide.go",
		"m.Lease.Address == q.From && m.Lease.Expires.After(q.At)",
		"m.Lease.Address == q.From",
		"the next owner of an address reads the last one's secret",
		"bootsrv", "Decide",
	},
	{
		404, "bootsrv/decide.go",
		`m.plan().Volume != nil && m.grant(m.boot()) == nil`,
		`m.plan().Volume != nil && m.boot() == nil`,
		"a machine whose volume was taken away is sent to log in to it",
		"bootsrv", "Decide",
	},
	{
		405, "bootsrv/decide.go",
		"q.peer.Interface == m.Lease.Interface && q.peer.Card",
		"q.peer.Card",
		"a card with a copied address on another network reads the secret",
		"bootsrv", "DecideByCard",
	},
	{
		406, "bootsrv/decide.go",
		"return !m.Port.PXEEnabled",
		`return m.Port.Address == ""`,
		"a card that must not boot gets the script",
		"bootsrv", "Decide",
	},

	{
		407, "bootsrv/http/http.go",
		"\tw.Header().Set(\"Retry-After\", \"2\")\n" +
			"\tnethttp.Error(w, \"not now, ask again\", nethttp.StatusServiceUnavailable)",
		"\tnethttp.Error(w, \"not now, ask again\", nethttp.StatusNotFound)",
		"machines give up while the store rests, and boot their own disks",
		"bootsrv/http", "StoreFailure",
	},
	{
		408, "bootsrv/http/http.go",
		`w.Header().Set("Cache-Control", "no-store")`,
		`w.Header().Set("Cache-Control", "max-age=3600")`,
		"a proxy keeps a script with a secret",
		"bootsrv/http", "Routes",
	},

	{
		421, "bootsrv/dhcp/full.go",
		"lease, err = s.pool().hold(tx, x.mac, claimed, x.known(), leaseTime)\n\t\treturn err",
		"lease, err = s.pool().hold(tx, x.mac, claimed, x.known(), leaseTime)\n\t\t_ = err\n\t\treturn nil",
		"a lease is acknowledged that the store refused",
		"bootsrv/dhcp", "AckIs",
	},
	{
		422, "bootsrv/dhcp/full.go",
		"\tif x.hearsay || addr(x.Packet.ServerIdentifier()) != s.Address.Addr() || x.lease == nil || " +
			"x.lease.Address != a {\n" +
			"\t\treturn nil, nil\n" +
			"\t}\n" +
			"\tif !s.conflicts",
		"\tif addr(x.Packet.ServerIdentifier()) != s.Address.Addr() || x.lease == nil || x.lease.Address != a " +
			"{\n" +
			"\t\treturn nil, nil\n" +
			"\t}\n" +
			"\tif !s.conflicts",
		"any host declines the address of a machine that runs",
		"bootsrv/dhcp", "Hearsay|Decline",
	},
	{
		423, "bootsrv/dhcp/full.go",
		"\tif !s.conflicts.Take(time.Now()) {\n\t\treturn nil, nil // whoever",
		"\tif s.conflicts == nil {\n\t\treturn nil, nil // whoever",
		"one host declines every address of the range",
		"bootsrv/dhcp", "DeclineFlood",
	},
	{
		424, "bootsrv/dhcp/full.go",
		"\tif x.hearsay || addr(x.Packet.ServerIdentifier()) != s.Address.Addr() || x.lease == nil || " +
			"x.lease.Address != a {\n" +
			"\t\treturn nil, nil\n" +
			"\t}\n" +
			"\treturn nil, s.commit",
		"\tif addr(x.Packet.ServerIdentifier()) != s.Address.Addr() || x.lease == nil || x.lease.Address != a " +
			"{\n" +
			"\t\treturn nil, nil\n" +
			"\t}\n" +
			"\treturn nil, s.commit",
		"any host gives back the address of a machine that runs",
		"bootsrv/dhcp", "Hearsay|Release",
	},
	{
		425, "bootsrv/dhcp/full.go",
		"case ours && lease.Address == claimed:",
		"case ours:",
		"an address is confirmed that is another machine's",
		"bootsrv/dhcp", "Verdict",
	},
	{
		426, "bootsrv/dhcp/full.go",
		"case !renewing && !s.Yield && !s.Address.Contains(claimed):",
		"case !renewing && !s.Address.Contains(claimed):",
		"clients of another DHCP server lose their addresses",
		"bootsrv/dhcp", "Verdict",
	},
	{
		427, "bootsrv/dhcp/lease.go",
		"if p.has(want) && taken[want] == nil {",
		"if p.has(want) {",
		"a client is given the address that it wants, another's",
		"bootsrv/dhcp", "Choose",
	},
	{
		428, "bootsrv/dhcp/lease.go",
		"func (p pool) has(a netip.Addr) bool { return p.addrs.Contains(a) && a != p.own }",
		"func (p pool) has(a netip.Addr) bool { return p.addrs.Contains(a) }",
		"a client is given our own address",
		"bootsrv/dhcp", "Choose|Unusable|Lease",
	},
	{
		429, "bootsrv/dhcp/lease.go",
		"case l.Expires.After(now) && !(enrolled && unaccepted(l)):",
		"case l.Expires.After(now) && !unaccepted(l):",
		"a flood of strangers takes the offers of others",
		"bootsrv/dhcp", "Choose|Flood|Exhaustion",
	},
	{
		430, "bootsrv/dhcp/lease.go",
		"\tcase other.Expires.After(tx.Now()):\n\t\treturn other, nil\n",
		"",
		"a forged broadcast takes a machine's lease, and with it its secret",
		"bootsrv/dhcp", "ProxyKeeps",
	},
	{
		431, "bootsrv/dhcp/lease.go",
		"\treturn lease, leases.Update(lease)\n",
		"\treturn lease, nil\n",
		"an acknowledged lease is not in the store, and the address goes to another",
		"bootsrv/dhcp", "Promises|Restart|Sticky",
	},
	{
		432, "bootsrv/dhcp/proxy.go",
		"if x.hearsay || !s.proxy.Load() ||",
		"if !s.proxy.Load() ||",
		"a forged broadcast says which address a machine has",
		"bootsrv/dhcp", "Hearsay|Proxy",
	},
	{
		433, "bootsrv/dhcp/proxy.go",
		"\tif x.port == nil {\n\t\treturn nil, s.commit(ctx, x, nil)\n\t}\n",
		"",
		"machines that are not enrolled boot from Ironhook instead of their own server",
		"bootsrv/dhcp", "ProxyLeaves",
	},
	{
		434, "bootsrv/dhcp/server.go",
		"s.proxy.Store(c.Mode != Full)",
		"s.proxy.Store(c.Mode == Off)",
		"a second DHCP server leases addresses on a network that has one",
		"bootsrv/dhcp", "Proxy|Seek",
	},
	{
		435, "bootsrv/dhcp/seek.go",
		"\tif err != nil || !other.IsValid() || s.proxy.Load() {\n",
		"\tif err != nil || other.IsValid() || s.proxy.Load() {\n",
		"one forged packet stops the leasing of addresses",
		"bootsrv/dhcp", "Seek",
	},
	{
		436, "bootsrv/dhcp/seek.go",
		"case v.silent >= silences:",
		"case v.silent > 0:",
		"one lost packet, and two DHCP servers lease addresses",
		"bootsrv/dhcp", "Sight",
	},
	{
		437, "bootsrv/dhcp/contest.go",
		"held.Address != c.address || !held.Observed",
		"held.Address != c.address",
		"a lease that we gave is moved by what another says",
		"bootsrv/dhcp", "Award|Contest",
	},

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
		454, "ipxe/volume.go",
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
		"\t\tif errors.As(err, &code) && sleep(ctx, d.c.Pause) == nil {\n" +
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
		"whoever answers for the BMC is told the proof of the password",
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
