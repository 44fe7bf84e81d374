package main

// ofDHCP are mutants of DHCP.
var ofDHCP = []mutant{
	{
		421, "bootsrv/dhcp/full.go",
		"lease, err = s.pool(x.net).hold(tx, x.mac, claimed, x.known(), leaseTime)\n\t\treturn err",
		"lease, err = s.pool(x.net).hold(tx, x.mac, claimed, x.known(), leaseTime)\n\t\t_ = err\n\t\treturn nil",
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
		"\tif !s.conflicts.Take(time.Now()) {\n\t\treturn nil, nil // a client",
		"\tif s.conflicts == nil {\n\t\treturn nil, nil // a client",
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
		"case !renewing && !n.yield && !n.prefix.Contains(claimed):",
		"case !renewing && !n.prefix.Contains(claimed):",
		"clients of another DHCP server lose their addresses",
		"bootsrv/dhcp", "Verdict",
	},
	{
		427, "bootsrv/dhcp/lease.go",
		"case l == nil && (!free.IsValid() || a == want):",
		"case l == nil && !free.IsValid() || a == want:",
		"a client is given the address that it wants, another's",
		"bootsrv/dhcp", "Choose",
	},
	{
		428, "bootsrv/dhcp/lease.go",
		"return p.addrs.Contains(a) && a != p.own || a.IsValid() && a == p.fixed",
		"return p.addrs.Contains(a) || a.IsValid() && a == p.fixed",
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
		"if x.hearsay || x.net.leases ||",
		"if x.net.leases ||",
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
		438, "bootsrv/dhcp/relay.go",
		"x.hearsay = s.Card(ctx, r.Address.Addr()).String() != x.Card.String()",
		"x.hearsay = false",
		"any host on the network speaks for the machines behind a relay",
		"bootsrv/dhcp", "ForgedRelay",
	},
	{
		439, "bootsrv/dhcp/relay.go",
		"return relayed(x.Packet) && !x.net.relayed && !s.Address.Contains(",
		"return false && !s.Address.Contains(",
		"machines behind a relay get addresses of another network",
		"bootsrv/dhcp", "UnknownRelay",
	},
	{
		440, "bootsrv/dhcp/lease.go",
		"case !enrolled && usable <= kept:",
		"case !enrolled && usable <= 0:",
		"strangers take the addresses that enrolled machines need",
		"bootsrv/dhcp", "Choose|Strangers",
	},
}
