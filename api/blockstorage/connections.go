package blockstorage

import (
	"encoding/json"
	"net/http"
	"slices"

	"ironhook/baremetal"
	"ironhook/storage/pool"
)

// The older way to attach, by actions of the volume.

// hosts lists the users of a volume that are no nodes.
func (c *call) hosts() (list []pool.Use, err error) {
	_, uses, err := c.Pool.Volume(c.r.Context(), c.arg("id"))
	for _, u := range uses {
		if u.Attachment != nil {
			list = append(list, u)
		}
	}
	return list, err
}

// initiator is the one that a host logs in with, "" while it cannot.
func initiator(u pool.Use) string {
	if u.Grant == nil {
		return ""
	}
	return u.Grant.Initiator
}

// noted is for what changes nothing here.
func noted(c *call, _ json.RawMessage) (int, any, error) {
	_, _, err := c.Pool.Volume(c.r.Context(), c.arg("id"))
	return http.StatusAccepted, nil, err
}

func reserve(c *call, _ json.RawMessage) (int, any, error) {
	_, err := c.Pool.Attach(c.r.Context(), &baremetal.Attachment{VolumeUUID: c.arg("id"), Status: pool.AttachmentReserved}, "")
	return http.StatusAccepted, nil, err
}

func unreserve(c *call, _ json.RawMessage) (int, any, error) {
	return c.detachAll(http.StatusAccepted, func(u pool.Use) bool { return u.Attachment.Status == pool.AttachmentReserved })
}

func (c *call) detachAll(status int, which func(pool.Use) bool) (int, any, error) {
	list, err := c.hosts()
	if err != nil {
		return 0, nil, err
	}
	for _, u := range list {
		if !which(u) {
			continue
		}
		if err := c.Pool.Detach(c.r.Context(), u.UUID); err != nil {
			return 0, nil, err
		}
	}
	return status, nil, nil
}

// adopt returns the attachment that os-reserve or os-initialize_connection made, or a
// new one.
func (c *call) adopt(fits func(pool.Use) bool) (*baremetal.Attachment, error) {
	list, err := c.hosts()
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(list, fits); i >= 0 {
		return list[i].Attachment, nil
	}
	return &baremetal.Attachment{VolumeUUID: c.arg("id"), Status: pool.AttachmentReserved}, nil
}

func attachOld(c *call, args json.RawMessage) (int, any, error) {
	var in struct {
		Instance   string `json:"instance_uuid"`
		Host       string `json:"host_name"`
		Mountpoint string
		Mode       string
	}
	if err := decode(args, &in); err != nil {
		return 0, nil, err
	}
	if err := checkTexts(in.Host, in.Mountpoint+in.Instance, nil); err != nil {
		return 0, nil, err
	}
	a, err := c.adopt(func(u pool.Use) bool { return u.Attachment.Status != pool.AttachmentAttached })
	if err != nil {
		return 0, nil, err
	}
	a.Instance, a.Mountpoint, a.Status, a.ReadOnly = in.Instance, in.Mountpoint, pool.AttachmentAttached, in.Mode == "ro"
	if in.Host != "" {
		a.Host = in.Host
	}
	_, err = c.Pool.Attach(c.r.Context(), a, "")
	return http.StatusAccepted, nil, err
}

func detachOld(c *call, args json.RawMessage) (int, any, error) {
	var in struct {
		Attachment string `json:"attachment_id"`
	}
	if err := decode(args, &in); err != nil {
		return 0, nil, err
	}
	return c.detachAll(http.StatusAccepted, func(u pool.Use) bool { return in.Attachment == "" || u.UUID == in.Attachment })
}

func initializeConnection(c *call, args json.RawMessage) (int, any, error) {
	var in struct{ Connector connector }
	if err := decode(args, &in); err != nil {
		return 0, nil, err
	}
	if err := in.Connector.check(true); err != nil {
		return 0, nil, err
	}
	a, err := c.adopt(func(u pool.Use) bool { return initiator(u) == in.Connector.Initiator || initiator(u) == "" })
	if err != nil {
		return 0, nil, err
	}
	in.Connector.apply(a)
	grant, err := c.Pool.Attach(c.r.Context(), a, in.Connector.Initiator)
	if err != nil {
		return 0, nil, err
	}
	info, err := c.connection(a, grant)
	return http.StatusOK, map[string]any{"connection_info": map[string]any{"driver_volume_type": "iscsi", "data": info}}, err
}

func terminateConnection(c *call, args json.RawMessage) (int, any, error) {
	var in struct{ Connector connector }
	if err := decode(args, &in); err != nil {
		return 0, nil, err
	}
	return c.detachAll(http.StatusAccepted, func(u pool.Use) bool {
		return in.Connector.Initiator == "" || initiator(u) == in.Connector.Initiator
	})
}
