package store

// tablesOfHooks leads from schema 12 to 13: who is told of events, and what they did not take.
var tablesOfHooks = []string{
	`CREATE TABLE hooks (
    uuid         TEXT PRIMARY KEY,
    url          TEXT NOT NULL, -- may be a secret
    secret       TEXT NOT NULL, -- the key of the signatures
    kinds        TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(kinds)), -- a list; an empty one is all
    node         TEXT, -- no foreign key: the log outlives the node
    enabled      INTEGER NOT NULL DEFAULT 1,
    position     INTEGER NOT NULL, -- of the last event that needs no delivery any more
    attempts     INTEGER NOT NULL DEFAULT 0, -- at the next that failed
    failures     INTEGER NOT NULL DEFAULT 0, -- in a row
    retry_at     INTEGER,
    last_error   TEXT,
    delivered_at INTEGER,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER
) STRICT`,
	`CREATE TABLE dead_letters (
    uuid       TEXT PRIMARY KEY,
    hook_uuid  TEXT NOT NULL REFERENCES hooks (uuid) ON DELETE CASCADE,
    seq        INTEGER NOT NULL, -- of the event, which the log may have forgotten
    body       TEXT NOT NULL,
    attempts   INTEGER NOT NULL,
    error      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER
) STRICT`,
	`CREATE INDEX dead_letters_hook ON dead_letters (hook_uuid)`,
}
