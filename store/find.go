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
		return nil, baremetal.Errorf(baremetal.ErrInvalid, "%d images are called %s: use the UUID of one, such as %s.", len(named), ident, named[0].UUID)
	}
	return named[0], nil
}
