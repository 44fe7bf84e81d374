package blockstorage

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
)

// described is what a node that has a volume and another host have in common.
type described struct {
	instance string
	host     string
	status   string
	since    time.Time
	mode     string // "null" while no host has connected
}

// held is a user of a volume, as attachments show it.
type held struct {
	volume string
	pool.Use
}

// attachment is one, with how to log in; what is secret there is masked.
func (c *call) attachment(h held) (map[string]any, error) {
	d := describe(h.Use)
	body := map[string]any{"id": h.UUID, "volume_id": h.volume, "instance": rest.Text(d.instance), "status": d.status,
		"attach_mode": d.mode, "attached_at": moment(d.since), "detached_at": "", "connection_info": map[string]any{}}
	if h.Grant == nil || h.Attachment == nil {
		return body, nil
	}
	info, err := c.connection(h.Attachment, h.Grant)
	body["connection_info"] = baremetal.VolumeSecrets.Mask(info)
	return body, err
}

// moment is a time as attachments have it: empty where there is none.
func moment(t time.Time) any {
	if t.IsZero() {
		return ""
	}
	return rest.Time(t, timeLayout)
}

// connection is login with what the API of attachments adds.
func (c *call) connection(a *baremetal.Attachment, g *baremetal.Grant) (baremetal.Object, error) {
	info, err := c.login(a, g)
	if err != nil {
		return nil, err
	}
	info["driver_volume_type"], info["attachment_id"] = "iscsi", a.UUID
	return info, nil
}

func summaryOf(h held) map[string]any {
	d := describe(h.Use)
	return map[string]any{"id": h.UUID, "status": d.status, "instance": rest.Text(d.instance), "volume_id": h.volume}
}

// attachmentList is how attachments are listed. As in Cinder, the filter status finds
// nothing; attach_status is the one that does.
var attachmentList = listing[held]{
	kind: "attachments",
	id:   func(h held) string { return h.UUID },
	made: func(a, b held) int {
		return cmp.Or(describe(a.Use).since.Compare(describe(b.Use).since), strings.Compare(a.UUID, b.UUID))
	},
	missing: noAttachment,
	filters: map[string]filter[held]{
		"id":            {of: func(_ *call, h held) string { return h.UUID }},
		"volume_id":     {of: func(_ *call, h held) string { return h.volume }},
		"instance_id":   {of: func(_ *call, h held) string { return describe(h.Use).instance }},
		"instance_uuid": {of: func(_ *call, h held) string { return describe(h.Use).instance }},
		"attached_host": {of: func(_ *call, h held) string { return describe(h.Use).host }},
		"mountpoint":    {of: func(_ *call, h held) string { return h.Mountpoint }},
		"attach_status": {of: func(_ *call, h held) string { return describe(h.Use).status }},
		"attach_mode":   {of: func(_ *call, h held) string { return describe(h.Use).mode }},
		"project_id":    {of: func(c *call, _ held) string { return c.project() }},
		"status": {read: func(*call, string, string) (func(held) bool, error) {
			return func(held) bool { return false }, nil
		}},
	},
	keys: map[string]func(a, b held) int{
		"id":            func(a, b held) int { return strings.Compare(a.UUID, b.UUID) },
		"volume_id":     func(a, b held) int { return strings.Compare(a.volume, b.volume) },
		"instance_uuid": func(a, b held) int { return strings.Compare(describe(a.Use).instance, describe(b.Use).instance) },
		"attach_status": func(a, b held) int { return strings.Compare(describe(a.Use).status, describe(b.Use).status) },
		"attached_host": func(a, b held) int { return strings.Compare(describe(a.Use).host, describe(b.Use).host) },
		"mountpoint":    func(a, b held) int { return strings.Compare(a.Mountpoint, b.Mountpoint) },
	},
}

func noAttachment(id string) error {
	return baremetal.Errorf(baremetal.ErrNotFound, "Volume attachment could not be found with filter: attachment_id = %.64s.", id)
}

// allAttachments are the users of all volumes except reservations by os-reserve, which
// are no attachments.
func (c *call) allAttachments() (list []held, err error) {
	err = c.Store.View(c.r.Context(), func(tx *store.Tx) error {
		uses, err := pool.AllUsers(tx)
		for volume, of := range uses {
			for _, u := range of {
				if u.Attachment == nil || u.Attachment.Status != pool.AttachmentHeld {
					list = append(list, held{volume, u})
				}
			}
		}
		return err
	})
	return list, err
}

