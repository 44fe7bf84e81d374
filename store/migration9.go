package store

// tableOfUsers leads from schema 8 to 9: accounts with roles, beside those of a file.
var tableOfUsers = []string{
	`CREATE TABLE users (
    name       TEXT PRIMARY KEY,
    role       TEXT NOT NULL, -- viewer, operator, admin
    digest     TEXT NOT NULL, -- bcrypt, of the password
    created_at INTEGER NOT NULL,
    updated_at INTEGER
) STRICT`,
}
