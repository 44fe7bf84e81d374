package pool

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"ironhook/baremetal"
	"ironhook/store"
)

// The older way of a host to a volume, by actions of the volume: Reserve, Connect,
// AttachHost, BeginDetaching, Disconnect, DetachHost. Ironic's cinder storage interface
// takes it.

// Host is what a host says of itself.
type Host struct {
	Instance   string // the client's own name for it, a UUID
	Name       string
	Mountpoint string
	Initiator  string // IQN
	Mode       string // rw, ro, or "" for what the volume allows
}

// onVolume runs change on a volume and its users in one transaction.
func (p *Pool) onVolume(ctx context.Context, uuid string, change func(*store.Tx, *baremetal.Volume, []Use) error) error {
	return p.store.Update(ctx, func(tx *store.Tx) error {
		v, err := tx.Volumes().Get(uuid)
		if err != nil {
			return err
		}
		uses, err := Users(tx, uuid)
		if err != nil {
			return err
		}
		return change(tx, v, uses)
	})
}

// Reserve keeps an available volume from others: ErrConflict if it is anything else.
func (p *Pool) Reserve(ctx context.Context, uuid string) error {
	return p.onVolume(ctx, uuid, func(tx *store.Tx, v *baremetal.Volume, uses []Use) error {
		switch status := Status(v, uses); {
		case len(uses) > 0:
			return busy("Volume status must be available to reserve, but the status is "+string(status)+". Volume "+label(v.Name, uuid), uses)
		case status != baremetal.VolumeAvailable:
			return baremetal.Errorf(baremetal.ErrConflict, "Volume status must be available to reserve, but the status is %s.", status)
		}
		return tx.Attachments().Insert(newHeld(uuid))
	})
}

func newHeld(volume string) *baremetal.Attachment {
	return &baremetal.Attachment{UUID: uuid.NewString(), VolumeUUID: volume, Status: AttachmentHeld}
}

// Unreserve ends what Reserve began. There need not be anything to end.
func (p *Pool) Unreserve(ctx context.Context, uuid string) error {
	return p.onVolume(ctx, uuid, func(tx *store.Tx, _ *baremetal.Volume, uses []Use) error {
		return deleteAttachments(tx, inStatus(uses, AttachmentHeld))
	})
}

// inStatus are the hosts among the users whose attachment has one of these statuses.
func inStatus(uses []Use, statuses ...string) []Use {
	return slices.DeleteFunc(slices.Clone(uses),
		func(u Use) bool { return u.Attachment == nil || !slices.Contains(statuses, u.Attachment.Status) })
}

func deleteAttachments(tx *store.Tx, uses []Use) error {
	for _, u := range uses {
		if err := tx.Attachments().Delete(u.UUID); err != nil {
			return err
		}
	}
	return nil
}

// Connect grants a host the login, on the attachment that is its own already or on one
// that no host has connected to, else on a new one.
func (p *Pool) Connect(ctx context.Context, uuid string, h Host) (a *baremetal.Attachment, g *baremetal.Grant, err error) {
	err = p.onVolume(ctx, uuid, func(tx *store.Tx, v *baremetal.Volume, uses []Use) error {
		a = newHeld(uuid)
		write := tx.Attachments().Insert
		if at := slices.IndexFunc(uses, func(u Use) bool {
			return u.Attachment != nil && (u.Grant == nil || u.Grant.Initiator == h.Initiator)
		}); at >= 0 {
			a, write = uses[at].Attachment, tx.Attachments().Update
		}
		a.Host, a.ReadOnly = h.Name, a.ReadOnly || v.ReadOnly || h.Mode == "ro"
		if err := free(v, uses, a); err != nil {
			return err
		}
		if err := write(a); err != nil {
			return err
		}
		g, err = grantTo(tx, a, h.Initiator)
		return err
	})
	return a, g, err
}

