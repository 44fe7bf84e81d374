package pool

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"ironhook/baremetal"
	"ironhook/store"
	"ironhook/volume"
)

// ImportSource returns the image of a source elsewhere. It fetches the image unless that
// has been done for the same URL and checksum, and waits if another call is about to. A
// fetch that fails, or is cut short by a crash, leaves nothing. report, which may be nil,
// hears how far it is.
func (p *Pool) ImportSource(ctx context.Context, s baremetal.ImageSource, report func(volume.Progress)) (*baremetal.Image, error) {
	if err := p.CheckSource(s); err != nil {
		return nil, err
	}
	for {
		changed := p.store.Changed()
		i, mine, err := p.beginImport(ctx, s)
		switch {
		case err != nil:
			return nil, err
		case mine != nil:
			return mine.run(report)
		case i.Status == baremetal.ImageActive:
			return i, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// importing is the fetching of a source by this process.
type importing struct {
	pool   *Pool
	source baremetal.ImageSource
	image  *baremetal.Image
	ctx    context.Context // ends when the import is cancelled
	task   *task
	leave  func()
}

// beginImport takes the import upon itself, unless there is an image already, which may
// be on its way.
func (p *Pool) beginImport(ctx context.Context, s baremetal.ImageSource) (has *baremetal.Image, mine *importing, err error) {
	i := &baremetal.Image{UUID: uuid.NewString(), Name: s.Name(), Status: baremetal.ImageImporting, DiskFormat: s.Format,
		ContainerFormat: "bare", Visibility: "shared"}
	work, t, leave, err := p.enter(ctx, i.UUID)
	if err != nil {
		return nil, nil, err
	}
	err = p.store.Update(ctx, func(tx *store.Tx) error {
		done, err := tx.Imports().Find(s.Key())
		if err == nil && done != nil {
			has, err = tx.Images().Get(done.ImageUUID)
			return err
		}
		if err == nil {
			err = insertImage(tx, i)
		}
		if err == nil {
			err = tx.Imports().Insert(&baremetal.Import{Source: s.Key(), ImageUUID: i.UUID})
		}
		return err
	})
	if err != nil || has != nil {
		leave()
		return has, nil, err
	}
	return nil, &importing{p, s, i, work, t, leave}, nil
}

// run fetches the image, and forgets it if that fails.
func (m *importing) run(report func(volume.Progress)) (*baremetal.Image, error) {
	defer m.leave()
	m.task.also = report
	free, err := m.pool.slot(m.ctx)
	if err == nil {
		err = m.fetch()
		free()
	}
	if err == nil {
		m.image.Status = baremetal.ImageActive
		err = m.pool.finishImage(m.ctx, m.image, nil)
	}
	if err != nil {
		m.forget()
		return nil, fmt.Errorf("import %s: %w", m.source.Label(), err)
	}
	return m.pool.Image(context.WithoutCancel(m.ctx), m.image.UUID)
}

func (m *importing) fetch() error {
	request, done, err := m.pool.openSource(m.source)
	if err != nil {
		return err
	}
	defer done()
	request.Checksum = m.source.Checksum
	return m.pool.build(m.ctx, m.image, request, m.task)
}

func (m *importing) forget() {
	ctx, cancel := settle(m.ctx)
	defer cancel()
	err := ignoreMissing(m.pool.volumes.Delete(m.image.UUID))
	if err == nil {
		err = m.pool.store.Update(ctx, func(tx *store.Tx) error { return tx.Images().Delete(m.image.UUID) })
	}
	if err != nil && !errors.Is(err, baremetal.ErrNotFound) {
		m.pool.log.Error("forget an image that could not be imported", "image", m.image.UUID, "error", err)
	}
}
