package cinder

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Host is a node as Cinder sees it.
type Host struct {
	Node      string         // UUID
	Connector map[string]any // initiator, wwpns, host and so on
	ReadOnly  bool
}

// Connection is how the machine reaches a volume, with the secret.
type Connection struct {
	Type       string         // iscsi, fibre_channel, or one that no machine boots from
	Data       map[string]any // target_portal, target_iqn and so on
	Attachment string         // its id, "" for an attachment by actions
}

// Attach attaches a volume to a node. Other users of the volume are refused by Cinder, which
// lets several have one that is made for that (multiattach). What an attach that was cut short
// has left is cleared away first. Its error is ErrStorage.
func (c *Client) Attach(ctx context.Context, id string, h Host) (connection Connection, err error) {
	err = c.patiently(ctx, "attach volume "+id+" to node "+h.Node, temporary, func() error {
		connection, err = c.attachOnce(ctx, id, h)
		return err
	})
	return connection, err
}

func (c *Client) attachOnce(ctx context.Context, id string, h Host) (Connection, error) {
	way, err := c.generation(ctx)
	if err != nil {
		return Connection{}, err
	}
	v, err := c.volume(ctx, id)
	switch {
	case err != nil:
		return Connection{}, err
	case v.Encrypted:
		return Connection{}, refusal{http.StatusBadRequest,
			"the volume is encrypted, and no firmware can read it: give the node one of another type"}
	}
	if err := way.clear(ctx, id, v, h); err != nil {
		return Connection{}, fmt.Errorf("clear away an earlier attachment: %w", err)
	}
	if err := c.write(ctx, id, h.Node, taking); err != nil {
		return Connection{}, err
	}
	connection, err := way.attach(ctx, id, h)
	if err != nil && !temporary(err) {
		return Connection{}, errors.Join(err, c.erase(context.WithoutCancel(ctx), id, h.Node)) // nothing of it is the node's
	}
	if err != nil {
		return Connection{}, err
	}
	return connection, c.write(ctx, id, h.Node, attached)
}

// Attached reports whether the node has the volume. It asks once.
func (c *Client) Attached(ctx context.Context, id, node string) (bool, error) {
	v, err := c.volume(ctx, id)
	if refused(err, http.StatusNotFound) {
		return false, nil
	}
	return v.attachmentOf(node) != "", err
}

// Detach ends the attachment of a node to a volume, if there is one, and whatever an attach that was
// cut short has left. attachment is that of the Connection. forget removes the note about the
// node; without it the note stays for the time when the node is on again. A volume that does not
// exist needs nothing. Its error is ErrStorage.
func (c *Client) Detach(ctx context.Context, id string, h Host, attachment string, forget bool) error {
	return c.patiently(ctx, "detach volume "+id+" from node "+h.Node, func(error) bool { return true }, func() error {
		return c.detachOnce(ctx, id, h, attachment, forget)
	})
}

