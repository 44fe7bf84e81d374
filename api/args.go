package api

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ironhook/baremetal"
)

// An argument of a route is a named value from the query or, on some routes, a
// member of the body. kind checks it and brings it to the form handlers want.
type argument struct {
	name     string
	kind     kind
	required bool
}

// kind turns a raw value, never nil, into a checked one.
type kind struct {
	parse func(name string, v any) (any, error)
	doc   string // JSON Schema type for the OpenAPI document
}

// The kinds of arguments, with Ironic's words for what is not one.
var (
	aString  = kind{parseString, "string"}
	aBoolean = kind{parseBoolean, "boolean"}
	anInt    = kind{parseInt, "integer"}
	aUUID    = kind{parseUUID, "string"}
	anIdent  = kind{parseIdent, "string"}
	aList    = kind{parseList, "string"}
	aMAC     = kind{parseMAC, "string"}
	anyValue = kind{func(_ string, v any) (any, error) { return v, nil }, ""}
)

func optional(name string, k kind) argument  { return argument{name: name, kind: k} }
func mandatory(name string, k kind) argument { return argument{name: name, kind: k, required: true} }

// arguments are checked values by name. A null counts as present but has no value.
type arguments map[string]any

func (a arguments) text(name string) string   { s, _ := a[name].(string); return s }
func (a arguments) flag(name string) bool     { b, _ := a[name].(bool); return b }
func (a arguments) number(name string) int    { n, _ := a[name].(int); return n }
func (a arguments) list(name string) []string { l, _ := a[name].([]string); return l }
func (a arguments) given(name string) bool    { return a[name] != nil }
func (a arguments) has(name string) bool      { _, ok := a[name]; return ok }

// checkArguments holds the raw values against the arguments a route declares.
func checkArguments(declared []argument, raw map[string]any) (arguments, error) {
	var unexpected []string
	for name := range raw {
		if !slices.ContainsFunc(declared, func(a argument) bool { return a.name == name }) {
			unexpected = append(unexpected, name)
		}
	}
	if len(unexpected) > 0 {
		slices.Sort(unexpected)
		return nil, invalid("Unexpected arguments: %s", strings.Join(unexpected, ", "))
	}
	checked := make(arguments, len(raw))
	for _, a := range declared {
		v, ok := raw[a.name]
		if !ok && a.required {
			return nil, missing(a.name)
		}
		if !ok {
			continue
		}
		checked[a.name] = nil
		if v == nil {
			continue
		}
		v, err := a.kind.parse(a.name, v)
		if err != nil {
			return nil, err
		}
		checked[a.name] = v
	}
	return checked, nil
}

func missing(name string) error { return invalid("Missing mandatory parameter: %s", name) }

// queryValues reads the query: a repeated key is a list, as Ironic sees it.
func queryValues(raw string) (map[string]any, error) {
	if raw == "" {
		return nil, nil
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, invalid("Malformed query string: %v", err)
	}
	query := make(map[string]any, len(values))
	for name, v := range values {
		if len(v) == 1 {
			query[name] = v[0]
			continue
		}
		list := make([]any, len(v))
		for i := range v {
			list[i] = v[i]
		}
		query[name] = list
	}
	return query, nil
}

func parseString(name string, v any) (any, error) {
	if s, ok := v.(string); ok {
		return s, nil
	}
	return nil, invalid("Expected string for %s: %s", name, quoteAs(name, v))
}

var truth = map[string]bool{
	"1": true, "t": true, "true": true, "on": true, "y": true, "yes": true,
	"0": false, "f": false, "false": false, "off": false, "n": false, "no": false,
}

func parseBoolean(name string, v any) (any, error) {
	if b, ok := v.(bool); ok {
		return b, nil
	}
	if b, ok := truth[strings.ToLower(strings.TrimSpace(str(v)))]; ok {
		return b, nil
	}
	return nil, invalid("Invalid %s: Unrecognized value '%s', acceptable values are: "+
		"'0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'", name, quoteAs(name, v))
}

func parseInt(name string, v any) (any, error) {
	switch v := v.(type) {
	case bool:
		if v {
			return 1, nil
		}
		return 0, nil
	case string, json.Number:
		if n, err := strconv.Atoi(strings.TrimSpace(str(v))); err == nil {
			return n, nil
		}
	}
	return nil, invalid("Expected an integer for %s: %s", name, quoteAs(name, v))
}

func parseUUID(name string, v any) (any, error) {
	if s, ok := v.(string); ok && baremetal.IsUUID(s) {
		return s, nil
	}
	return nil, invalid("Expected UUID for %s: %s", name, quoteAs(name, v))
}

func parseIdent(name string, v any) (any, error) {
	if s, ok := v.(string); ok && (baremetal.IsName(s) || baremetal.IsUUID(s)) {
		return s, nil
	}
	return nil, invalid("Expected UUID or name for %s: %s", name, quoteAs(name, v))
}

// parseList reads "a,B, a" as [a b].
func parseList(name string, v any) (any, error) {
	s, ok := v.(string)
	if !ok {
		return nil, invalid("Expected string for %s: %s", name, quoteAs(name, v))
	}
	list := []string{}
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.ToLower(strings.TrimSpace(item)); item != "" && !slices.Contains(list, item) {
			list = append(list, item)
		}
	}
	return list, nil
}

// macForm is stricter than net.ParseMAC: Ironic takes colons only.
var macForm = regexp.MustCompile(`^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$`)

func parseMAC(name string, v any) (any, error) {
	if s, ok := v.(string); ok && macForm.MatchString(s) {
		return baremetal.ParseMAC(s)
	}
	return nil, invalid("Expected valid MAC address for %s: %s", name, quoteAs(name, v))
}
