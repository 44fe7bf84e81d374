package storage

import (
	"context"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
)

// Volumes that deployments make. A node whose instance_info names one of our images
// as its image_source, and that has no volume target with boot_index 0, gets a volume
// of its own that begins as that image. Volume and target belong together: when the
// target goes, at tear-down for one, the volume goes too, unless somebody has set its
// metadata item keep to true. Every deployment begins with a new one (remake.go).

// golden returns the image that the node's deployment shall make a volume of, nil if
// it names none of ours. A name that several images have is ErrInvalid.
func golden(tx *store.Tx, n *baremetal.Node) (*baremetal.Image, error) {
	source := n.InstanceInfo.Text("image_source")
	if source == "" {
		return nil, nil
	}
	i, err := pool.FindImage(tx, source)
	if err != nil {
		return nil, fmt.Errorf("image_source in instance_info: %w", err)
	}
	return i, nil
}

// makes tells whether attaching will make the node's boot volume, and of what.
func makes(tx *store.Tx, n *baremetal.Node, targets []*baremetal.VolumeTarget) (*baremetal.Image, error) {
	if len(targets) > 0 && targets[0].BootIndex == 0 {
		return nil, nil
	}
	return golden(tx, n)
}

// ensure makes the node's boot volume and its target, if it is to have one. The volume
// is the node's from the first: cut short by a crash, it is an orphan of the pool's.
func (m *Managed) ensure(ctx context.Context, n *baremetal.Node) error {
	var from *baremetal.Image
	err := m.store.View(ctx, func(tx *store.Tx) error {
		targets, err := volumeTargets(tx, n)
		if err == nil {
			from, err = makes(tx, n, targets)
		}
		return err
	})
	if err != nil || from == nil {
		return err
	}
	size, err := rootSize(n)
	if err != nil {
		return err
	}
	v, err := m.pool.CreateVolume(ctx, pool.NewVolume{Name: n.Label(), Description: "made by the deployment of node " + n.UUID,
		Image: from.UUID, Size: size, Node: n.UUID})
	if err != nil {
		return fmt.Errorf("make the boot volume of node %s: %w", n.Label(), err)
	}
	return m.store.Update(ctx, func(tx *store.Tx) error {
		return tx.Targets().Insert(&baremetal.VolumeTarget{UUID: uuid.NewString(), NodeUUID: n.UUID, VolumeType: "iscsi", VolumeID: v.UUID})
	})
}

// maxRoot is the largest root_gb: package volume's limit.
const maxRoot = 16 << 10

// rootSize is the size in bytes that instance_info asks for, 0 for that of the image.
func rootSize(n *baremetal.Node) (int64, error) {
	said, ok := n.InstanceInfo["root_gb"]
	if !ok || said == nil || said == "" {
		return 0, nil
	}
	gib, err := strconv.ParseInt(fmt.Sprint(said), 10, 64)
	if err != nil || gib < 0 || gib > maxRoot {
		return 0, baremetal.Errorf(baremetal.ErrInvalid, "root_gb in instance_info is %.40q: set it to a number of GiB up to %d, or remove it for the size of the image.", fmt.Sprint(said), maxRoot)
	}
	return gib << 30, nil
}

// checkRoot refuses an image that no boot volume can be made of for the node.
func checkRoot(n *baremetal.Node, i *baremetal.Image) error {
	size, err := rootSize(n)
	if err != nil {
		return err
	}
	least := max(i.VirtualSize, i.MinDisk<<30)
	switch {
	case i.Status != baremetal.ImageActive:
		return baremetal.Errorf(baremetal.ErrInvalid, "Image %s, the image_source in instance_info, is %s: name one that is active.", i.UUID, i.Status)
	case size != 0 && size < least:
		return baremetal.Errorf(baremetal.ErrInvalid, "root_gb in instance_info is %d, but image %s needs %d GiB: set it to that at least, or remove it for the size of the image.",
			size>>30, i.UUID, pool.GiB(least))
	}
	return nil
}
