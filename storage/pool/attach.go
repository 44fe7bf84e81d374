package pool

import (
	"cmp"
	"context"
	"fmt"

	"github.com/google/uuid"

	"ironhook/baremetal"

	"ironhook/store"
)

// The status of an attachment, as the client last reported it, in Cinder's terms but for
// held.
const (
	AttachmentHeld      = "held"      // reserved for a host by os-reserve or os-initialize_connection
	AttachmentReserved  = "reserved"  // reserved for the host by the API of attachments
	AttachmentAttaching = "attaching" // the host may log in
	AttachmentAttached  = "attached"  // the host has logged in
	AttachmentDetaching = "detaching" // the host is about to log out
)

// Attach reserves a volume for a host and, if initiator is not empty, grants it the login;
// otherwise an existing grant stays as it is. It sets a.UUID if that is empty. The grant is
// nil for a host that cannot log in yet. The error is ErrConflict if the volume has another
// user, unless both only read it.
func (p *Pool) Attach(ctx context.Context, a *baremetal.Attachment, initiator string) (grant *baremetal.Grant, err error) {
	err = p.store.Update(ctx, func(tx *store.Tx) error {
		v, err := tx.Volumes().Get(a.VolumeUUID)
		if err != nil {
			return err
		}
		uses, err := Users(tx, v.UUID)
		if err != nil {
			return err
		}
		a.ReadOnly = a.ReadOnly || v.ReadOnly
		if err := free(v, uses, a); err != nil {
			return err
		}
		if a.UUID != "" {
			err = tx.Attachments().Update(a)
		} else {
			a.UUID = uuid.NewString()
			err = tx.Attachments().Insert(a)
		}
		if err == nil {
			grant, err = grantTo(tx, a, initiator)
		}
		return err
	})
	return grant, err
}

// grantTo writes the grant of an attachment. An existing one keeps its secret.
func grantTo(tx *store.Tx, a *baremetal.Attachment, initiator string) (*baremetal.Grant, error) {
	iqn := IQNPrefix + a.UUID
	g, err := tx.Grants().Find(iqn)
	switch {
	case err != nil || g == nil && initiator == "":
		return nil, err
	case g == nil:
		g = &baremetal.Grant{IQN: iqn, Attachment: a.UUID, Volume: a.VolumeUUID, Serial: a.VolumeUUID, ReadOnly: a.ReadOnly, Initiator: initiator,
			User: a.VolumeUUID, Secret: NewSecret()}
		return g, tx.Grants().Insert(g)
	}
	g.Initiator, g.ReadOnly = cmp.Or(initiator, g.Initiator), a.ReadOnly
	return g, tx.Grants().Update(g)
}

// free returns an error unless another user may have the volume.
func free(v *baremetal.Volume, uses []Use, a *baremetal.Attachment) error {
	if v.Status != baremetal.VolumeAvailable {
		return baremetal.Errorf(baremetal.ErrConflict, "Volume %s is %s; it must be available to be attached.", label(v.Name, v.UUID), v.Status)
	}
	for _, u := range uses {
		if u.UUID != a.UUID && !(u.ReadOnly && a.ReadOnly) {
			return busy("Volume "+label(v.Name, v.UUID), uses)
		}
	}
	return nil
}

// Attachment returns one by its UUID.
func (p *Pool) Attachment(ctx context.Context, uuid string) (a *baremetal.Attachment, err error) {
	err = p.store.View(ctx, func(tx *store.Tx) error {
		a, err = tx.Attachments().Get(uuid)
		return err
	})
	return a, err
}

// Mark applies a change that the client reports to an attachment.
func (p *Pool) Mark(ctx context.Context, uuid string, change func(*baremetal.Attachment)) error {
	return p.store.Update(ctx, func(tx *store.Tx) error {
		a, err := tx.Attachments().Get(uuid)
		if err != nil {
			return err
		}
		change(a)
		return tx.Attachments().Update(a)
	})
}

// Detach removes an attachment and its grant. The iSCSI target notices that and ends the
// sessions.
func (p *Pool) Detach(ctx context.Context, uuid string) error {
	return p.store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.Attachments().Delete(uuid); err != nil {
			return fmt.Errorf("detach: %w", err)
		}
		return nil
	})
}

// SetReadOnly makes a volume read-only or writable for later users. The error is
// ErrConflict if it is in use.
func (p *Pool) SetReadOnly(ctx context.Context, uuid string, readOnly bool) error {
	_, err := p.UpdateVolume(ctx, uuid, func(tx *store.Tx, v *baremetal.Volume) error {
		uses, err := Users(tx, uuid)
		if err != nil {
			return err
		}
		if len(uses) > 0 && v.ReadOnly != readOnly {
			return busy("Volume "+label(v.Name, uuid), uses)
		}
		v.ReadOnly = readOnly
		setAdmin(v, "readonly", pythonic(readOnly))
		return nil
	})
	return err
}
