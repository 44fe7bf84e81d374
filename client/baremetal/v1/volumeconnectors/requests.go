package volumeconnectors

import (
	"context"
	"errors"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/pagination"
)

// ListOptsBuilder allows extensions to add parameters to the List and ListDetail
// requests.
type ListOptsBuilder interface {
	ToConnectorListQuery() (string, error)
	ToConnectorListDetailQuery() (string, error)
}

// ListOpts filters, sorts and pages a list of volume connectors.
type ListOpts struct {
	// Node is the name or UUID of the node whose connectors are listed. Default: all.
	Node string `q:"node"`

	// Fields are the names of the fields to return, for List only. Default:
	// uuid, node_uuid, type and connector_id.
	Fields []string `q:"fields" format:"comma-separated"`

	// Limit is the size of a page. The server may return fewer.
	Limit int `q:"limit"`

	// Marker is the UUID of the last connector of the page before.
	Marker string `q:"marker"`

	// SortKey is the field to sort by. Default: the order of creation.
	SortKey string `q:"sort_key"`

	// SortDir is "asc" or "desc". Default: "asc".
	SortDir string `q:"sort_dir"`
}

// ToConnectorListQuery formats ListOpts as the query of List.
func (opts ListOpts) ToConnectorListQuery() (string, error) {
	query, err := gophercloud.BuildQueryString(opts)
	if err != nil {
		return "", err
	}
	return query.String(), nil
}

// ToConnectorListDetailQuery formats ListOpts as the query of ListDetail.
func (opts ListOpts) ToConnectorListDetailQuery() (string, error) {
	if len(opts.Fields) > 0 {
		return "", errors.New("fields is not a valid option when getting a detailed listing of volume connectors")
	}
	query, err := gophercloud.BuildQueryString(opts)
	if err != nil {
		return "", err
	}
	// The collection has no route /detail, unlike ports and nodes.
	parameters := query.Query()
	parameters.Set("detail", "true")
	return "?" + parameters.Encode(), nil
}

// List returns a pager over volume connectors with a few fields of each.
func List(client *gophercloud.ServiceClient, opts ListOptsBuilder) pagination.Pager {
	if opts == nil {
		opts = ListOpts{}
	}
	query, err := opts.ToConnectorListQuery()
	return pager(client, query, err)
}

// ListDetail returns a pager over volume connectors with all their fields.
func ListDetail(client *gophercloud.ServiceClient, opts ListOptsBuilder) pagination.Pager {
	if opts == nil {
		opts = ListOpts{}
	}
	query, err := opts.ToConnectorListDetailQuery()
	return pager(client, query, err)
}

func pager(client *gophercloud.ServiceClient, query string, err error) pagination.Pager {
	if err != nil {
		return pagination.Pager{Err: err}
	}
	return pagination.NewPager(client, listURL(client)+query, func(r pagination.PageResult) pagination.Page {
		return ConnectorPage{pagination.LinkedPageBase{PageResult: r}}
	})
}

// Get requests the volume connector with this UUID.
func Get(ctx context.Context, client *gophercloud.ServiceClient, id string) (r GetResult) {
	resp, err := client.Get(ctx, getURL(client, id), &r.Body, &gophercloud.RequestOpts{
		OkCodes: []int{200},
	})
	_, r.Header, r.Err = gophercloud.ParseResponse(resp, err)
	return
}

// CreateOptsBuilder allows extensions to add parameters to the Create request.
type CreateOptsBuilder interface {
	ToConnectorCreateMap() (map[string]any, error)
}

// Types of connectors. The API takes others too.
const (
	TypeIQN       = "iqn"
	TypeIP        = "ip"
	TypeMAC       = "mac"
	TypeWWNN      = "wwnn"
	TypeWWPN      = "wwpn"
	TypePort      = "port"
	TypePortGroup = "portgroup"
)

// CreateOpts specifies a new volume connector.
type CreateOpts struct {
	// NodeUUID is the UUID of the node that the connector belongs to.
	NodeUUID string `json:"node_uuid" required:"true"`

	// Type says what ConnectorID is, for example TypeIQN.
	Type string `json:"type" required:"true"`

	// ConnectorID is what a storage system knows the node by: for TypeIQN, the name of
	// its iSCSI initiator. No two connectors have the same Type and ConnectorID.
	ConnectorID string `json:"connector_id" required:"true"`

	// UUID is that of the connector. Default: chosen by the server.
	UUID string `json:"uuid,omitempty"`

	// Extra is metadata of any kind.
	Extra map[string]any `json:"extra,omitempty"`
}

// ToConnectorCreateMap assembles the body of a Create request.
func (opts CreateOpts) ToConnectorCreateMap() (map[string]any, error) {
	return gophercloud.BuildRequestBody(opts, "")
}

// Create requests a new volume connector.
func Create(ctx context.Context, client *gophercloud.ServiceClient, opts CreateOptsBuilder) (r CreateResult) {
	body, err := opts.ToConnectorCreateMap()
	if err != nil {
		r.Err = err
		return
	}
	resp, err := client.Post(ctx, createURL(client), body, &r.Body, &gophercloud.RequestOpts{
		OkCodes: []int{201},
	})
	_, r.Header, r.Err = gophercloud.ParseResponse(resp, err)
	return
}

// Patch is one change of an Update request.
type Patch interface {
	ToConnectorUpdateMap() (map[string]any, error)
}

// UpdateOpts are the changes of an Update request. All of them are made, or none.
type UpdateOpts []Patch

// UpdateOp is what an UpdateOperation does.
type UpdateOp string

// The operations of a JSON patch (RFC 6902) that the API knows.
const (
	ReplaceOp UpdateOp = "replace"
	AddOp     UpdateOp = "add"
	RemoveOp  UpdateOp = "remove"
)

// UpdateOperation is an operation of a JSON patch.
type UpdateOperation struct {
	// Op is what to do.
	Op UpdateOp `json:"op" required:"true"`

	// Path says where: "/type", "/connector_id", "/node_uuid", "/extra" or
	// "/extra/KEY".
	Path string `json:"path" required:"true"`

	// Value is the new value; nil is null. RemoveOp has none.
	Value any `json:"value"`
}

// ToConnectorUpdateMap assembles an operation in the body of an Update request.
func (opts UpdateOperation) ToConnectorUpdateMap() (map[string]any, error) {
	body, err := gophercloud.BuildRequestBody(opts, "")
	if err != nil {
		return nil, err
	}
	if opts.Op == RemoveOp {
		delete(body, "value")
	}
	return body, nil
}

// Update requests changes of the volume connector with this UUID. The node must be
// powered off.
func Update(ctx context.Context, client *gophercloud.ServiceClient, id string, opts UpdateOpts) (r UpdateResult) {
	body := make([]map[string]any, len(opts))
	for i, patch := range opts {
		operation, err := patch.ToConnectorUpdateMap()
		if err != nil {
			r.Err = err
			return
		}
		body[i] = operation
	}
	resp, err := client.Patch(ctx, updateURL(client, id), body, &r.Body, &gophercloud.RequestOpts{
		OkCodes: []int{200},
	})
	_, r.Header, r.Err = gophercloud.ParseResponse(resp, err)
	return
}

// Delete requests that the volume connector with this UUID be deleted. The node must be
// powered off, or in a provision state before its deployment.
func Delete(ctx context.Context, client *gophercloud.ServiceClient, id string) (r DeleteResult) {
	resp, err := client.Delete(ctx, deleteURL(client, id), nil)
	_, r.Header, r.Err = gophercloud.ParseResponse(resp, err)
	return
}
