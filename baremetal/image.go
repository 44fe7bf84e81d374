package baremetal

import "time"

// ImageStatus is the status of an image, in Glance's words.
type ImageStatus string

// The statuses of an image. Volumes are made from an active one only.
const (
	ImageQueued      ImageStatus = "queued"    // named, without bytes
	ImageSaving      ImageStatus = "saving"    // bytes arrive, from a client or from a volume
	ImageImporting   ImageStatus = "importing" // bytes are fetched
	ImageStaged      ImageStatus = "uploading" // bytes arrive, or are there, and wait for the import
	ImageActive      ImageStatus = "active"
	ImageDeactivated ImageStatus = "deactivated" // its bytes stay, and nothing is made of them
	ImageKilled      ImageStatus = "killed"      // no bytes arrived; Message says why
	ImageDeleting    ImageStatus = "pending_delete"
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
	DiskFormat      string // of the file that it is made of; raw for one made of a volume
	ContainerFormat string
	Visibility      string
	Protected       bool   // against deletion
	Hidden          bool   // from lists
	MinDisk         int64  // GiB of a volume made from it
	MinRAM          int64  // MiB
	Size            int64  // bytes of that file, and of a download; 0 while there are none
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

// ImageComment is the property with a person's words about an image, as OpenStack's dashboard
// has it.
const ImageComment = "description"

// Empty reports whether the image has no bytes and none are on their way: a client may send
// them, for the first time or again.
func (i *Image) Empty() bool { return i.Status == ImageQueued || i.Status == ImageKilled }
