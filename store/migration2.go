package store

// oneTableOfGrants leads from schema 1 to 2: the tables exports and attachments, and
// six keys that were copied into the properties of a volume target, become rows of
// grants. IQNs and secrets stay as they are, so that a machine that runs during the
// upgrade can log in again. Events have a user.
var oneTableOfGrants = []string{
	`DROP INDEX attachments_volume`,
	`ALTER TABLE attachments RENAME TO attachments_1`,
	`CREATE TABLE attachments (
    uuid        TEXT PRIMARY KEY,
    volume_uuid TEXT NOT NULL REFERENCES volumes (uuid),
    instance    TEXT, -- the client's own name for it
    host        TEXT,
    mountpoint  TEXT,
    read_only   INTEGER NOT NULL DEFAULT 0,
    status      TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER
) STRICT`,
	`CREATE INDEX attachments_volume ON attachments (volume_uuid)`,
	`INSERT INTO attachments (rowid, uuid, volume_uuid, instance, host, mountpoint, read_only, status, created_at, updated_at)
	SELECT rowid, uuid, volume_uuid, instance, host, mountpoint, read_only, status, created_at, updated_at FROM attachments_1`,
	`CREATE TABLE grants (
    iqn             TEXT PRIMARY KEY,
    target_uuid     TEXT UNIQUE REFERENCES volume_targets (uuid) ON DELETE CASCADE,
    node_uuid       TEXT REFERENCES nodes (uuid) ON DELETE CASCADE, -- of the target
    attachment_uuid TEXT UNIQUE REFERENCES attachments (uuid) ON DELETE CASCADE,
    volume          TEXT NOT NULL, -- a UUID, or the name of a raw file
    read_only       INTEGER NOT NULL DEFAULT 0,
    initiator       TEXT NOT NULL,
    portal          TEXT, -- where the node reaches the target
    user            TEXT NOT NULL,
    secret          TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    CHECK ((target_uuid IS NULL) <> (attachment_uuid IS NULL)),
    CHECK ((target_uuid IS NULL) = (node_uuid IS NULL))
) STRICT`,
	`CREATE INDEX grants_node ON grants (node_uuid)`,
	`CREATE INDEX grants_volume ON grants (volume)`,
	// Either the target or the volume could declare the volume read-only.
	`INSERT INTO grants (iqn, target_uuid, node_uuid, volume, read_only, initiator, portal, user, secret, created_at)
	SELECT e.iqn, e.target_uuid, e.node_uuid, e.volume,
		coalesce(t.properties ->> '$.access_mode', '') = 'ro' OR coalesce(v.read_only, 0),
		e.initiator, CASE WHEN t.properties ->> '$.target_iqn' = e.iqn THEN t.properties ->> '$.target_portal' END,
		e.user, e.secret, e.created_at
	FROM exports e JOIN volume_targets t ON t.uuid = e.target_uuid LEFT JOIN volumes v ON v.uuid = e.volume ORDER BY e.rowid`,
	`INSERT INTO grants (iqn, attachment_uuid, volume, read_only, initiator, user, secret, created_at)
	SELECT iqn, uuid, volume_uuid, read_only, initiator, user, secret, created_at
	FROM attachments_1 WHERE initiator IS NOT NULL ORDER BY rowid`,
	`UPDATE volume_targets SET properties = json_remove(properties,
		'$.target_portal', '$.target_iqn', '$.target_lun', '$.auth_method', '$.auth_username', '$.auth_password')
	WHERE properties ->> '$.target_iqn' IN (SELECT iqn FROM grants)`,
	`DROP TABLE exports`,
	`DROP TABLE attachments_1`,
	`DROP INDEX events_node`,
	`DROP INDEX events_mac`,
	`ALTER TABLE events RENAME TO events_1`,
	`CREATE TABLE events (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    at     INTEGER NOT NULL,
    node   TEXT, -- no foreign key: the log outlives the node
    mac    TEXT,
    kind   TEXT NOT NULL,
    step   TEXT, -- of a boot: what a refusal or an error kept from happening
    detail TEXT NOT NULL DEFAULT '',
    user   TEXT -- whose request caused it
) STRICT`,
	`INSERT INTO events (seq, at, node, mac, kind, step, detail) SELECT seq, at, node, mac, kind, step, detail FROM events_1 ORDER BY seq`,
	`DROP TABLE events_1`,
	`CREATE INDEX events_node ON events (node, seq)`,
	`CREATE INDEX events_mac ON events (mac, seq)`,
}
