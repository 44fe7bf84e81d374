package baremetal

import "time"

// ImageStatus is the status of an image, in Glance's words.
type ImageStatus string

// The statuses of an image. Only an active one has bytes.
const (
	ImageQueued    ImageStatus = "queued"    // named, without bytes
	ImageSaving    ImageStatus = "saving"    // bytes arrive, from a client or from a volume
	ImageImporting ImageStatus = "importing" // bytes are fetched
	ImageActive    ImageStatus = "active"
	ImageKilled    ImageStatus = "killed" // no bytes arrived; Message says why
	ImageDeleting  ImageStatus = "pending_delete"
)

// Import is an image that a deployment has fetched, or is fetching, from elsewhere.
type Import struct {
	Source    string // [ImageSource.Key]
	ImageUUID string
	CreatedAt time.Time
}

// Image is what volumes are made from. It never changes once it is active. Its
// bytes are kept in package volume under the same UUID.
type Image struct {
	ID              int64
	UUID            string
	Name            string // need not be unique
	Status          ImageStatus
	DiskFormat      string // of what a client sends; raw once it is active
	ContainerFormat string
	Visibility      string
	Protected       bool   // against deletion
	Hidden          bool   // from lists
	MinDisk         int64  // GiB of a volume made from it
	MinRAM          int64  // MiB
	Size            int64  // bytes of a download; 0 while there are none
	VirtualSize     int64  // bytes of a volume made from it
	Checksum        string // MD5 of a download, hexadecimal
	HashValue       string // SHA-512 of a download, hexadecimal
	Owner           string
	Tags            []string
	Properties      map[string]string
	Message         string // why there are no bytes
	CreatedAt       time.Time
	UpdatedAt       time.Time
}
