package store

// tablesOfTheAgent lead from schema 11 to 12: machines that the agent has described and that are
// not enrolled, and what the agent has said.
var tablesOfTheAgent = []string{
	`CREATE TABLE discoveries (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid        TEXT NOT NULL UNIQUE,
    mac         TEXT NOT NULL UNIQUE, -- of the card that it has booted from, else its first
    addresses   TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(addresses)), -- of all cards
    address     TEXT NOT NULL, -- from which the agent has reported
    inventory   TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(inventory)),
    plugin_data TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(plugin_data)),
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER
) STRICT`,
	`CREATE TABLE agent_logs (
    node_uuid  TEXT PRIMARY KEY REFERENCES nodes (uuid) ON DELETE CASCADE,
    after      TEXT NOT NULL, -- what the agent had done
    text       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER
) STRICT`,
}
