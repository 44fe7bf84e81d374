package pool

import (
	"errors"
	"fmt"
	"strings"

	"ironhook/baremetal"
	"ironhook/store"
	"ironhook/volume"
)

// Use is one who has a volume now.
type Use struct {
	UUID       string // of the attachment, or of the node's volume target
	Node       string // UUID; "" if it is no node of ours
	Name       string // of the node or the host
	Mountpoint string
	ReadOnly   bool
	Attachment *baremetal.Attachment // nil for a node
	Export     *baremetal.Export     // nil for others
}

// Users lists who has the volume with this UUID, or the raw file of this name: nodes
// that it is exported to, and other hosts.
func Users(tx *store.Tx, volume string) ([]Use, error) {
	uses, err := users(tx, store.Where("volume", volume), store.Where("volume_uuid", volume))
	return uses[volume], err
}

// AllUsers is Users for all volumes at once.
func AllUsers(tx *store.Tx) (map[string][]Use, error) {
	return users(tx, store.Query{}, store.Query{})
}

func users(tx *store.Tx, nodes, others store.Query) (map[string][]Use, error) {
	found := map[string][]Use{}
	exports, err := tx.Exports().List(nodes)
	if err != nil {
		return nil, fmt.Errorf("look for users of volumes: %w", err)
	}
	readOnly, err := readOnlyVolumes(tx)
	if err != nil {
		return nil, err
	}
	for _, e := range exports {
		t, err := tx.Targets().Get(e.TargetUUID)
		if err != nil {
			return nil, err
		}
		n, err := tx.Nodes().Get(e.NodeUUID)
		if err != nil {
			return nil, err
		}
		found[e.Volume] = append(found[e.Volume], Use{UUID: e.TargetUUID, Node: n.UUID, Name: n.Label(), Export: e,
			ReadOnly: t.ReadOnly() || readOnly[e.Volume], Mountpoint: fmt.Sprintf("boot_index %d", t.BootIndex)})
	}
	attachments, err := tx.Attachments().List(others)
	if err != nil {
		return nil, fmt.Errorf("look for users of volumes: %w", err)
	}
	for _, a := range attachments {
		found[a.VolumeUUID] = append(found[a.VolumeUUID], Use{UUID: a.UUID, Name: a.Host, Mountpoint: a.Mountpoint,
			ReadOnly: a.ReadOnly, Attachment: a})
	}
	return found, nil
}

func readOnlyVolumes(tx *store.Tx) (map[string]bool, error) {
	list, err := tx.Volumes().List(store.Query{Filters: []store.Filter{{Column: "read_only", Value: 1}}, Columns: []string{"uuid"}})
	set := map[string]bool{}
	for _, v := range list {
		set[v.UUID] = true
	}
	return set, err
}

// Status is the status that clients are told: a volume that somebody has is in use.
func Status(v *baremetal.Volume, uses []Use) baremetal.VolumeStatus {
	if v.Status != baremetal.VolumeAvailable || len(uses) == 0 {
		return v.Status
	}
	for _, u := range uses {
		if u.Attachment == nil || u.Attachment.Status != AttachmentReserved {
			return baremetal.VolumeInUse
		}
	}
	return baremetal.VolumeReserved
}

// who names the users for a message.
func who(uses []Use) string {
	const most = 4
	var names []string
	for _, u := range uses[:min(most, len(uses))] {
		switch {
		case u.Node != "":
			names = append(names, "node "+u.Name)
		case u.Name != "":
			names = append(names, "host "+u.Name)
		default:
			names = append(names, "attachment "+u.UUID)
		}
	}
	if len(uses) > most {
		names = append(names, "...")
	}
	return strings.Join(names, ", ")
}

// Resolve finds what the volume_id of a volume target names: a volume by its UUID, a
// raw file that somebody has put into the directory by its name, a volume by its name,
// or an image by its UUID or name. It returns the id under which package volume has it,
// and its row, nil for a raw file, for an image and for nothing. A name that several
// have is ErrConflict.
func Resolve(tx *store.Tx, volumes *volume.Dir, ident string) (id string, v *baremetal.Volume, err error) {
	v, err = tx.Volumes().Get(ident)
	if err == nil {
		return v.UUID, v, nil
	}
	if !errors.Is(err, baremetal.ErrNotFound) {
		return "", nil, err
	}
	if _, err := volumes.Stat(ident); err == nil {
		return ident, nil, nil
	}
	named, err := tx.Volumes().List(store.Where("name", ident))
	switch {
	case err != nil:
		return "", nil, err
	case len(named) > 1:
		return "", nil, baremetal.Errorf(baremetal.ErrConflict, "%d volumes are called %s: use a UUID, such as %s.", len(named), ident, named[0].UUID)
	case len(named) == 1:
		return named[0].UUID, named[0], nil
	}
	i, err := tx.FindImage(ident)
	if err != nil || i == nil {
		return ident, nil, err
	}
	return i.UUID, nil, nil
}
