package volume

import (
	"errors"
	"fmt"
	"io/fs"
)

const reservationsSuffix = ".reservations"

// maxReservations is how many bytes are read back at most.
const maxReservations = 1 << 20

// Reservations is a place for the persistent SCSI reservations of a volume, which
// outlive a restart (scsi.Keeper): a file beside its manifest, which goes with the
// volume. One at a time may use it.
type Reservations struct {
	dir  *Dir
	name string // of the file
}

// Reservations is the place that belongs to what is open.
func (k *Disk) Reservations() Reservations {
	k.s.gate.RLock()
	defer k.s.gate.RUnlock()
	return Reservations{k.s.dir, k.s.m.id + reservationsSuffix}
}

// Load returns what was last saved, nothing if there is nothing.
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

// Save returns once data is on stable storage; empty data takes the file away.
func (r Reservations) Save(data []byte) error {
	return r.dir.withLock(func() error {
		if len(data) == 0 {
			return r.dir.forget(r.name)
		}
		return r.dir.replace(r.name, data, func() error { return nil })
	})
}

// forget removes a file that need not be there, for good.
func (d *Dir) forget(name string) error {
	if err := d.fs.Remove(name); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	return d.fs.SyncDir(".")
}