func (c *Client) detachOnce(ctx context.Context, id string, h Host, attachment string, forget bool) error {
	v, err := c.volume(ctx, id)
	if refused(err, http.StatusNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	_, noted := v.Metadata[noteKey(h.Node)]
	if !noted && attachment == "" && v.attachmentOf(h.Node) == "" {
		return nil
	}
	if attachment != "" {
		err = byAttachments{c}.delete(ctx, attachment)
	} else if way, failed := c.generation(ctx); failed == nil {
		err = way.clear(ctx, id, v, h)
	} else {
		err = failed
	}
	switch {
	case err != nil:
		return err
	case forget:
		return c.erase(ctx, id, h.Node)
	}
	return c.write(ctx, id, h.Node, detached)
}

// generation is one way to attach and detach.
type generation interface {
	attach(ctx context.Context, id string, h Host) (Connection, error)
	// clear ends what is the node's, complete or not.
	clear(ctx context.Context, id string, v volume, h Host) error
}

// generation asks Cinder once which microversions it has.
func (c *Client) generation(ctx context.Context) (generation, error) {
	c.mu.Lock()
	way := c.attach
	c.mu.Unlock()
	if way == "" {
		newest, err := c.newest(ctx)
		if err != nil {
			return nil, err
		}
		way = actions
		if newest >= 44 { // os-complete, without which an attachment stays incomplete
			way = attachments
		}
		c.mu.Lock()
		c.attach = way
		c.mu.Unlock()
	}
	if way == actions {
		return byActions{c}, nil
	}
	return byAttachments{c}, nil
}

// newest is the minor number of the newest microversion.
func (c *Client) newest(ctx context.Context) (int, error) {
	endpoint, token, err := c.access(ctx, false)
	if err != nil {
		return 0, err
	}
	root, _, _ := strings.Cut(endpoint+"/", "/v3/")
	var answer struct {
		Versions []struct{ ID, Version string }
	}
	header := http.Header{}
	if token != "" {
		header.Set("X-Auth-Token", token)
	}
	if _, err := c.send(ctx, http.MethodGet, root+"/v3/", header, nil, &answer); err != nil {
		return 0, fmt.Errorf("Cinder at %s: read its versions (attach_api can name the way instead): %w", origin(endpoint),
			err) //nolint:staticcheck // a name
	}
	for _, v := range answer.Versions {
		if minor, ok := strings.CutPrefix(v.Version, "3."); ok {
			return strconv.Atoi(minor)
		}
	}
	return 0, errors.New("Cinder lists no version 3: check endpoint_override") //nolint:staticcheck // a name
}

// byActions is the older way: actions of the volume.
type byActions struct{ *Client }

// mountpoint is Ironic's: a machine has no name for the disk yet.
const mountpoint = "ironic_mountpoint"

func (c byActions) attach(ctx context.Context, id string, h Host) (Connection, error) {
	if err := c.action(ctx, id, "os-reserve", nil, nil); err != nil {
		return Connection{}, err
	}
	var answer struct {
		Info struct {
			Type string         `json:"driver_volume_type"`
			Data map[string]any `json:"data"`
		} `json:"connection_info"`
	}
	if err := c.action(ctx, id, "os-initialize_connection", map[string]any{"connector": h.Connector}, &answer); err != nil {
		return Connection{}, errors.Join(err, c.action(context.WithoutCancel(ctx), id, "os-unreserve", nil, nil))
	}
	attach := map[string]any{"mountpoint": mountpoint, "instance_uuid": h.Node}
	if h.ReadOnly {
		attach["mode"] = "ro"
	}
	return Connection{Type: answer.Info.Type, Data: answer.Info.Data}, c.action(ctx, id, "os-attach", attach, nil)
}

func (c byActions) clear(ctx context.Context, id string, v volume, h Host) error {
	attachment := v.attachmentOf(h.Node)
	switch {
	case attachment == "" && v.taking(h.Node) && v.Status == "attaching": // cut short between reserve and attach
		err := c.action(ctx, id, "os-terminate_connection", map[string]any{"connector": h.Connector}, nil)
		return errors.Join(err, c.action(ctx, id, "os-unreserve", nil, nil))
	case attachment == "":
		return nil
	}
	if v.Status != "detaching" {
		if err := c.action(ctx, id, "os-begin_detaching", nil, nil); err != nil {
			return err
		}
	}
	if err := c.action(ctx, id, "os-terminate_connection", map[string]any{"connector": h.Connector}, nil); err != nil {
		return err
	}
	return c.action(ctx, id, "os-detach", map[string]any{"attachment_id": attachment}, nil)
}

// byAttachments is the newer way, since microversion 3.27; os-complete is of 3.44, mode of 3.54.
type byAttachments struct{ *Client }

func (c byAttachments) attach(ctx context.Context, id string, h Host) (Connection, error) {
	var answer struct {
		Attachment struct {
			ID   string
			Info map[string]any `json:"connection_info"`
		}
	}
	version, with := "3.44", map[string]any{"volume_uuid": id, "connector": h.Connector}
	if h.ReadOnly {
		version, with["mode"] = "3.54", "ro"
	}
	if err := c.do(ctx, http.MethodPost, "/attachments", version, map[string]any{"attachment": with}, &answer); err != nil {
		return Connection{}, err
	}
	a := answer.Attachment
	kind, _ := a.Info["driver_volume_type"].(string)
	return Connection{Type: kind, Data: a.Info, Attachment: a.ID},
		c.do(ctx, http.MethodPost, "/attachments/"+url.PathEscape(a.ID)+"/action", "3.44", map[string]any{"os-complete": map[string]any{}}, nil)
}

// clear deletes the node's attachment. One that was cut short has no host yet: it is the
// node's if the node was about to take the volume, and the volume has one host at most.
func (c byAttachments) clear(ctx context.Context, id string, v volume, h Host) error {
	if a := v.attachmentOf(h.Node); a != "" {
		return c.delete(ctx, a)
	}
	if !v.taking(h.Node) || v.Multiattach {
		return nil
	}
	var answer struct {
		Attachments []struct {
			ID, Status string
			Instance   *string
		}
	}
	if err := c.do(ctx, http.MethodGet, "/attachments?volume_id="+url.QueryEscape(id), "3.27", nil, &answer); err != nil {
		return err
	}
	for _, a := range answer.Attachments {
		if a.Instance == nil && a.Status != attached {
			if err := c.delete(ctx, a.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c byAttachments) delete(ctx context.Context, attachment string) error {
	err := c.do(ctx, http.MethodDelete, "/attachments/"+url.PathEscape(attachment), "3.27", nil, nil)
	if refused(err, http.StatusNotFound) {
		return nil
	}
	return err
}
