package redfish

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"ironhook/baremetal"
)

// mediaTypes are Ironic's kinds of virtual media and those of MediaTypes, the preferred one first.
var mediaTypes = map[string][]string{"cdrom": {"CD", "DVD"}, "floppy": {"Floppy"}, "disk": {"USBStick"}}

// medium is what is read of a VirtualMedia resource (DSP0268).
type medium struct {
	ID             string `json:"Id"`
	MediaTypes     []string
	Inserted       *bool
	Image          *string
	WriteProtected *bool
	Actions        struct {
		Insert struct {
			Target string `json:"target"`
		} `json:"#VirtualMedia.InsertMedia"`
		Eject struct {
			Target string `json:"target"`
		} `json:"#VirtualMedia.EjectMedia"`
	}

	path, etag string
}

func (m *medium) inserted() bool {
	return m.Inserted != nil && *m.Inserted || m.Inserted == nil && m.Image != nil && *m.Image != ""
}

// media reads the virtual media of the system, or where it has none itself, of its managers.
func (c *conversation) media(ctx context.Context, s *system) (all []*medium, err error) {
	var at struct {
		VirtualMedia link
		Links        struct{ ManagedBy []link }
	}
	if err := s.also(&at); err != nil {
		return nil, err
	}
	collections := []string{at.VirtualMedia.ID}
	if at.VirtualMedia.ID == "" {
		collections = nil
		for _, m := range bounded(at.Links.ManagedBy) {
			var manager struct{ VirtualMedia link }
			if _, err := c.get(ctx, m.ID, &manager); err != nil {
				return nil, err
			}
			if manager.VirtualMedia.ID != "" {
				collections = append(collections, manager.VirtualMedia.ID)
			}
		}
	}
	for _, path := range collections {
		paths, err := c.members(ctx, path)
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			m := &medium{path: path}
			if m.etag, err = c.get(ctx, path, m); err != nil {
				return nil, err
			}
			all = append(all, m)
		}
	}
	if all == nil {
		return nil, absent("virtual media")
	}
	return all, nil
}

// Media reads the virtual media of the machine.
func (d *Driver) Media(ctx context.Context, n *baremetal.Node) (all []baremetal.Medium, err error) {
	err = d.call(ctx, n, func(c *conversation, s *system) error {
		list, err := c.media(ctx, s)
		for _, m := range list {
			image := ""
			if m.Image != nil {
				image = *m.Image
			}
			all = append(all, baremetal.Medium{Types: m.MediaTypes, Inserted: m.inserted(), Image: image})
		}
		return err
	})
	return all, err
}

// AttachMedium inserts an image as a cdrom, floppy or disk, in place of one of this kind that is inserted.
func (d *Driver) AttachMedium(ctx context.Context, n *baremetal.Node, kind, image string) error {
	return d.call(ctx, n, func(c *conversation, s *system) error {
		all, err := c.media(ctx, s)
		if err != nil {
			return err
		}
		m := ofKind(all, kind)
		if m == nil {
			return fmt.Errorf("%w: none of its virtual media is a %s", errNoMedium, kind)
		}
		if m.inserted() {
			if err := c.eject(ctx, m); err != nil {
				return err
			}
		}
		return c.insert(ctx, m, image)
	})
}

// DetachMedia ejects what is inserted of these kinds.
func (d *Driver) DetachMedia(ctx context.Context, n *baremetal.Node, kinds []string) error {
	return d.call(ctx, n, func(c *conversation, s *system) error {
		all, err := c.media(ctx, s)
		for _, m := range all {
			asked := slices.ContainsFunc(kinds, func(kind string) bool { return ofKind([]*medium{m}, kind) != nil })
			if err == nil && asked && m.inserted() {
				err = c.eject(ctx, m)
			}
		}
		return err
	})
}

var errNoMedium = errors.New("no such virtual medium")

// ofKind is the medium that suits a kind best.
func ofKind(all []*medium, kind string) *medium {
	for _, t := range mediaTypes[kind] {
		for _, m := range all {
			if slices.Contains(m.MediaTypes, t) {
				return m
			}
		}
	}
	return nil
}

// insertions are the bodies to try, in this order, when a BMC refuses an image with a 4xx.
var insertions = []struct {
	why  string
	body func(image string) map[string]any
}{
	{"as the standard has it", func(image string) map[string]any {
		return map[string]any{"Image": image, "Inserted": true, "WriteProtected": true}
	}},
	{"nothing but the image is known", func(image string) map[string]any { return map[string]any{"Image": image} }},
	{"how it is transferred must be said", func(image string) map[string]any {
		return map[string]any{"Image": image, "Inserted": true, "WriteProtected": true, "TransferMethod": "Stream",
			"TransferProtocolType": protocolOf(image)}
	}},
}

func (c *conversation) insert(ctx context.Context, m *medium, image string) (err error) {
	if m.Actions.Insert.Target == "" { // before VirtualMedia 1.2
		return c.patch(ctx, m.path, m.etag, map[string]any{"Image": image, "Inserted": true})
	}
	for _, try := range insertions {
		_, err = c.send(ctx, http.MethodPost, m.Actions.Insert.Target, "", try.body(image))
		if !refused(err) {
			return err
		}
	}
	return err
}

func (c *conversation) eject(ctx context.Context, m *medium) error {
	if m.Actions.Eject.Target == "" {
		return c.patch(ctx, m.path, m.etag, map[string]any{"Image": nil, "Inserted": false})
	}
	_, err := c.send(ctx, http.MethodPost, m.Actions.Eject.Target, "", map[string]any{})
	return err
}
