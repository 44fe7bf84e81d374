package store

// tableOfImports leads from schema 4 to 5: deployments fetch images from elsewhere.
var tableOfImports = []string{
	`CREATE TABLE imports (
    source     TEXT PRIMARY KEY, -- of URL, checksum and format, SHA-256
    image_uuid TEXT NOT NULL UNIQUE REFERENCES images (uuid) ON DELETE CASCADE,
    created_at INTEGER NOT NULL
) STRICT`,
}
