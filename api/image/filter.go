package image

import (
	"encoding/csv"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"ironhook/api/rest"
	"ironhook/baremetal"
)

// keeps reports whether a list has the image.
type keeps func(i *baremetal.Image) bool

// notFilters are the parameters that keep every image.
var notFilters = []string{"limit", "marker", "sort", "sort_key", "sort_dir"}

// filters are the parameters that are more than an attribute of this value. The others are
// attributes, or properties, and keep images that have the value.
var filters = map[string]func(values []string) (keeps, error){
	"visibility":    words("visibility", "public", "private", "shared", "community", "all"),
	"member_status": words("status", "pending", "accepted", "rejected", "all"),
	"protected":     truth("protected", func(i *baremetal.Image) bool { return i.Protected }),
	"os_hidden":     truth("os_hidden", func(i *baremetal.Image) bool { return i.Hidden }),
	"size_min":      size("size_min", func(size, limit int64) bool { return size >= limit }),
	"size_max":      size("size_max", func(size, limit int64) bool { return size <= limit }),
	"created_at":    moment(func(i *baremetal.Image) time.Time { return i.CreatedAt }),
	"updated_at":    moment(changed),
	"tag": func(values []string) (keeps, error) {
		return func(i *baremetal.Image) bool {
			return !slices.ContainsFunc(values, func(tag string) bool { return !slices.Contains(i.Tags, tag) })
		}, nil
	},
}

// several are the attributes of which in:a,b names several values.
var several = []string{"id", "name", "status", "container_format", "disk_format"}

// filterOf reads all filters. Hidden images are in a list that asks for them.
func filterOf(given url.Values) (keeps, error) {
	all := []keeps{}
	if !given.Has("os_hidden") {
		all = append(all, func(i *baremetal.Image) bool { return !i.Hidden })
	}
	for name, values := range given {
		if slices.Contains(notFilters, name) {
			continue
		}
		read := filters[name]
		if read == nil {
			read = func(values []string) (keeps, error) { return attribute(name, values[0]) }
		}
		keep, err := read(values)
		if err != nil {
			return nil, err
		}
		all = append(all, keep)
	}
	return func(i *baremetal.Image) bool {
		return !slices.ContainsFunc(all, func(keep keeps) bool { return !keep(i) })
	}, nil
}

// words is a filter whose value is one of these. Every image is of every member.
func words(name string, allowed ...string) func([]string) (keeps, error) {
	return func(values []string) (keeps, error) {
		want := values[0]
		if !slices.Contains(allowed, want) {
			return nil, baremetal.Errorf(baremetal.ErrInvalid, "Invalid %s value: %.64s", name, want)
		}
		return func(i *baremetal.Image) bool { return name != "visibility" || want == "all" || i.Visibility == want }, nil
	}
}

func truth(name string, of func(*baremetal.Image) bool) func([]string) (keeps, error) {
	return func(values []string) (keeps, error) {
		want, known := baremetal.Truth(values[0])
		if !known || values[0] == "" {
			return nil, baremetal.Errorf(baremetal.ErrInvalid, "Invalid value '%.64s' for '%s' filter. Valid values are case insensitively 'true' or 'false'.", values[0], name)
		}
		return func(i *baremetal.Image) bool { return of(i) == want }, nil
	}
}

func size(name string, in func(size, limit int64) bool) func([]string) (keeps, error) {
	return func(values []string) (keeps, error) {
		limit, err := strconv.ParseInt(values[0], 10, 64)
		if err != nil || limit < 0 {
			return nil, baremetal.Errorf(baremetal.ErrInvalid, "Invalid value '%.64s' for '%s' filter: it is a number of bytes.", values[0], name)
		}
		return func(i *baremetal.Image) bool { return hasBytes(i) && in(i.Size, limit) }, nil
	}
}

// moment is a filter by a time, to the second, with an operator before it or none.
func moment(of func(*baremetal.Image) time.Time) func([]string) (keeps, error) {
	return func(values []string) (keeps, error) {
		name, text, ok := strings.Cut(values[0], ":")
		holds := rest.Comparisons[name]
		if !ok || holds == nil {
			holds, text = rest.Comparisons["eq"], values[0]
		}
		want, err := rest.ParseTime(text)
		if err != nil {
			return nil, baremetal.Errorf(baremetal.ErrInvalid, "Bad time format in %.64q: %s", values[0], err)
		}
		return func(i *baremetal.Image) bool { return holds(of(i).Truncate(time.Second).Compare(want)) }, nil
	}
}

// attribute is a filter by the value of an attribute, or by one of several.
func attribute(name, want string) (keeps, error) {
	choice := []string{want}
	if list, ok := strings.CutPrefix(want, "in:"); ok && slices.Contains(several, name) {
		var err error
		if choice, err = csv.NewReader(strings.NewReader(list)).Read(); err != nil {
			return nil, baremetal.Errorf(baremetal.ErrInvalid, "Invalid filter value %.64q: a list of values, apart by commas, is wanted.", want)
		}
	}
	return func(i *baremetal.Image) bool {
		have, ok := valueOf(i, name)
		return ok && slices.Contains(choice, have)
	}, nil
}

// valueOf is the value of an attribute or a property, as text; ok is false for none.
func valueOf(i *baremetal.Image, name string) (text string, ok bool) {
	f := lookup(name)
	if f == nil {
		text, ok = i.Properties[name]
		return text, ok
	}
	switch v := f.get(i).(type) {
	case nil:
		return "", false
	case string:
		return v, true
	default:
		return strings.Trim(string(rest.Encode(v)), `"`), true
	}
}
