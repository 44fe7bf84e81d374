package storage

import (
	"fmt"

	"github.com/google/uuid"

	"ironhook/baremetal"
	"ironhook/store"
)

// unit is what a volume target gives to a machine.
type unit struct {
	volume    string // its id
	ephemeral bool   // an overlay that is there for one boot
}

// serial is the serial number of a unit: what the system of a machine knows the disk by,
// wherever it is and whenever it comes back, and knows no other disk by. That of a volume
// is its UUID. Other names are not random, and others may have them: theirs is made of the
// appliance's id and what outlives a boot, as a UUID of version 5 (RFC 9562 section 5.5).
func (u unit) serial(tx *store.Tx, t *baremetal.VolumeTarget) (string, error) {
	if u.ephemeral {
		return serialOf(tx, "target "+t.UUID)
	}
	v, err := tx.Volumes().Find(u.volume)
	if err != nil || v != nil {
		return u.volume, err
	}
	if kept, err := tx.KeepsName(u.volume); err != nil || kept {
		return u.volume, err
	}
	return serialOf(tx, "volume "+u.volume)
}

func serialOf(tx *store.Tx, name string) (string, error) {
	text, err := tx.ApplianceID()
	if err != nil {
		return "", err
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return "", fmt.Errorf("the appliance's id: %w", err)
	}
	return uuid.NewSHA1(id, []byte(name)).String(), nil
}
