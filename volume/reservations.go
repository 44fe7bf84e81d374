package volume

import (
	"errors"
	"fmt"
	"io/fs"
)

const reservationsSuffix = ".reservations"

// maxReservations is the longest file that is read back, in bytes.
const maxReservations = 1 << 20

// Reservations stores the persistent SCSI reservations of a volume over a restart
// (scsi.Keeper): a file beside its manifest that is deleted with the volume. It is for one
// user at a time.
type Reservations struct {
	dir  *Dir
	name string // of the file
}

// Reservations returns the store that belongs to the open volume.
func (k *Disk) Reservations() Reservations {
	k.s.gate.RLock()
	defer k.s.gate.RUnlock()
	return Reservations{k.s.dir, k.s.m.id + reservationsSuffix}
}

// Load returns the data last saved, empty if there is none.
func (r Reservations) Load() ([]byte, error) {
	f, err := r.dir.fs.Open(r.name, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size > maxReservations {
		return nil, fmt.Errorf("%d bytes: %w", info.Size, ErrDamaged)
	}
	b := make([]byte, info.Size)
	return b, readFull(f, b, 0)
}

// Save returns once data is on stable storage; empty data removes the file.
func (r Reservations) Save(data []byte) error {
	return r.dir.withLock(func() error {
		if len(data) == 0 {
			return r.dir.forget(r.name)
		}
		return r.dir.replace(r.name, data, func() error { return nil })
	})
}

// forget removes a file durably; it need not exist.
func (d *Dir) forget(name string) error {
	if err := d.fs.Remove(name); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	return d.fs.SyncDir(".")
}
