package pool

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"ironhook/baremetal"

	"ironhook/store"
)

// What the client last told of an attachment, in Cinder's words.
const (
	AttachmentReserved  = "reserved"  // kept from others
	AttachmentAttaching = "attaching" // the host may log in
	AttachmentAttached  = "attached"  // and says that it has
)

// Attach gives a volume to a host, or keeps it for one (without an Initiator). UUID,
// IQN, user and secret are made if they are missing. A volume that somebody may write
// to is nobody else's: ErrConflict.
func (p *Pool) Attach(ctx context.Context, a *baremetal.Attachment) error {
	return p.store.Update(ctx, func(tx *store.Tx) error {
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
			return tx.Attachments().Update(a)
		}
		a.UUID, a.User, a.Secret = uuid.NewString(), a.VolumeUUID, NewSecret()
		a.IQN = IQNPrefix + a.UUID
		return tx.Attachments().Insert(a)
	})
}

// free tells whether the volume may be given to one more.
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

// Mark notes what the client tells of an attachment.
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

// Detach takes a volume back. The iSCSI target sees that the row is gone and ends
// the sessions.
func (p *Pool) Detach(ctx context.Context, uuid string) error {
	return p.store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.Attachments().Delete(uuid); err != nil {
			return fmt.Errorf("detach: %w", err)
		}
		return nil
	})
}

// SetReadOnly says whether whoever gets a volume from now on may write to it. One that
// is in use is ErrConflict.
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
		return nil
	})
	return err
}
