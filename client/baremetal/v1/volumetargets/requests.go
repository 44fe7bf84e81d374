package volumetargets

import (
	"context"
	"errors"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/pagination"
)

// ListOptsBuilder allows extensions to add parameters to the List and ListDetail
// requests.
type ListOptsBuilder interface {
	ToTargetListQuery() (string, error)
	ToTargetListDetailQuery() (string, error)
}

// ListOpts filters, sorts and pages a list of volume targets.
type ListOpts struct {
	// Node is the name or UUID of the node whose targets are listed. Default: all.
	Node string `q:"node"`

	// Fields are the names of the fields to return, for List only. Default:
	// uuid, node_uuid, volume_type, boot_index and volume_id.
	Fields []string `q:"fields" format:"comma-separated"`

	// Limit is the size of a page. The server may return fewer.
	Limit int `q:"limit"`

	// Marker is the UUID of the last target of the page before.
	Marker string `q:"marker"`

	// SortKey is the field to sort by. Default: the order of creation.
	SortKey string `q:"sort_key"`

	// SortDir is "asc" or "desc". Default: "asc".
	SortDir string `q:"sort_dir"`
}

// ToTargetListQuery formats ListOpts as the query of List.
func (opts ListOpts) ToTargetListQuery() (string, error) {
	query, err := gophercloud.BuildQueryString(opts)
	if err != nil {
		return "", err
	}
	return query.String(), nil
}

// ToTargetListDetailQuery formats ListOpts as the query of ListDetail.
func (opts ListOpts) ToTargetListDetailQuery() (string, error) {
	if len(opts.Fields) > 0 {
		return "", errors.New("fields is not a valid option when getting a detailed listing of volume targets")
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

// List returns a pager over volume targets with a few fields of each.
func List(client *gophercloud.ServiceClient, opts ListOptsBuilder) pagination.Pager {
	if opts == nil {
		opts = ListOpts{}
	}
	query, err := opts.ToTargetListQuery()
	return pager(client, query, err)
}

// ListDetail returns a pager over volume targets with all their fields.
func ListDetail(client *gophercloud.ServiceClient, opts ListOptsBuilder) pagination.Pager {
	if opts == nil {
		opts = ListOpts{}
	}
	query, err := opts.ToTargetListDetailQuery()
	return pager(client, query, err)
}

func pager(client *gophercloud.ServiceClient, query string, err error) pagination.Pager {
	if err != nil {
		return pagination.Pager{Err: err}
	}
	return pagination.NewPager(client, listURL(client)+query, func(r pagination.PageResult) pagination.Page {
		return TargetPage{pagination.LinkedPageBase{PageResult: r}}
	})
}

// Get requests the volume target with this UUID.
func Get(ctx context.Context, client *gophercloud.ServiceClient, id string) (r GetResult) {
	resp, err := client.Get(ctx, getURL(client, id), &r.Body, &gophercloud.RequestOpts{
		OkCodes: []int{200},
	})
	_, r.Header, r.Err = gophercloud.ParseResponse(resp, err)
	return
}

// CreateOptsBuilder allows extensions to add parameters to the Create request.
type CreateOptsBuilder interface {
	ToTargetCreateMap() (map[string]any, error)
}

// Types of volumes. The API takes others too.
const (
	VolumeTypeISCSI        = "iscsi"
	VolumeTypeFibreChannel = "fibre_channel"
)

// CreateOpts specifies a new volume target.
type CreateOpts struct {
	// NodeUUID is the UUID of the node that the target belongs to.
	NodeUUID string `json:"node_uuid" required:"true"`

	// VolumeType is how the volume is reached, for example VolumeTypeISCSI.
	VolumeType string `json:"volume_type" required:"true"`

	// BootIndex is the place of the volume among those of the node: it boots from 0.
	// No two targets of a node have the same.
	BootIndex int `json:"boot_index"`

	// VolumeID is what the storage system calls the volume.
	VolumeID string `json:"volume_id" required:"true"`

	// Properties say how the volume is reached, for VolumeTypeISCSI target_portal,
	// target_iqn, target_lun (an integer), auth_username and auth_password. A storage
	// interface that manages volumes fills them in by itself.
	Properties map[string]any `json:"properties,omitempty"`

	// UUID is that of the target. Default: chosen by the server.
	UUID string `json:"uuid,omitempty"`

	// Extra is metadata of any kind.
	Extra map[string]any `json:"extra,omitempty"`
}

// ToTargetCreateMap assembles the body of a Create request.
func (opts CreateOpts) ToTargetCreateMap() (map[string]any, error) {
	return gophercloud.BuildRequestBody(opts, "")
}

// Create requests a new volume target.
func Create(ctx context.Context, client *gophercloud.ServiceClient, opts CreateOptsBuilder) (r CreateResult) {
	body, err := opts.ToTargetCreateMap()
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
	ToTargetUpdateMap() (map[string]any, error)
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

	// Path says where: "/volume_id", "/volume_type", "/boot_index", "/node_uuid",
	// "/properties", "/extra", or a key of the last two, such as
	// "/properties/target_lun".
	Path string `json:"path" required:"true"`

	// Value is the new value; nil is null. RemoveOp has none.
	Value any `json:"value"`
}

// ToTargetUpdateMap assembles an operation in the body of an Update request.
func (opts UpdateOperation) ToTargetUpdateMap() (map[string]any, error) {
	body, err := gophercloud.BuildRequestBody(opts, "")
	if err != nil {
		return nil, err
	}
	if opts.Op == RemoveOp {
		delete(body, "value")
	}
	return body, nil
}

// Update requests changes of the volume target with this UUID. The node must be
// powered off.
func Update(ctx context.Context, client *gophercloud.ServiceClient, id string, opts UpdateOpts) (r UpdateResult) {
	body := make([]map[string]any, len(opts))
	for i, patch := range opts {
		operation, err := patch.ToTargetUpdateMap()
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

// Delete requests that the volume target with this UUID be deleted. The node must be
// powered off, or in a provision state before its deployment.
func Delete(ctx context.Context, client *gophercloud.ServiceClient, id string) (r DeleteResult) {
	resp, err := client.Delete(ctx, deleteURL(client, id), nil)
	_, r.Header, r.Err = gophercloud.ParseResponse(resp, err)
	return
}
