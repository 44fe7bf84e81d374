package main

// ofBootsrv are mutants of what a booting machine fetches.
var ofBootsrv = []mutant{
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
		"anyone on the network reads the CHAP secret in a machine's script",
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
		`m.plan().Volume != nil && !m.attached()`,
		`m.plan().Volume != nil && m.boot() == nil`,
		"a machine whose volume was taken away is sent to log in to it",
		"bootsrv", "Decide",
	},
	{
		405, "bootsrv/decide.go",
		"there && q.peer.speaksFor",
		"(there || true) && q.peer.speaksFor",
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
		409, "bootsrv/tftp/transfer.go",
		"if err := t.answered(ctx, begun.Add(patience)); err != nil {\n\t\treturn err\n\t}\n\tif !t.again",
		"if err := t.exchange(ctx); err != nil {\n\t\treturn err\n\t}\n\tif !t.again",
		"a forged request draws a packet after the other to its victim",
		"bootsrv/tftp", "OneHostCannotTakeAll",
	},
	{
		410, "bootsrv/tftp/serve.go",
		"if t, ok := l.open[peer]; ok {",
		"if t, ok := l.open[peer]; ok && t.block == 0 {",
		"a request whose answer was lost begins a second transfer",
		"bootsrv/tftp", "RepeatedRequest",
	},
	{
		411, "bootsrv/tftp/transfer.go",
		"if e.smoothed == 0 {\n\t\treturn time.Second",
		"if e.smoothed >= 0 {\n\t\treturn time.Second",
		"timeouts follow no round trip: a lost packet costs a second",
		"bootsrv/tftp", "Estimate",
	},
	{
		412, "internal/limit/places.go",
		"if now.Sub(idlest.last) < p.idle {",
		"if now.Sub(idlest.last) < 0 {",
		"a flood of requests ends the transfers of machines that are served",
		"internal/limit", "Places",
	},
}
