package rest

import (
	"net/url"
	"slices"
	"strings"
)

// Argument is a named value that a route takes from the path, the query or the body.
type Argument struct {
	Name     string
	Kind     Kind // checks the value and brings it to the form that handlers want
	Required bool
	Since    int // microversion that brought it, see [Call.Knows]; 0 is that of the route
}

// Optional makes an argument that may be missing.
func Optional(name string, k Kind) Argument { return Argument{Name: name, Kind: k} }

// Mandatory makes an argument without which the request is refused.
func Mandatory(name string, k Kind) Argument { return Argument{Name: name, Kind: k, Required: true} }

// From gives the argument the microversion that brought it.
func (a Argument) From(minor int) Argument { a.Since = minor; return a }

// Join makes one list of arguments of several.
func Join(groups ...[]Argument) []Argument { return slices.Concat(groups...) }

// Args are the checked values of a request's arguments by name. A null counts as present
// but has no value.
type Args map[string]any

// Text is the value of an argument of a kind that gives a string; "" where it has none.
func (a Args) Text(name string) string { s, _ := a[name].(string); return s }

// Flag is the value of a [Boolean]; false where it has none.
func (a Args) Flag(name string) bool { b, _ := a[name].(bool); return b }

// Number is the value of an [Integer]; 0 where it has none.
func (a Args) Number(name string) int { n, _ := a[name].(int); return n }

// List is the value of [Words]; nil where it has none.
func (a Args) List(name string) []string { l, _ := a[name].([]string); return l }

// Given reports whether the argument has a value.
func (a Args) Given(name string) bool { return a[name] != nil }

// Has reports whether the argument is present; its value may be null.
func (a Args) Has(name string) bool { _, ok := a[name]; return ok }

// checkArguments holds the raw values against the arguments a route declares.
func checkArguments(declared []Argument, raw map[string]any) (Args, error) {
	var unexpected []string
	for name := range raw {
		if !slices.ContainsFunc(declared, func(a Argument) bool { return a.Name == name }) {
			unexpected = append(unexpected, name)
		}
	}
	if len(unexpected) > 0 {
		slices.Sort(unexpected)
		return nil, Invalid("Unexpected arguments: %s", strings.Join(unexpected, ", "))
	}
	checked := make(Args, len(raw))
	for _, a := range declared {
		v, ok := raw[a.Name]
		if !ok && a.Required {
			return nil, Invalid("Missing mandatory parameter: %s", a.Name)
		}
		if !ok {
			continue
		}
		checked[a.Name] = nil
		if v == nil {
			continue
		}
		v, err := a.Kind.Parse(a.Name, v)
		if err != nil {
			return nil, err
		}
		checked[a.Name] = v
	}
	return checked, nil
}

// queryValues reads the query: a repeated key is a list, as Ironic sees it.
func queryValues(raw string) (map[string]any, error) {
	if raw == "" {
		return nil, nil
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, Invalid("Malformed query string: %v", err)
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
