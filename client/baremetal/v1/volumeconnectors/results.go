package volumeconnectors

import (
	"time"

	"ironhook/client/baremetal/v1/internal/nextpage"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/pagination"
)

// Connector is what a storage system knows a node by.
type Connector struct {
	// UUID is that of the connector.
	UUID string `json:"uuid"`

	// NodeUUID is the UUID of the node that the connector belongs to.
	NodeUUID string `json:"node_uuid"`

	// Type says what ConnectorID is, for example TypeIQN.
	Type string `json:"type"`

	// ConnectorID is, for TypeIQN, the name of the node's iSCSI initiator.
	ConnectorID string `json:"connector_id"`

	// Extra is metadata of any kind.
	Extra map[string]any `json:"extra"`

	// CreatedAt is when the connector was created.
	CreatedAt time.Time `json:"created_at"`

	// UpdatedAt is when it was last changed; zero if never.
	UpdatedAt time.Time `json:"updated_at"`

	// Links are links to the connector.
	Links []Link `json:"links"`
}

// Link is a link to a resource.
type Link struct {
	// Href is the address.
	Href string `json:"href"`

	// Rel is "self", or "bookmark" for the address without the API's version.
	Rel string `json:"rel"`
}

type connectorResult struct {
	gophercloud.Result
}

// Extract interprets a result as a Connector.
func (r connectorResult) Extract() (*Connector, error) {
	var s Connector
	err := r.ExtractInto(&s)
	return &s, err
}

// ExtractInto interprets a result as the struct that v points to.
func (r connectorResult) ExtractInto(v any) error {
	return r.ExtractIntoStructPtr(v, "")
}

// GetResult is the response of Get. Call its Extract method to interpret it as a
// Connector.
type GetResult struct {
	connectorResult
}

// CreateResult is the response of Create. Call its Extract method to interpret it as
// a Connector.
type CreateResult struct {
	connectorResult
}

// UpdateResult is the response of Update. Call its Extract method to interpret it as
// a Connector.
type UpdateResult struct {
	connectorResult
}

// DeleteResult is the response of Delete. Call its ExtractErr method to learn
// whether the request succeeded.
type DeleteResult struct {
	gophercloud.ErrResult
}

// ConnectorPage is one page of List or ListDetail.
type ConnectorPage struct {
	pagination.LinkedPageBase
}

// ResourceKey names the list in the body of a page.
func (r ConnectorPage) ResourceKey() string {
	return "connectors"
}

// IsEmpty is true for a page without connectors: a list ends with one if its last page
// but one is full.
func (r ConnectorPage) IsEmpty() (bool, error) {
	if r.StatusCode == 204 {
		return true, nil
	}
	s, err := ExtractConnectors(r)
	return len(s) == 0, err
}

// NextPageURL is the link to the next page, "" on the last one. It keeps the filter
// by node.
func (r ConnectorPage) NextPageURL() (string, error) {
	return nextpage.URL(r.PageResult)
}

// ExtractConnectors interprets a page as a slice of Connector.
func ExtractConnectors(r pagination.Page) ([]Connector, error) {
	var s []Connector
	err := ExtractConnectorsInto(r, &s)
	return s, err
}

// ExtractConnectorsInto interprets a page as the slice that v points to.
func ExtractConnectorsInto(r pagination.Page, v any) error {
	return r.(ConnectorPage).ExtractIntoSlicePtr(v, "connectors")
}
