package storage

import (
	"context"
	"fmt"
	"strings"

	"ironhook/baremetal"
	"ironhook/store"
)

// Noop is the storage interface of nodes that boot from a disk of their own.
type Noop struct{}

// Validate finds nothing wrong.
func (Noop) Validate(context.Context, *baremetal.Node) error { return nil }

// Attach does nothing.
func (Noop) Attach(context.Context, *baremetal.Node) error { return nil }

// Detach does nothing.
func (Noop) Detach(context.Context, *baremetal.Node) error { return nil }

// ShouldWriteImage is always true.
func (Noop) ShouldWriteImage(context.Context, *baremetal.Node) (bool, error) { return true, nil }

// volumeTargets returns the node's targets by boot index.
func volumeTargets(tx *store.Tx, n *baremetal.Node) ([]*baremetal.VolumeTarget, error) {
	q := store.Where("node_uuid", n.UUID)
	q.SortKey = "boot_index"
	targets, err := tx.Targets().List(q)
	if err != nil {
		return nil, fmt.Errorf("read volume targets of node %s: %w", n.UUID, err)
	}
	return targets, nil
}

// writesImage is Ironic's rule: a node boots from its volume when no image is
// named and a target has boot index 0.
func writesImage(n *baremetal.Node, targets []*baremetal.VolumeTarget) bool {
	if _, image := n.InstanceInfo["image_source"]; image {
		return true
	}
	return len(targets) == 0 || targets[0].BootIndex != 0
}

// shouldWriteImage is writesImage for those who have not read the targets yet.
func shouldWriteImage(ctx context.Context, s *store.Store, n *baremetal.Node) (write bool, err error) {
	err = s.View(ctx, func(tx *store.Tx) error {
		targets, err := volumeTargets(tx, n)
		write = writesImage(n, targets)
		return err
	})
	return write, err
}

// isISCSI compares as Ironic does.
func isISCSI(t *baremetal.VolumeTarget) bool { return strings.EqualFold(t.VolumeType, "iscsi") }

// bootsByIPXE has the boot interfaces that can hand a volume to the firmware.
var bootsByIPXE = map[string]bool{"ipxe": true, "http-ipxe": true, "fake": true}

// findings collects what is wrong with a node, to be said all at once.
type findings []string

func (f *findings) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// err is nil when nothing was found, else an error of the kind that begins with
// what the findings are about.
func (f findings) err(kind error, format string, args ...any) error {
	if len(f) == 0 {
		return nil
	}
	return baremetal.Errorf(kind, "%s %s", fmt.Sprintf(format, args...), strings.Join(f, " "))
}
