package store

// identities leads from schema 2 to 3: the appliance has an id, and a grant the serial
// number of its unit. What machines have seen keeps the serial number that it had.
var identities = []string{
	`CREATE TABLE appliance (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    uuid TEXT NOT NULL
) STRICT`,
	`INSERT INTO appliance (id, uuid) SELECT 1, lower(substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-4' || substr(h, 14, 3)
    || '-a' || substr(h, 18, 3) || '-' || substr(h, 21, 12)) FROM (SELECT hex(randomblob(16)) AS h)`,
	`CREATE TABLE kept_serials (
    volume TEXT PRIMARY KEY
) STRICT`,
	`INSERT OR IGNORE INTO kept_serials (volume) SELECT volume FROM grants WHERE volume NOT IN (SELECT uuid FROM volumes)`,
	`INSERT OR IGNORE INTO kept_serials (volume) SELECT t.volume_id FROM volume_targets t
	WHERE t.volume_type = 'iscsi' AND t.volume_id NOT IN (SELECT uuid FROM volumes)`,
	`INSERT OR IGNORE INTO kept_serials (volume) SELECT i.uuid FROM volume_targets t JOIN images i ON i.name = t.volume_id WHERE ` +
		`t.volume_type = 'iscsi'`,
	`DROP INDEX grants_node`,
	`DROP INDEX grants_volume`,
	`ALTER TABLE grants RENAME TO grants_2`,
	`CREATE TABLE grants (
    iqn             TEXT PRIMARY KEY,
    target_uuid     TEXT UNIQUE REFERENCES volume_targets (uuid) ON DELETE CASCADE,
    node_uuid       TEXT REFERENCES nodes (uuid) ON DELETE CASCADE, -- of the target
    attachment_uuid TEXT UNIQUE REFERENCES attachments (uuid) ON DELETE CASCADE,
    volume          TEXT NOT NULL, -- a UUID, or the name of a raw file
    serial          TEXT NOT NULL, -- of the unit, as the initiator sees it
    read_only       INTEGER NOT NULL DEFAULT 0,
    initiator       TEXT NOT NULL,
    portal          TEXT, -- where the node reaches the target
    user            TEXT NOT NULL,
    secret          TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    CHECK ((target_uuid IS NULL) <> (attachment_uuid IS NULL)),
    CHECK ((target_uuid IS NULL) = (node_uuid IS NULL))
) STRICT`,
	`INSERT INTO grants (rowid, iqn, target_uuid, node_uuid, attachment_uuid, volume, serial, read_only, initiator, portal, user, secret, created_at)
	SELECT rowid, iqn, target_uuid, node_uuid, attachment_uuid, volume, volume, read_only, initiator, portal, user, secret, created_at FROM grants_2`,
	`DROP TABLE grants_2`,
	`CREATE INDEX grants_node ON grants (node_uuid)`,
	`CREATE INDEX grants_volume ON grants (volume)`,
}