func listAttachments(in view) handler {
	return func(c *call) (status int, body any, err error) {
		list, err := c.allAttachments()
		if err != nil {
			return 0, nil, err
		}
		var failed error
		status, body, err = attachmentList.page(c, list, func(h held) any {
			if in == brief {
				return summaryOf(h)
			}
			one, err := c.attachment(h)
			failed = cmp.Or(failed, err)
			return one
		})
		return status, body, cmp.Or(err, failed)
	}
}

// find returns an attachment of a node or of another host.
func (c *call) find(uuid string) (held, error) {
	list, err := c.allAttachments()
	if err != nil {
		return held{}, err
	}
	for _, h := range list {
		if h.UUID == uuid {
			return h, nil
		}
	}
	return held{}, noAttachment(uuid)
}

// foreign returns an attachment that is not a node's: those are made by switching nodes
// on and off.
func (c *call) foreign() (*baremetal.Attachment, error) {
	h, err := c.find(c.arg("id"))
	if err == nil && h.Attachment == nil {
		err = baremetal.Errorf(baremetal.ErrConflict,
			"It belongs to node %s, which has its volumes until it is undeployed; switch it off or undeploy it instead.", h.Name)
	}
	return h.Attachment, err
}

func showAttachment(c *call) (int, any, error) {
	h, err := c.find(c.arg("id"))
	if err != nil {
		return 0, nil, err
	}
	body, err := c.attachment(h)
	return http.StatusOK, map[string]any{"attachment": body}, err
}

func createAttachment(c *call) (int, any, error) {
	in, err := c.body("attachment", newAttachment)
	if err != nil {
		return 0, nil, err
	}
	a := &baremetal.Attachment{VolumeUUID: value[string](in, "volume_uuid"), Instance: value[string](in, "instance_uuid"),
		ReadOnly: value[string](in, "mode") == "ro", Status: pool.AttachmentReserved}
	var k connector
	if len(value[map[string]any](in, "connector")) > 0 {
		if k, err = readConnector(in); err != nil {
			return 0, nil, err
		}
	}
	return c.connect(a, k, cmp.Or(value[string](in, "mode"), "null"))
}

func updateAttachment(c *call) (int, any, error) {
	in, err := c.body("attachment", attachmentChange)
	if err != nil {
		return 0, nil, err
	}
	k, err := readConnector(in)
	if err != nil {
		return 0, nil, err
	}
	a, err := c.foreign()
	if err != nil {
		return 0, nil, err
	}
	return c.connect(a, k, describe(pool.Use{Attachment: a}).mode)
}

// connect gives the volume to the host of the connector. The answer shows the attachment
// as it was before, and how to log in: that is what Cinder's looks like. It is the one
// answer with the secret.
func (c *call) connect(a *baremetal.Attachment, k connector, modeBefore string) (int, any, error) {
	before := *a
	if k.Initiator != "" {
		a.Status, a.Host, a.Mountpoint = pool.AttachmentAttaching, k.Host, cmp.Or(k.Mountpoint, "na")
		a.ReadOnly = a.ReadOnly || k.Mode == "ro"
	}
	grant, err := c.Pool.Attach(c.r.Context(), a, k.Initiator)
	if err != nil {
		return 0, nil, err
	}
	before.UUID = a.UUID
	body, err := c.attachment(held{a.VolumeUUID, pool.Use{UUID: a.UUID, Attachment: &before}})
	body["attach_mode"] = modeBefore
	if err == nil && grant != nil {
		body["connection_info"], err = c.connection(a, grant)
	}
	return http.StatusOK, map[string]any{"attachment": body}, err
}

// attachmentActions are what POST /attachments/{id}/action can do.
var attachmentActions = map[string]action{
	"os-complete": {since: 44, do: func(c *call, _ values) (int, any, error) {
		a, err := c.foreign()
		if err != nil {
			return 0, nil, err
		}
		return http.StatusNoContent, nil, c.Pool.Mark(c.r.Context(), a.UUID, func(a *baremetal.Attachment) { a.Status = pool.AttachmentAttached })
	}},
}

func attachmentAction(c *call) (int, any, error) { return act(c, attachmentActions) }

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
		left = append(left, summaryOf(held{a.VolumeUUID, u}))
	}
	return http.StatusOK, map[string]any{"attachments": left}, err
}
