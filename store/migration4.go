package store

// newestInterface leads from schema 3 to 4: what API 1.83 to 1.115 added to nodes, ports
// and port groups, runbooks and inspection rules.
var newestInterface = []string{
	"ALTER TABLE nodes ADD COLUMN firmware_interface TEXT AS (interfaces ->> '$.firmware')",
	"ALTER TABLE nodes ADD COLUMN service_step TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(service_step))",
	"ALTER TABLE nodes ADD COLUMN disable_power_off INTEGER DEFAULT 0",
	"ALTER TABLE nodes ADD COLUMN instance_name TEXT",
	"ALTER TABLE nodes ADD COLUMN parent_node TEXT",
	"ALTER TABLE nodes ADD COLUMN health TEXT",
	"ALTER TABLE ports ADD COLUMN name TEXT",
	"ALTER TABLE ports ADD COLUMN description TEXT",
	"ALTER TABLE ports ADD COLUMN vendor TEXT",
	"ALTER TABLE ports ADD COLUMN category TEXT",
	"ALTER TABLE ports ADD COLUMN available_for_dynamic_portgroup INTEGER NOT NULL DEFAULT 1",
	"CREATE UNIQUE INDEX ports_name ON ports (name)",
	"ALTER TABLE portgroups ADD COLUMN physical_network TEXT",
	"ALTER TABLE portgroups ADD COLUMN category TEXT",
	"ALTER TABLE portgroups ADD COLUMN dynamic_portgroup INTEGER NOT NULL DEFAULT 0",
	`CREATE TABLE runbooks (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid            TEXT NOT NULL UNIQUE,
    name            TEXT NOT NULL UNIQUE,
    steps           TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(steps)), -- a list
    disable_ramdisk INTEGER NOT NULL DEFAULT 0,
    public          INTEGER NOT NULL DEFAULT 0,
    owner           TEXT,
    description     TEXT,
    traits          TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(traits)), -- a list
    extra           TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(extra)),
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER
) STRICT`,
	`CREATE TABLE inspection_rules (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid        TEXT NOT NULL UNIQUE,
    description TEXT,
    phase       TEXT NOT NULL,
    priority    INTEGER NOT NULL DEFAULT 0,
    sensitive   INTEGER NOT NULL DEFAULT 0,
    conditions  TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(conditions)), -- a list
    actions     TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(actions)),    -- a list
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER
) STRICT`,
}
