// Package backup writes, checks and restores backups of an appliance.
//
// A backup is a tar archive, so that it can be read without Ironhook: the file info.json,
// the database, the accounts, the certificates, the settings, and with volumes the files of
// package volume. Sparse files are stored as GNU tar does. A checksum of all follows the
// end of the archive (see seal.go), and all of it is encrypted with a passphrase in the
// format of age (https://age-encryption.org/v1), unless the caller wants none:
//
//	age --decrypt ironhook.backup.age | tar --list
//
// Backups stand on a shelf, a directory or S3-like storage. One may continue a series: it leaves out the layers of volumes
// that earlier ones have. docs/backup-format.md describes the format to the byte.
package backup
