package blockstorage

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"

	"ironhook/api/wire"
	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
)

// shortAttachment is how a volume shows who has it.
func shortAttachment(volume string, u pool.Use) map[string]any {
	a := describe(u)
	return map[string]any{"id": volume, "volume_id": volume, "attachment_id": u.UUID, "server_id": a.instance,
		"host_name": wire.Text(u.Name), "device": u.Mountpoint, "attached_at": a.since}
}

// described is what differs between a node that has a volume and another host.
type described struct {
	instance any
	status   string
	since    any
	mode     string
}

func describe(u pool.Use) described {
	d := described{mode: map[bool]string{true: "ro", false: "rw"}[u.ReadOnly]}
	if u.Attachment != nil {
		d.instance, d.status, d.since = wire.Text(u.Attachment.Instance), u.Attachment.Status, wire.Time(u.Attachment.CreatedAt, timeLayout)
	} else {
		d.instance, d.status, d.since = u.Node, pool.AttachmentAttached, wire.Time(u.Since, timeLayout)
	}
	return d
}

// attachment is one with everything but how to log in.
func attachment(volume string, u pool.Use) map[string]any {
	d := describe(u)
	return map[string]any{"id": u.UUID, "volume_id": volume, "instance": d.instance, "status": d.status,
		"attach_mode": d.mode, "attached_at": d.since, "detached_at": nil, "connection_info": map[string]any{}}
}

// connection is how to log in: all that os-brick needs. It leaves with the answer to
// the request that made or renewed it and never with a GET.
func (c *call) connection(a *baremetal.Attachment, g *baremetal.Grant) (map[string]any, error) {
	portal, err := c.Portal(c.r)
	if err != nil {
		return nil, err
	}
	info := map[string]any(g.Connection(portal))
	maps.Copy(info, map[string]any{"target_discovered": false, "volume_id": a.VolumeUUID,
		"access_mode": map[bool]string{true: "ro", false: "rw"}[a.ReadOnly], "encrypted": false, "discard": true, "qos_specs": nil})
	return info, nil
}

// connected is an attachment with its connection.
func (c *call) connected(a *baremetal.Attachment, g *baremetal.Grant) (any, error) {
	body := attachment(a.VolumeUUID, pool.Use{UUID: a.UUID, Attachment: a, ReadOnly: a.ReadOnly})
	if g != nil {
		info, err := c.connection(a, g)
		if err != nil {
			return nil, err
		}
		info["driver_volume_type"], info["attachment_id"] = "iscsi", a.UUID
		body["connection_info"] = info
	}
	return map[string]any{"attachment": body}, nil
}

// connector is what a host says of itself.
type connector struct {
	Initiator  string
	Host       string
	Mountpoint string
	Mode       string
}

// iqn is a name that may log in (RFC 7143 section 4.2.7).
var iqn = regexp.MustCompile(`^(iqn\.|eui\.|naa\.)[A-Za-z0-9:.-]{1,219}$`)

func (k *connector) check(needed bool) error {
	if k.Initiator == "" && !needed {
		return nil
	}
	if !iqn.MatchString(k.Initiator) {
		return baremetal.Errorf(baremetal.ErrInvalid, "The connector's initiator %.64q is not an iSCSI name; volumes are reached by iSCSI only.", k.Initiator)
	}
	return checkTexts(k.Host, k.Mountpoint, nil)
}

// apply notes what the host says of itself; the grant has its initiator.
func (k *connector) apply(a *baremetal.Attachment) {
	if k.Initiator == "" {
		return
	}
	a.Status, a.Host, a.Mountpoint = pool.AttachmentAttaching, k.Host, k.Mountpoint
	a.ReadOnly = a.ReadOnly || k.Mode == "ro"
}

// found is an attachment and its volume.
type found struct {
	volume string
	use    pool.Use
}

func (c *call) allAttachments() (list []found, err error) {
	err = c.Store.View(c.r.Context(), func(tx *store.Tx) error {
		uses, err := pool.AllUsers(tx)
		for volume, of := range uses {
			for _, u := range of {
				list = append(list, found{volume, u})
			}
		}
		return err
	})
	slices.SortFunc(list, func(a, b found) int { return map[bool]int{true: -1, false: 1}[a.use.UUID < b.use.UUID] })
	return list, err
}

