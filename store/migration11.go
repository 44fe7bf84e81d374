package store

// tablesOfHistory lead from schema 10 to 11: history with beginnings and ends, what BMCs tell, and reports
// that a restart must not lose. The errors that the log has of a node are its history so far.
var tablesOfHistory = []string{
	`CREATE TABLE histories (
    id                     INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid                   TEXT NOT NULL UNIQUE,
    node_uuid              TEXT NOT NULL REFERENCES nodes (uuid) ON DELETE CASCADE,
    severity               TEXT NOT NULL, -- INFO, ERROR
    event_type             TEXT NOT NULL,
    event                  TEXT NOT NULL,
    user                   TEXT, -- whose request caused it
    state                  TEXT, -- of the node, then
    target_provision_state TEXT,
    duration_seconds       INTEGER, -- since the node entered the state
    created_at             INTEGER NOT NULL
) STRICT`,
	`CREATE INDEX histories_node ON histories (node_uuid, id)`,
	`CREATE TABLE parts (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    node_uuid  TEXT NOT NULL REFERENCES nodes (uuid) ON DELETE CASCADE,
    kind       TEXT NOT NULL, -- bios, firmware
    name       TEXT NOT NULL,
    facts      TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(facts)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER,
    UNIQUE (node_uuid, kind, name)
) STRICT`,
	`CREATE TABLE reports (
    node_uuid   TEXT PRIMARY KEY REFERENCES nodes (uuid) ON DELETE CASCADE,
    inventory   TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(inventory)),
    plugin_data TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(plugin_data)),
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER
) STRICT`,
	`INSERT INTO histories (uuid, node_uuid, severity, event_type, event, user, created_at)
    SELECT printf('00000000-0000-8000-8000-%012x', e.seq), e.node, 'ERROR', 'error', e.detail, e.user, e.at
    FROM events AS e JOIN nodes AS n ON n.uuid = e.node AND e.at >= n.created_at WHERE e.kind = 'error' ORDER BY e.seq`,
}
