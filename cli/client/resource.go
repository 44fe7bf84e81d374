package client

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// resource is a collection of the Bare Metal API. Its verbs follow from it.
type resource struct {
	words      string // as typed and as named in messages, "volume connector"
	path, list string // of the collection, and its key in a listing
	short      string
	columns    []string // of a list
	detail     []string // of a list in detail
	drop       []string // fields that are never shown, besides links
	joined     bool     // lists are shown as words between commas
	order      string   // of a list, where --sort does not say another

	argument            string // a field that create takes as an argument, not as an option
	create, filter, set []option
	unset               []option

	// id finds what the API wants in place of what was typed; nil takes it as it is.
	id func(c *call, typed string) (string, error)
}

// The options that every list has.
var paging = []option{
	{name: "limit", kind: number, field: "-", usage: "show at most so many; 0 is all"},
	{name: "marker", usage: "begin after the one with this UUID"},
	{name: "sort", field: "-", usage: "sort by FIELD or FIELD:desc, several between commas"},
	{name: "long", kind: yes, field: "-", usage: "show everything"},
	fields,
}

var fields = option{name: "fields", kind: words, field: "-", usage: "show these fields"}

// verbs are create, list, show, set, unset and delete, as far as r has them.
func (r resource) verbs() []verb {
	ident := " <" + strings.ReplaceAll(r.words, " ", "-") + ">"
	all := []verb{
		{r.words + " list", "List " + r.short, many, append(slices.Clone(r.filter), paging...), r.doList},
		{r.words + " show" + ident, "Show one of the " + r.short, one, append(slices.Clone(r.lookups()), fields), r.doShow},
	}
	if r.create == nil {
		return all
	}
	argument := ""
	if r.argument != "" {
		argument = " <" + r.argument + ">"
	}
	all = append(all,
		verb{r.words + " create" + argument, "Register one of the " + r.short, one, r.create, r.doCreate},
		verb{r.words + " delete" + ident + "...", "Delete " + r.short, nothing, nil, r.doDelete})
	if r.set != nil {
		all = append(all,
			verb{r.words + " set" + ident, "Set fields", nothing, r.set, r.doSet},
			verb{r.words + " unset" + ident, "Remove fields", nothing, r.unset, r.doUnset})
	}
	return all
}

// lookups are the ways of naming the one to show by something else than its name.
func (r resource) lookups() []option {
	switch r.words {
	case "node":
		return []option{{name: "instance", kind: yes, field: "-", usage: "the argument is the UUID of an instance"}}
	case "port":
		return []option{{name: "address", kind: yes, field: "-", usage: "the argument is a MAC address"}}
	}
	return nil
}

func (r resource) item(c *call, typed string) (string, error) {
	if r.id != nil {
		id, err := r.id(c, typed)
		if err != nil {
			return "", err
		}
		typed = id
	}
	return r.path + "/" + url.PathEscape(typed), nil
}

func (r resource) doCreate(c *call) error {
	body, err := c.body()
	if err != nil {
		return err
	}
	if r.argument != "" {
		body[r.argument] = c.args[0]
	}
	made, err := object(c.do(c.ctx, http.MethodPost, r.path, body))
	if err != nil {
		return err
	}
	return c.show(r.findings(made))
}

func (r resource) doShow(c *call) error {
	path, err := r.item(c, c.args[0])
	if err != nil {
		return err
	}
	if wanted, ok := c.value("fields").([]string); ok {
		path += "?fields=" + url.QueryEscape(strings.Join(wanted, ","))
	}
	found, err := c.get(c.ctx, path)
	if err != nil {
		return err
	}
	return c.show(r.findings(found))
}

// findings are the fields of one thing, in the order of the alphabet.
func (r resource) findings(thing map[string]any) findings {
	for _, name := range append([]string{"links"}, r.drop...) {
		delete(thing, name)
	}
	f := findings{single: true, rows: [][]any{nil}}
	for _, name := range slices.Sorted(maps.Keys(thing)) {
		f.columns = append(f.columns, name)
		f.rows[0] = append(f.rows[0], r.cell(thing[name]))
	}
	return f
}

func (r resource) cell(value any) any {
	list, ok := value.([]any)
	if !ok || !r.joined {
		return value
	}
	return strings.Join(texts(list), ", ")
}

func (r resource) doSet(c *call) error {
	patch, err := c.additions()
	if err != nil {
		return err
	}
	return r.patch(c, patch, "set")
}

func (r resource) doUnset(c *call) error { return r.patch(c, c.removals(), "unset") }

func (r resource) patch(c *call, patch []operation, what string) error {
	if len(patch) == 0 {
		return misuse("say what to %s; see --help", what)
	}
	path, err := r.item(c, c.args[0])
	if err != nil {
		return err
	}
	if c.has("reset-interfaces") {
		path += "?reset_interfaces=True"
	}
	_, err = c.do(c.ctx, http.MethodPatch, path, patch)
	return err
}

// doDelete deletes what can be, and says what cannot.
func (r resource) doDelete(c *call) error {
	return c.each(c.args, func(typed string) error {
		path, err := r.item(c, typed)
		if err == nil {
			_, err = c.do(c.ctx, http.MethodDelete, path, nil)
		}
		if err != nil {
			return fmt.Errorf("failed to delete %s %s: %w", r.words, typed, err)
		}
		_, err = fmt.Fprintf(c.out, "Deleted %s %s\n", r.words, typed)
		return err
	})
}

// each does the same to all, and returns the errors of those that failed.
func (c *call) each(all []string, do func(string) error) error {
	var failed []error
	for _, one := range all {
		if err := do(one); err != nil {
			failed = append(failed, err)
		}
		if c.ctx.Err() != nil {
			break
		}
	}
	return errors.Join(failed...)
}
