package main

// ofWeb are mutants of the pages and their login.
var ofWeb = []mutant{
	{
		801, "web/mask.go",
		"\t\tif !baremetal.Public(f.Name) {\n",
		"\t\tif !baremetal.Public(f.Name) && f.Name == \"\" {\n",
		"the page shows BMC passwords",
		"web", "Guarded|MachinePage",
	},
	{
		802, "web/mask.go",
		"\t\treturn baremetal.InstanceSecrets.MaskText(v)\n",
		"\t\treturn v\n",
		"the page shows the password in an address",
		"web", "Guarded|MachinePage",
	},
	{
		803, "web/login.go",
		`if r.Header.Get(signature) == "1" {`,
		`if r.Header.Get(signature) != "none" {`,
		"a link of another page calls the API with the session of the reader who clicks it",
		"web", "Signed",
	},
	{
		804, "web/login.go",
		"\t\treturn w.foreign.Check(r) == nil\n",
		"\t\treturn true\n",
		"a page of another site calls the API with the session of its reader",
		"web", "Signed|Foreign",
	},
	{
		805, "web/login.go",
		"\t\tif w.Login == nil || w.sessions.find(r, w.now()) != nil {\n\t\t\tnext(rw, r)\n",
		"\t\tif w.sessions.find(r, w.now()) != nil || w.Login != nil {\n\t\t\tnext(rw, r)\n",
		"pages are shown without a login",
		"web", "WithoutLogin",
	},
	{
		806, "web/login.go",
		"HttpOnly: true",
		"HttpOnly: false",
		"a script reads the session's cookie",
		"web", "Cookie",
	},
	{
		807, "web/session.go",
		"now.Sub(s.Used) > idle || now.Sub(s.Begun) > lifetime",
		"now.Sub(s.Used) > idle",
		"a stolen session never ends",
		"web", "SessionsExpire|Life",
	},
	{
		808, "web/login.go",
		"u.Host != \"\" || u.Opaque != \"\" || !strings.HasPrefix(path.Clean(u.Path), \"/ui/\") {\n" +
			"\t\treturn \"/ui/\"\n" +
			"\t}\n" +
			"\treturn (&url.URL{Path: path.Clean(u.Path)}).String()",
		"u.Opaque != \"\" || !strings.HasPrefix(path.Clean(u.Path), \"/ui/\") {\n" +
			"\t\treturn \"/ui/\"\n" +
			"\t}\n" +
			"\treturn next",
		"the login page leads to another site's",
		"web", "Local",
	},
	{
		809, "web/login.go",
		"w.sprays.Take(from, w.now())); wait > 0 {",
		"w.sprays.Take(from, w.now())); wait < 0 {",
		"passwords are guessed as fast as the processor can",
		"web", "Tries|LoginIsLimited",
	},
	{
		810, "web/session.go",
		"\tif one := s.live[key]; one != nil {\n\t\tclose(one.done)\n\t\tdelete(s.live, key)\n\t}\n",
		"\tif one := s.live[key]; one != nil {\n\t\tclose(one.done)\n\t}\n",
		"logging out ends nothing",
		"web", "Logout",
	},
	{
		811, "web/session.go",
		"if err := tx.Logins().Delete(key); !errors.Is(err, baremetal.ErrNotFound) {",
		"if _, err := tx.Logins().Find(key); !errors.Is(err, baremetal.ErrNotFound) {",
		"who has signed out is signed in again by a restart",
		"web", "SurviveARestart",
	},
	{
		812, "web/session.go",
		"if found.over(now) || found.Proof != s.proof(found.User) {",
		"if found.over(now) {",
		"a stolen session outlives the password",
		"web", "SurviveARestart",
	}, {
		813, "bootsrv/preview.go",
		"one.User, one.Secret = baremetal.Mask, baremetal.Mask",
		"one.User = baremetal.Mask",
		"a person reads a machine's secret in the preview of its script",
		"bootsrv", "Preview",
	},
	{
		814, "bootsrv/preview.go",
		"if !baremetal.Public(key) && set(value) {",
		"if key == \"\" {",
		"a person reads an array's password in the preview of a script",
		"bootsrv", "Preview",
	},
	{
		815, "api/image/parts.go",
		"case r.First != p.offset || r.Total != p.total:",
		"case r.Total != p.total:",
		"a part that comes twice is in the image twice",
		"api/image", "UploadInParts",
	},
	{
		816, "web/welcome.go",
		`w.Welcome == nil || w.Login == nil || w.foreign.Check(r) != nil`,
		`w.Welcome == nil || w.Login == nil`,
		"another site sets the first password",
		"web", "TestWelcome",
	},
	{
		817, "web/wall.go",
		`store.Where("token", baremetal.TokenHash(token))`,
		`store.Where("token", token)`,
		"a copy of the database is a link to the wall",
		"web", "TestWall",
	},
	{
		818, "web/wall.go",
		`return f.id == "strangers"`,
		`return f.id == ""`,
		"a wall is sent what is none of its business",
		"web", "TestWallFollows",
	},
	{
		819, "web/system.go",
		`	if !d.Admin {
		d.Log = nil
	}`,
		`	if d.Role == "" {
		d.Log = nil
	}`,
		"a viewer reads the log",
		"web", "TestSystemPage",
	},
	{
		820, "appliance/welcome.go",
		`w.key != "" && time.Now().Before(w.until) && subtle`,
		`time.Now().Before(w.until) && subtle`,
		"an empty key opens a link that is over",
		"appliance", "TestWelcomeEnds",
	},
	{
		821, "appliance/welcome.go",
		`	return firstUser, w.over()`,
		`	return firstUser, nil`,
		"the link of the first start works again and again",
		"appliance", "TestWelcomeSetsThePasswordOnce",
	},
	{
		822, "web/bmc.go",
		"d.Clears = err == nil && w.role(w.sessions.find(r, w.now())).Allows(baremetal.RoleOperator)",
		"d.Clears = err == nil",
		"a viewer has a button that removes the evidence",
		"web", "ViewerClears",
	},
}
