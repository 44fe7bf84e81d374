package redfish

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"ironhook/baremetal"
)

// bios is what is read of a Bios resource (DSP0268).
type bios struct {
	Attributes        map[string]any
	AttributeRegistry string
	Settings          struct {
		Object link     `json:"SettingsObject"`
		Times  []string `json:"SupportedApplyTimes"`
	} `json:"@Redfish.Settings"`
	Actions struct {
		Reset struct {
			Target string `json:"target"`
		} `json:"#Bios.ResetBios"`
	}

	path, etag string
}

// maxSettings is how many settings of a machine's firmware are read; there are some hundred.
const maxSettings = 4096

// bios reads the settings of the system's firmware.
func (c *conversation) bios(ctx context.Context, s *system) (*bios, error) {
	var at struct{ Bios link }
	if err := s.also(&at); err != nil {
		return nil, err
	}
	if at.Bios.ID == "" {
		return nil, absent("BIOS settings")
	}
	b := &bios{path: at.Bios.ID}
	etag, err := c.get(ctx, b.path, b)
	b.etag = etag
	return b, err
}

// absent is the error of a system that lacks a part of Redfish.
func absent(what string) error {
	return baremetal.Errorf(baremetal.ErrUnsupported, "the BMC offers no %s for this machine.", what)
}

// attribute is what a registry says of a setting (DSP0268, AttributeRegistry).
type attribute struct {
	AttributeName  string
	Type           string
	Value          []struct{ ValueName string }
	LowerBound     *float64
	UpperBound     *float64
	MinLength      *float64
	MaxLength      *float64
	ReadOnly       *bool
	ResetRequired  *bool
	IsSystemUnique *bool `json:"IsSystemUniqueProperty"`
}

// BIOS reads the settings of the machine's firmware, each with what the BMC's registry says of
// it: a part for each, whose facts are those of Ironic's BIOS settings.
func (d *Driver) BIOS(ctx context.Context, n *baremetal.Node) (parts []baremetal.Part, err error) {
	err = d.call(ctx, n, func(c *conversation, s *system) error {
		b, err := c.bios(ctx, s)
		if err != nil {
			return err
		}
		known := c.registry(ctx, b.AttributeRegistry)
		names := slices.Sorted(maps.Keys(b.Attributes))
		for _, name := range names[:min(len(names), maxSettings)] {
			parts = append(parts, baremetal.Part{Name: name, Facts: known[name].facts(b.Attributes[name])})
		}
		return nil
	})
	return parts, err
}

// facts of a setting; those that no registry tells are null.
func (a attribute) facts(value any) baremetal.Object {
	text := func(v any) any {
		if v == nil {
			return nil
		}
		return fmt.Sprint(v)
	}
	facts := baremetal.Object{"value": text(value), "attribute_type": nil, "allowable_values": nil, "unique": nil}
	if a.Type != "" {
		facts["attribute_type"] = a.Type
	}
	if len(a.Value) > 0 {
		var names []any
		for _, v := range a.Value {
			names = append(names, v.ValueName)
		}
		facts["allowable_values"] = names
	}
	for name, v := range map[string]*float64{"lower_bound": a.LowerBound, "upper_bound": a.UpperBound, "min_length": a.MinLength,
		"max_length": a.MaxLength} {
		facts[name] = nil
		if v != nil {
			facts[name] = *v
		}
	}
	for name, v := range map[string]*bool{"read_only": a.ReadOnly, "reset_required": a.ResetRequired, "unique": a.IsSystemUnique} {
		facts[name] = nil
		if v != nil {
			facts[name] = *v
		}
	}
	return facts
}

// registry reads what the BMC says of its settings, by name. Where it says nothing, or in a form that
// is none, the settings are had without.
func (c *conversation) registry(ctx context.Context, name string) map[string]attribute {
	if name == "" || strings.ContainsAny(name, "/?#") {
		return nil
	}
	var file struct {
		Location []struct {
			Language string
			URI      string `json:"Uri"`
		}
	}
	if _, err := c.get(ctx, c.info.root+"Registries/"+name, &file); err != nil {
		return nil
	}
	for _, l := range file.Location {
		var body struct {
			Entries struct{ Attributes []attribute } `json:"RegistryEntries"`
		}
		if l.Language != "" && !strings.HasPrefix(l.Language, "en") {
			continue
		}
		if _, err := c.get(ctx, l.URI, &body); err != nil {
			continue
		}
		known := map[string]attribute{}
		for _, a := range body.Entries.Attributes {
			known[a.AttributeName] = a
		}
		return known
	}
	return nil
}

// ChangeBIOS asks for other values of settings; they hold from the next start of the machine on.
// Names that the firmware does not have are ErrInvalid.
func (d *Driver) ChangeBIOS(ctx context.Context, n *baremetal.Node, values baremetal.Object) error {
	return d.call(ctx, n, func(c *conversation, s *system) error {
		b, err := c.bios(ctx, s)
		if err != nil {
			return err
		}
		var unknown []string
		for _, name := range slices.Sorted(maps.Keys(values)) {
			if _, ok := b.Attributes[name]; !ok {
				unknown = append(unknown, name)
			}
		}
		if unknown != nil {
			return baremetal.Errorf(baremetal.ErrInvalid, "the firmware has no BIOS settings %s", strings.Join(unknown, ", "))
		}
		body := map[string]any{"Attributes": values}
		if slices.Contains(b.Settings.Times, "OnReset") {
			body["@Redfish.SettingsApplyTime"] = map[string]string{"@odata.type": "#Settings.v1_0_0.PreferredApplyTime", "ApplyTime": "OnReset"}
		}
		path, etag := b.path, b.etag
		if b.Settings.Object.ID != "" {
			var pending struct{}
			path = b.Settings.Object.ID
			if etag, err = c.get(ctx, path, &pending); err != nil {
				return err
			}
		}
		return c.patch(ctx, path, etag, body)
	})
}

// ResetBIOS asks for the settings of the factory, from the next start of the machine on.
func (d *Driver) ResetBIOS(ctx context.Context, n *baremetal.Node) error {
	return d.call(ctx, n, func(c *conversation, s *system) error {
		b, err := c.bios(ctx, s)
		if err != nil {
			return err
		}
		if b.Actions.Reset.Target == "" {
			return absent("reset of the BIOS settings")
		}
		_, err = c.send(ctx, http.MethodPost, b.Actions.Reset.Target, "", map[string]string{"ResetType": "Default"})
		return err
	})
}

// patch changes a resource. BMCs compare ETags in ways of their own: weak ones as strong ones,
// and If-Match never right.
func (c *conversation) patch(ctx context.Context, path, etag string, body any) (err error) {
	tried := map[string]bool{}
	for _, tag := range []string{etag, strings.TrimPrefix(etag, "W/"), ""} {
		if tried[tag] {
			continue
		}
		tried[tag] = true
		_, err = c.send(ctx, http.MethodPatch, path, tag, body)
		if r := (refusal{}); !errors.As(err, &r) || r.status != http.StatusPreconditionFailed && r.status != http.StatusPreconditionRequired {
			return err
		}
	}
	return err
}
