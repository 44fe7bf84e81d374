package image

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"regexp"
	"slices"
	"unicode/utf8"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/volume"
)

const (
	maxText       = 255 // letters of a name, a tag, a key
	maxValue      = 65535
	maxProperties = 128
	maxTags       = 128
)

// containers are the formats that a disk image may be wrapped in. The content says how to
// unpack it, so they are kept as a description.
var containers = []string{"bare", "ovf", "ova", "compressed"}

// field is one attribute of an image. Those without set are read-only.
type field struct {
	name, kind string
	get        func(*baremetal.Image) any
	set        func(*baremetal.Image, any) error
}

// fields is all attributes but those that people make up.
var fields = []field{
	{"id", "string", func(i *baremetal.Image) any { return i.UUID }, nil},
	{"name", "string", func(i *baremetal.Image) any { return rest.Text(i.Name) }, text(func(i *baremetal.Image) *string { return &i.Name })},
	{"status", "string", func(i *baremetal.Image) any { return i.Status }, nil},
	{"visibility", "string", func(i *baremetal.Image) any { return i.Visibility },
		oneOf(func(i *baremetal.Image) *string { return &i.Visibility }, "public", "private", "shared", "community")},
	{"protected", "boolean", func(i *baremetal.Image) any { return i.Protected },
		flag(func(i *baremetal.Image) *bool { return &i.Protected })},
	{"os_hidden", "boolean", func(i *baremetal.Image) any { return i.Hidden }, flag(func(i *baremetal.Image) *bool { return &i.Hidden })},
	{"owner", "string", func(i *baremetal.Image) any { return rest.Text(i.Owner) },
		text(func(i *baremetal.Image) *string { return &i.Owner })},
	{"min_disk", "integer", func(i *baremetal.Image) any { return i.MinDisk }, number(func(i *baremetal.Image) *int64 { return &i.MinDisk })},
	{"min_ram", "integer", func(i *baremetal.Image) any { return i.MinRAM }, number(func(i *baremetal.Image) *int64 { return &i.MinRAM })},
	{"disk_format", "string", func(i *baremetal.Image) any { return rest.Text(i.DiskFormat) },
		whileQueued("disk_format", func(i *baremetal.Image) *string { return &i.DiskFormat }, pool.Formats...)},
	{"container_format", "string", func(i *baremetal.Image) any { return rest.Text(i.ContainerFormat) },
		whileQueued("container_format", func(i *baremetal.Image) *string { return &i.ContainerFormat }, containers...)},
	{"tags", "array", func(i *baremetal.Image) any { return orEmpty(i.Tags) }, tags},
	{"size", "integer", known(func(i *baremetal.Image) int64 { return i.Size }), nil},
	{"virtual_size", "integer", known(virtualSize), nil},
	{"checksum", "string", func(i *baremetal.Image) any { return rest.Text(i.Checksum) }, nil},
	{"os_hash_algo", "string", func(i *baremetal.Image) any {
		if i.HashValue == "" {
			return nil
		}
		return pool.HashAlgorithm
	}, nil},
	{"os_hash_value", "string", func(i *baremetal.Image) any { return rest.Text(i.HashValue) }, nil},
	{"created_at", "string", func(i *baremetal.Image) any { return rest.Time(i.CreatedAt, rest.GlanceTime) }, nil},
	{"updated_at", "string", func(i *baremetal.Image) any {
		if i.UpdatedAt.IsZero() {
			return rest.Time(i.CreatedAt, rest.GlanceTime)
		}
		return rest.Time(i.UpdatedAt, rest.GlanceTime)
	}, nil},
	{"stores", "string", func(i *baremetal.Image) any {
		if !hasBytes(i) {
			return nil
		}
		return theStore
	}, nil},
	{"self", "string", func(i *baremetal.Image) any { return "/v2/images/" + i.UUID }, nil},
	{"file", "string", func(i *baremetal.Image) any { return "/v2/images/" + i.UUID + "/file" }, nil},
	{"schema", "string", func(*baremetal.Image) any { return "/v2/schemas/image" }, nil},
}

// reserved are names that stand for something in Glance, or here, and cannot be made up.
var reserved = regexp.MustCompile(`^(location|locations|direct_url|deleted|deleted_at|os_glance.*|ironhook_.*)$`)

func lookup(name string) *field {
	if i := slices.IndexFunc(fields, func(f field) bool { return f.name == name }); i >= 0 {
		return &fields[i]
	}
	return nil
}

func known(n func(*baremetal.Image) int64) func(*baremetal.Image) any {
	return func(i *baremetal.Image) any {
		if !hasBytes(i) {
			return nil
		}
		return n(i)
	}
}

func hasBytes(i *baremetal.Image) bool {
	return i.Status == baremetal.ImageActive || i.Status == baremetal.ImageDeactivated
}

