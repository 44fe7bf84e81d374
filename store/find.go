package store

import (
	"errors"

	"ironhook/baremetal"
)

// SourceImage returns the image that a source names: a local one, or the active one that
// was imported from its URL; nil for none. A name that several images have is ErrInvalid.
func (tx *Tx) SourceImage(s baremetal.ImageSource) (*baremetal.Image, error) {
	if s.URL == "" {
		return tx.FindImage(s.Reference)
	}
	done, err := tx.Imports().Find(s.Key())
	if err != nil || done == nil {
		return nil, err
	}
	i, err := tx.Images().Get(done.ImageUUID)
	if err != nil || i.Status != baremetal.ImageActive {
		return nil, err
	}
	return i, nil
}

// FindImage returns the image with this UUID, or the active one of this name; nil for
// none. A name that several images have is ErrInvalid.
func (tx *Tx) FindImage(ident string) (*baremetal.Image, error) {
	i, err := tx.Images().Get(ident)
	if !errors.Is(err, baremetal.ErrNotFound) {
		return i, err
	}
	named, err := tx.Images().List(Query{Filters: []Filter{
		{Column: "name", Value: ident}, {Column: "status", Value: string(baremetal.ImageActive)}}})
	switch {
	case err != nil || len(named) == 0:
		return nil, err
	case len(named) > 1:
		return nil, baremetal.Errorf(baremetal.ErrInvalid, "%d images are called %s: use the UUID of one, such as %s.", len(named), ident,
			named[0].UUID)
	}
	return named[0], nil
}

// unnamed is the condition of a volume that was made for a node and that neither a volume
// target names nor a grant exports.
const unnamed = "NOT EXISTS (SELECT 1 FROM volume_targets WHERE volume_id = volumes.uuid)" +
	" AND NOT EXISTS (SELECT 1 FROM grants WHERE volume = volumes.uuid)"

// Orphans returns the volumes made for nodes that no volume target names, that are not
// exported, and whose node is gone or not reserved: a task may be about to name them.
func (tx *Tx) Orphans() ([]*baremetal.Volume, error) {
	return tx.Volumes().query("WHERE node_uuid IS NOT NULL AND " + unnamed +
		" AND NOT EXISTS (SELECT 1 FROM nodes WHERE uuid = volumes.node_uuid AND reservation <> '') ORDER BY id")
}

// OrphansOf is Orphans of one node, reserved or not.
func (tx *Tx) OrphansOf(node string) ([]*baremetal.Volume, error) {
	return tx.Volumes().query("WHERE node_uuid = ? AND "+unnamed+" ORDER BY id", node)
}