// Disconnect takes the login away from the host with this initiator, from every host for
// "". Its attachment lasts until DetachHost; a reservation ends.
func (p *Pool) Disconnect(ctx context.Context, uuid, initiator string) error {
	return p.onVolume(ctx, uuid, func(tx *store.Tx, _ *baremetal.Volume, uses []Use) error {
		for _, u := range inStatus(uses, AttachmentHeld, AttachmentAttached, AttachmentDetaching) {
			if u.Grant == nil || initiator != "" && u.Grant.Initiator != initiator {
				continue
			}
			if err := tx.Grants().Delete(u.Grant.IQN); err != nil {
				return err
			}
			if u.Attachment.Status == AttachmentHeld {
				if err := tx.Attachments().Delete(u.UUID); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// AttachHost notes that a host has a volume that is available or reserved for it.
func (p *Pool) AttachHost(ctx context.Context, uuid string, h Host) error {
	return p.onVolume(ctx, uuid, func(tx *store.Tx, v *baremetal.Volume, uses []Use) error {
		a, write := newHeld(uuid), tx.Attachments().Insert
		if own := inStatus(uses, AttachmentHeld); len(own) > 0 {
			a, write = own[0].Attachment, tx.Attachments().Update
		}
		if v.ReadOnly && h.Mode == "rw" {
			return baremetal.Errorf(baremetal.ErrInvalid,
				"Invalid attaching mode 'rw' for volume %s: it is for reading only; attach it with mode ro.", uuid)
		}
		a.ReadOnly = a.ReadOnly || v.ReadOnly || h.Mode == "ro"
		if err := free(v, uses, a); err != nil {
			return err
		}
		a.Instance, a.Host, a.Mountpoint, a.Status = h.Instance, h.Name, h.Mountpoint, AttachmentAttached
		if err := write(a); err != nil {
			return err
		}
		if _, err := grantTo(tx, a, ""); err != nil {
			return err
		}
		setAdmin(v, "readonly", pythonic(v.ReadOnly))
		setAdmin(v, "attached_mode", map[bool]string{true: "ro", false: "rw"}[a.ReadOnly])
		return tx.Volumes().Update(v)
	})
}

// BeginDetaching notes that the hosts of a volume in use are about to let go of it.
func (p *Pool) BeginDetaching(ctx context.Context, uuid string) error {
	return p.onVolume(ctx, uuid, func(tx *store.Tx, v *baremetal.Volume, uses []Use) error {
		hosts := inStatus(uses, AttachmentAttached)
		if len(hosts) == 0 {
			if err := onlyNodes(v, uses); err != nil {
				return err
			}
			return baremetal.Errorf(baremetal.ErrConflict,
				"Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' to detach.")
		}
		return mark(tx, hosts, AttachmentDetaching)
	})
}

// RollDetaching takes BeginDetaching back.
func (p *Pool) RollDetaching(ctx context.Context, uuid string) error {
	return p.onVolume(ctx, uuid, func(tx *store.Tx, _ *baremetal.Volume, uses []Use) error {
		return mark(tx, inStatus(uses, AttachmentDetaching), AttachmentAttached)
	})
}

func mark(tx *store.Tx, uses []Use, status string) error {
	for _, u := range uses {
		u.Attachment.Status = status
		if err := tx.Attachments().Update(u.Attachment); err != nil {
			return err
		}
	}
	return nil
}

// onlyNodes refuses to end what only a node can end.
func onlyNodes(v *baremetal.Volume, uses []Use) error {
	if nodes := slices.DeleteFunc(slices.Clone(uses), func(u Use) bool { return u.Node == "" }); len(nodes) > 0 {
		return busy("Volume "+label(v.Name, v.UUID), nodes)
	}
	return nil
}

// DetachHost takes a volume back from the host with this attachment, from all hosts for
// "". A volume that no host has needs nothing.
func (p *Pool) DetachHost(ctx context.Context, uuid, attachment string) error {
	return p.onVolume(ctx, uuid, func(tx *store.Tx, v *baremetal.Volume, uses []Use) error {
		hosts := inStatus(uses, AttachmentAttached, AttachmentDetaching)
		if attachment != "" {
			hosts = slices.DeleteFunc(hosts, func(u Use) bool { return u.UUID != attachment })
		}
		if len(hosts) == 0 {
			if err := onlyNodes(v, uses); err != nil {
				return err
			}
			if attachment != "" {
				return baremetal.Errorf(baremetal.ErrInvalid, "Error detaching volume: it has no attachment %.64s.", attachment)
			}
			return nil
		}
		if err := deleteAttachments(tx, hosts); err != nil {
			return err
		}
		left := maps.Clone(v.AdminMetadata)
		delete(left, "attached_mode")
		v.AdminMetadata = left
		return tx.Volumes().Update(v)
	})
}

// setAdmin writes an item of the administrative metadata, which clients see and cannot
// change.
func setAdmin(v *baremetal.Volume, key, value string) {
	m := maps.Clone(v.AdminMetadata)
	if m == nil {
		m = map[string]string{}
	}
	m[key] = value
	v.AdminMetadata = m
}

// pythonic writes a flag as Cinder does there.
func pythonic(b bool) string { return map[bool]string{true: "True", false: "False"}[b] }