func listAttachments(detail bool) handler {
	return func(c *call) (int, any, error) {
		list, err := c.allAttachments()
		if err != nil {
			return 0, nil, err
		}
		given := c.r.URL.Query()
		list = slices.DeleteFunc(list, func(f found) bool {
			d := describe(f.use)
			return given.Get("volume_id") != "" && given.Get("volume_id") != f.volume ||
				given.Get("instance_id") != "" && given.Get("instance_id") != d.instance ||
				given.Get("status") != "" && given.Get("status") != d.status
		})
		return page(c, "attachments", list, func(f found) string { return f.use.UUID }, func(f found) any {
			body := attachment(f.volume, f.use)
			if !detail {
				return map[string]any{"id": body["id"], "status": body["status"], "instance": body["instance"], "volume_id": body["volume_id"]}
			}
			return body
		})
	}
}

// find returns an attachment of a node or of another host.
func (c *call) find(uuid string) (found, error) {
	list, err := c.allAttachments()
	if err != nil {
		return found{}, err
	}
	for _, f := range list {
		if f.use.UUID == uuid {
			return f, nil
		}
	}
	return found{}, baremetal.Errorf(baremetal.ErrNotFound, "Volume attachment could not be found with filter: attachment_id = %s.", uuid)
}

// foreign returns an attachment that is not a node's: those are made by switching
// nodes on and off.
func (c *call) foreign() (*baremetal.Attachment, error) {
	f, err := c.find(c.arg("id"))
	if err == nil && f.use.Attachment == nil {
		err = baremetal.Errorf(baremetal.ErrConflict, "It belongs to node %s, which has its volumes until it is undeployed; switch it off or undeploy it instead.", f.use.Name)
	}
	return f.use.Attachment, err
}

func showAttachment(c *call) (int, any, error) {
	f, err := c.find(c.arg("id"))
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, map[string]any{"attachment": attachment(f.volume, f.use)}, nil
}

func createAttachment(c *call) (int, any, error) {
	var body struct {
		Attachment struct {
			Volume    string `json:"volume_uuid"`
			Instance  string `json:"instance_uuid"`
			Connector connector
			Mode      string
		}
	}
	if err := wire.Read(c.r, &body); err != nil {
		return 0, nil, err
	}
	in := &body.Attachment
	if err := in.Connector.check(false); err != nil {
		return 0, nil, err
	}
	a := &baremetal.Attachment{VolumeUUID: in.Volume, Instance: in.Instance, ReadOnly: in.Mode == "ro", Status: pool.AttachmentReserved}
	in.Connector.apply(a)
	grant, err := c.Pool.Attach(c.r.Context(), a, in.Connector.Initiator)
	if err != nil {
		return 0, nil, err
	}
	answer, err := c.connected(a, grant)
	return http.StatusOK, answer, err
}

func updateAttachment(c *call) (int, any, error) {
	var body struct {
		Attachment struct{ Connector connector }
	}
	if err := wire.Read(c.r, &body); err != nil {
		return 0, nil, err
	}
	k := &body.Attachment.Connector
	if err := k.check(true); err != nil {
		return 0, nil, err
	}
	a, err := c.foreign()
	if err != nil {
		return 0, nil, err
	}
	k.apply(a)
	grant, err := c.Pool.Attach(c.r.Context(), a, k.Initiator)
	if err != nil {
		return 0, nil, err
	}
	answer, err := c.connected(a, grant)
	return http.StatusOK, answer, err
}

func completeAttachment(c *call) (int, any, error) {
	return act(c, map[string]action{"os-complete": func(c *call, _ json.RawMessage) (int, any, error) {
		a, err := c.foreign()
		if err != nil {
			return 0, nil, err
		}
		return http.StatusNoContent, nil, c.Pool.Mark(c.r.Context(), a.UUID, func(a *baremetal.Attachment) { a.Status = pool.AttachmentAttached })
	}})
}

func deleteAttachment(c *call) (int, any, error) {
	a, err := c.foreign()
	if err != nil {
		return 0, nil, err
	}
	if err := c.Pool.Detach(c.r.Context(), a.UUID); err != nil {
		return 0, nil, err
	}
	_, uses, err := c.Pool.Volume(c.r.Context(), a.VolumeUUID)
	left := []any{}
	for _, u := range uses {
		left = append(left, attachment(a.VolumeUUID, u))
	}
	return http.StatusOK, map[string]any{"attachments": left}, err
}
