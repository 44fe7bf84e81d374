package store

// administrativeMetadata leads from schema 5 to 6: a column for the metadata that the
// attach actions leave on a volume.
var administrativeMetadata = []string{
	`ALTER TABLE volumes ADD COLUMN admin_metadata TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(admin_metadata))`,
	`UPDATE volumes SET admin_metadata = '{"readonly":"True"}' WHERE read_only`,
}
