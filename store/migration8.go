package store

// tableOfLogins leads from schema 7 to 8: a restart does not sign everybody out.
var tableOfLogins = []string{
	`CREATE TABLE logins (
    token  TEXT PRIMARY KEY, -- SHA-256 of the cookie's, in hex
    user   TEXT NOT NULL,
    proof  TEXT NOT NULL, -- of the account as it was; another password ends the login
    begun  INTEGER NOT NULL,
    used   INTEGER NOT NULL,
    keep   INTEGER NOT NULL -- for months: a wall display
) STRICT`,
}
