package storage

import (
	"context"
	"errors"
	"fmt"
	"io"

	"ironhook/baremetal"
	"ironhook/block/scsi"
	"ironhook/boot"
	"ironhook/internal/isofs"
	"ironhook/store"
)

// configUnits are the logical units after a node's boot volume: its config drives. They are
// units of the same target, so the system finds them in the session of its root disk: no
// login, no line of a boot script, and no room in the firmware's table is needed for them.
func (e *Exports) configUnits(ctx context.Context, grant *baremetal.Grant) (units []*scsi.LUN, err error) {
	drives, err := e.drives(ctx, grant)
	if err != nil {
		return nil, err
	}
	for i, d := range drives {
		image := d.Image
		if image == nil {
			if image, err = isofs.Image(d.Label, d.Files); err != nil {
				return nil, fmt.Errorf("config drive of node %s: %w", grant.Node, err)
			}
		}
		unit, err := scsi.NewLUN(newMemory(image), scsi.Options{Serial: fmt.Sprintf("%s-config%d", grant.Serial, i), ReadOnly: true})
		if err != nil {
			return nil, fmt.Errorf("config drive of node %s: %w", grant.Node, err)
		}
		units = append(units, unit)
	}
	return units, nil
}

// drives are those of the node that a grant is of, if it is for the boot volume.
func (e *Exports) drives(ctx context.Context, grant *baremetal.Grant) (drives []boot.Drive, err error) {
	err = e.store.View(ctx, func(tx *store.Tx) error {
		target, err := tx.Targets().Find(grant.Target)
		if err != nil || target == nil || target.BootIndex != 0 {
			return err
		}
		node, err := tx.Nodes().Find(grant.Node)
		if err != nil || node == nil {
			return err
		}
		if drives, err = boot.Drives(node); err != nil { // changed since it was deployed
			return fmt.Errorf("configdrive in instance_info of node %s %w", grant.Node, err)
		}
		return nil
	})
	return drives, err
}

// memory is a disk in memory that is never written.
type memory struct{ content []byte }

// newMemory fills the last block with zeros.
func newMemory(content []byte) memory {
	size := (len(content) + scsi.BlockSize - 1) / scsi.BlockSize * scsi.BlockSize
	return memory{append(content, make([]byte, size-len(content))...)}
}

var errReadOnly = errors.New("config drive: it is read-only")

func (m memory) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off > m.Size() {
		return 0, io.EOF
	}
	n := copy(p, m.content[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (memory) WriteAt([]byte, int64) (int, error) { return 0, errReadOnly }
func (memory) Unmap(int64, int64) error           { return errReadOnly }
func (memory) Sync() error                        { return nil }
func (m memory) Size() int64                      { return int64(len(m.content)) }

func (m memory) Extent(off int64) (n int64, mapped bool, err error) { return m.Size() - off, true, nil }
