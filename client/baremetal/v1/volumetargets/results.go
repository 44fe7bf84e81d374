package volumetargets

import (
	"time"

	"ironhook/client/baremetal/v1/internal/nextpage"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/pagination"
)

// Target is a volume that a node may boot from, or use as another disk.
type Target struct {
	// UUID is that of the target.
	UUID string `json:"uuid"`

	// NodeUUID is the UUID of the node that the target belongs to.
	NodeUUID string `json:"node_uuid"`

	// VolumeType is how the volume is reached, for example VolumeTypeISCSI.
	VolumeType string `json:"volume_type"`

	// BootIndex is the place of the volume among those of the node: it boots from 0.
	BootIndex int `json:"boot_index"`

	// VolumeID is what the storage system calls the volume.
	VolumeID string `json:"volume_id"`

	// Properties say how the volume is reached. The server masks secrets: do not write
	// the map back as a whole, update its keys instead.
	Properties map[string]any `json:"properties"`

	// Extra is metadata of any kind.
	Extra map[string]any `json:"extra"`

	// CreatedAt is when the target was created.
	CreatedAt time.Time `json:"created_at"`

	// UpdatedAt is when it was last changed; zero if never.
	UpdatedAt time.Time `json:"updated_at"`

	// Links are links to the target.
	Links []Link `json:"links"`
}

// Link is a link to a resource.
type Link struct {
	// Href is the address.
	Href string `json:"href"`

	// Rel is "self", or "bookmark" for the address without the API's version.
	Rel string `json:"rel"`
}

type targetResult struct {
	gophercloud.Result
}

// Extract interprets a result as a Target.
func (r targetResult) Extract() (*Target, error) {
	var s Target
	err := r.ExtractInto(&s)
	return &s, err
}

// ExtractInto interprets a result as the struct that v points to.
func (r targetResult) ExtractInto(v any) error {
	return r.ExtractIntoStructPtr(v, "")
}

// GetResult is the response of Get. Call its Extract method to interpret it as a
// Target.
type GetResult struct {
	targetResult
}

// CreateResult is the response of Create. Call its Extract method to interpret it as
// a Target.
type CreateResult struct {
	targetResult
}

// UpdateResult is the response of Update. Call its Extract method to interpret it as
// a Target.
type UpdateResult struct {
	targetResult
}

// DeleteResult is the response of Delete. Call its ExtractErr method to learn
// whether the request succeeded.
type DeleteResult struct {
	gophercloud.ErrResult
}

// TargetPage is one page of List or ListDetail.
type TargetPage struct {
	pagination.LinkedPageBase
}

// ResourceKey names the list in the body of a page.
func (r TargetPage) ResourceKey() string {
	return "targets"
}

// IsEmpty is true for a page without targets: a list ends with one if its last page
// but one is full.
func (r TargetPage) IsEmpty() (bool, error) {
	if r.StatusCode == 204 {
		return true, nil
	}
	s, err := ExtractTargets(r)
	return len(s) == 0, err
}

// NextPageURL is the link to the next page, "" on the last one. It keeps the filter
// by node.
func (r TargetPage) NextPageURL() (string, error) {
	return nextpage.URL(r.PageResult)
}

// ExtractTargets interprets a page as a slice of Target.
func ExtractTargets(r pagination.Page) ([]Target, error) {
	var s []Target
	err := ExtractTargetsInto(r, &s)
	return s, err
}

// ExtractTargetsInto interprets a page as the slice that v points to.
func ExtractTargetsInto(r pagination.Page, v any) error {
	return r.(TargetPage).ExtractIntoSlicePtr(v, "targets")
}