// virtualSize is that of the disk. One that does not end with a block is padded here, and
// not in the file.
func virtualSize(i *baremetal.Image) int64 {
	if padded := i.VirtualSize - i.Size; i.DiskFormat == string(volume.Raw) && padded > 0 && padded < volume.BlockSize {
		return i.Size
	}
	return i.VirtualSize
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// view is an image as clients see it: what people made up stands beside the rest.
func (c *call) view(i *baremetal.Image) map[string]any {
	body := map[string]any{}
	for k, v := range i.Properties {
		body[k] = v
	}
	for _, f := range fields {
		body[f.name] = f.get(i)
	}
	if !hasBytes(i) {
		delete(body, "stores")
	} else if i.DiskFormat != string(volume.Raw) {
		body["ironhook_stored_format"] = string(volume.Raw)
	}
	if i.Message != "" {
		body["ironhook_message"] = i.Message
	}
	if p, ok := c.Pool.Progress(i.UUID); ok {
		body["ironhook_progress"] = p.String()
	}
	return body
}

// assign sets one attribute; nil stands for none.
func assign(i *baremetal.Image, name string, value any) error {
	f := lookup(name)
	switch {
	case f != nil && f.set == nil || f == nil && reserved.MatchString(name):
		return readOnly(name)
	case f != nil:
		return f.set(i, value)
	}
	property, ok := value.(string)
	if !ok || name == "" || utf8.RuneCountInString(name) > maxText || len(property) > maxValue {
		return baremetal.Errorf(baremetal.ErrInvalid,
			"Invalid image property %.64s: a value is a string of at most %d bytes, a name has at most %d letters.", name, maxValue, maxText)
	}
	if i.Properties == nil {
		i.Properties = map[string]string{}
	}
	i.Properties[name] = property
	if len(i.Properties) > maxProperties {
		return rest.Refuse(http.StatusRequestEntityTooLarge,
			"The limit has been exceeded on the number of allowed image properties. Attempted: %d, Maximum: %d", len(i.Properties), maxProperties)
	}
	return nil
}

func readOnly(name string) error {
	return rest.Refuse(http.StatusForbidden, "Attribute '%.64s' is read-only.", name)
}

// assignAll sets many, in the order of their names so that errors are the same each time.
func assignAll(i *baremetal.Image, values map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if err := assign(i, name, values[name]); err != nil {
			return err
		}
	}
	return nil
}

func wrong(value any, want string) error {
	return baremetal.Errorf(baremetal.ErrInvalid, "Provided object does not match schema 'image': %.64v is not %s", value, want)
}

func text(at func(*baremetal.Image) *string) func(*baremetal.Image, any) error {
	return func(i *baremetal.Image, value any) error {
		s, ok := value.(string)
		if !ok && value != nil || utf8.RuneCountInString(s) > maxText {
			return wrong(value, fmt.Sprintf("a string of at most %d letters", maxText))
		}
		*at(i) = s
		return nil
	}
}

func flag(at func(*baremetal.Image) *bool) func(*baremetal.Image, any) error {
	return func(i *baremetal.Image, value any) error {
		b, ok := value.(bool)
		if !ok {
			return wrong(value, "a boolean")
		}
		*at(i) = b
		return nil
	}
}

func number(at func(*baremetal.Image) *int64) func(*baremetal.Image, any) error {
	return func(i *baremetal.Image, value any) error {
		n, ok := value.(json.Number)
		if !ok {
			return wrong(value, "an integer")
		}
		v, err := n.Float64() // 3.0 is an integer (JSON Schema)
		if err != nil || v < 0 || v > 1<<31-1 || v != math.Trunc(v) {
			return wrong(value, "an integer from 0 to 2147483647")
		}
		*at(i) = int64(v)
		return nil
	}
}

func oneOf(at func(*baremetal.Image) *string, values ...string) func(*baremetal.Image, any) error {
	return func(i *baremetal.Image, value any) error {
		s, _ := value.(string)
		if !slices.Contains(values, s) {
			return wrong(value, fmt.Sprintf("one of %v", values))
		}
		*at(i) = s
		return nil
	}
}

// whileQueued is for what cannot change once there is data.
func whileQueued(name string, at func(*baremetal.Image) *string, values ...string) func(*baremetal.Image, any) error {
	return func(i *baremetal.Image, value any) error {
		s, ok := value.(string)
		switch {
		case s == *at(i) && (ok || value == nil):
			return nil
		case i.Status != "" && !i.Empty():
			return rest.Refuse(http.StatusForbidden, "Attribute %s can be only replaced for a queued image.", name)
		case value == nil:
			*at(i) = ""
			return nil
		}
		return oneOf(at, values...)(i, value)
	}
}

func tags(i *baremetal.Image, value any) error {
	items, ok := value.([]any)
	if !ok {
		return wrong(value, "an array of strings")
	}
	var list []string
	for _, item := range items {
		s, ok := item.(string)
		if !ok || utf8.RuneCountInString(s) > maxText {
			return wrong(item, fmt.Sprintf("a string of at most %d letters", maxText))
		}
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	if len(list) > maxTags {
		return rest.Refuse(http.StatusRequestEntityTooLarge,
			"The limit has been exceeded on the number of allowed image tags. Attempted: %d, Maximum: %d", len(list), maxTags)
	}
	i.Tags = list
	return nil
}

// imageSchema describes an image to clients that build their objects from it.
func imageSchema() map[string]any {
	properties := map[string]any{}
	for _, f := range fields {
		p := map[string]any{"type": []string{"null", f.kind}}
		if f.set == nil {
			p["readOnly"] = true
		}
		if f.kind == "array" {
			p["items"] = map[string]any{"type": "string", "maxLength": maxText}
		}
		properties[f.name] = p
	}
	return map[string]any{"name": "image", "properties": properties, "additionalProperties": map[string]any{"type": "string"},
		"links": linksTo("self", "self", "enclosure", "file")}
}

// linksTo are pairs of a relation and the member that has its address, as schemas list them.
func linksTo(pairs ...string) (links []any) {
	for pair := range slices.Chunk(append(pairs, "describedby", "schema"), 2) {
		links = append(links, map[string]string{"rel": pair[0], "href": "{" + pair[1] + "}"})
	}
	return links
}
