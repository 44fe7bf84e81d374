package store

// administrativeMetadata leads from schema 5 to 6: what the verbs of attaching leave at a
// volume has a column.
var administrativeMetadata = []string{
	`ALTER TABLE volumes ADD COLUMN admin_metadata TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(admin_metadata))`,
	`UPDATE volumes SET admin_metadata = '{"readonly":"True"}' WHERE read_only`,
}
