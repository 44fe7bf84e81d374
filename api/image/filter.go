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
	"protected":     truth("protected", func(text string) string { return text }, func(i *baremetal.Image) bool { return i.Protected }),
	"os_hidden":     truth("os_hidden", strings.ToLower, func(i *baremetal.Image) bool { return i.Hidden }),
	"changes-since": func([]string) (keeps, error) {
		return nil, baremetal.Errorf(baremetal.ErrInvalid, "The \"changes-since\" filter is no longer available on v2: use updated_at=gte:TIME.")
	},
	"created_at": moment(func(i *baremetal.Image) time.Time { return i.CreatedAt }),
	"updated_at": moment(changed),
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
			read = bound(name)
		}
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

// truth is a filter by true or false, written as Glance reads it.
func truth(name string, read func(string) string, of func(*baremetal.Image) bool) func([]string) (keeps, error) {
	return func(values []string) (keeps, error) {
		text := read(values[0])
		if text != "true" && text != "false" {
			return nil, baremetal.Errorf(baremetal.ErrInvalid, "Invalid value '%.64s' for '%s' filter. Valid values are 'true' or 'false'.",
				values[0], name)
		}
		return func(i *baremetal.Image) bool { return of(i) == (text == "true") }, nil
	}
}

// bound is a filter such as size_min: by the least or the greatest value of a number.
func bound(name string) func(values []string) (keeps, error) {
	attribute, least := strings.CutSuffix(name, "_min")
	if !least {
		attribute = strings.TrimSuffix(name, "_max")
	}
	f := lookup(attribute)
	if f == nil || f.kind != "integer" || attribute == name {
		return nil
	}
	return func(values []string) (keeps, error) {
		limit, err := strconv.ParseInt(values[0], 10, 64)
		if err != nil {
			return nil, baremetal.Errorf(baremetal.ErrInvalid, "Unable to filter on a range with a non-numeric value: %s=%.64s.", name, values[0])
		}
		return func(i *baremetal.Image) bool {
			n, ok := f.get(i).(int64)
			return ok && (n >= limit) == least || ok && n == limit
		}, nil
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
	if operator, list, ok := strings.Cut(want, ":"); ok && slices.Contains(several, name) {
		var err error
		switch operator {
		case "eq":
			choice = []string{list}
		case "in":
			choice, err = csv.NewReader(strings.NewReader(list)).Read()
		default:
			return nil, baremetal.Errorf(baremetal.ErrInvalid,
				"Unable to filter by unknown operator '%.64s': write %s=eq:%.64s for a value with a colon.", operator, name, want)
		}
		if err != nil {
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
