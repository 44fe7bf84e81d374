package store

// wallsAndViews leads from schema 9 to 10: links to the wall of machines, and saved views.
var wallsAndViews = []string{
	`CREATE TABLE walls (
    name       TEXT PRIMARY KEY,
    token      TEXT NOT NULL, -- SHA-256 of the link's, in hex
    created_at INTEGER NOT NULL
) STRICT`,
	`CREATE TABLE views (
    name       TEXT PRIMARY KEY,
    query      TEXT NOT NULL, -- of the address of the page
    created_at INTEGER NOT NULL
) STRICT`,
}
