package baremetal

import "time"

// VolumeStatus is the status of a volume or a snapshot, in Cinder's words.
type VolumeStatus string

// The statuses that are stored. "in-use" is not stored: it follows from the exports and
// attachments.
const (
	VolumeCreating    VolumeStatus = "creating"
	VolumeAvailable   VolumeStatus = "available"
	VolumeInUse       VolumeStatus = "in-use"
	VolumeReserved    VolumeStatus = "reserved"
	VolumeAttaching   VolumeStatus = "attaching"   // a host may log in, but has not reported that it did
	VolumeDetaching   VolumeStatus = "detaching"   // a host is about to release it
	VolumeUploading   VolumeStatus = "uploading"   // an image is being made from it
	VolumeDownloading VolumeStatus = "downloading" // it is being overwritten from an image
	VolumeReverting   VolumeStatus = "reverting"
	VolumeDeleting    VolumeStatus = "deleting"
	VolumeError       VolumeStatus = "error" // Message says why
)

// Volume is a block volume that machines can be given. Its bytes are kept in
// package volume under the same UUID.
type Volume struct {
	ID            int64
	UUID          string
	Name          string // need not be unique
	Description   string
	Status        VolumeStatus
	Size          int64 // bytes
	Bootable      bool
	ReadOnly      bool
	ImageUUID     string // it was made from this image, and a reset returns to it
	SnapshotUUID  string
	SourceUUID    string // the volume it was cloned from
	NodeUUID      string // the node whose deployment made it; "" for one made by a request
	Metadata      map[string]string
	ImageMetadata map[string]string // what was known of the image
	AdminMetadata map[string]string // readonly and attached_mode, as Cinder shows them beside the metadata
	Message       string            // what went wrong
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// Snapshot is a volume as it was at one moment.
type Snapshot struct {
	ID          int64
	UUID        string
	Name        string
	Description string
	VolumeUUID  string
	Status      VolumeStatus
	Size        int64 // bytes
	Metadata    map[string]string
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Attachment is a volume's attachment to, or reservation by, a host that is not one of our nodes.
// The host can log in while the attachment has a [Grant].
type Attachment struct {
	UUID       string
	VolumeUUID string
	Instance   string // the client's own name for it
	Host       string
	Mountpoint string
	ReadOnly   bool
	Status     string // reserved, attaching, attached: what the client last reported
	CreatedAt  time.Time
	UpdatedAt  time.Time
}
