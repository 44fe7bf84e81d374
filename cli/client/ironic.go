package client

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The commands of the older client, ironic, on volume connectors and volume targets, as the
// specification of volume connection information has them: "ironic volume-connector-create"
// and so on, under the word ironic.

// older is a resource with the options that the older client has for it.
type older struct {
	resource
	create, filter []option
}

var olderExtra = []option{
	{name: "extra", letter: "e", kind: pairs, usage: "metadata, as KEY=VALUE (repeatable)"},
	{name: "uuid", letter: "u", usage: "its UUID; without one it gets a random one"},
}

var olderListing = []option{
	{name: "detail", kind: yes, field: "-", usage: "show everything"},
	{name: "limit", kind: number, field: "-", usage: "show at most so many; 0 is all"},
	{name: "marker", field: "-", usage: "begin after the one with this UUID"},
	{name: "sort-key", field: "-", usage: "sort by this field"},
	{name: "sort-dir", field: "-", usage: "direction of sorting", choices: []string{"asc", "desc"}},
	fields,
}

// olders are the resources, by the word with which their commands begin.
func olders() map[string]older {
	found := map[string]resource{}
	for _, r := range others() {
		found[r.words] = r
	}
	return map[string]older{
		"volume-connector": {
			found["volume connector"],
			append([]option{ofNode, {name: "type", must: true, choices: connectorTypes, usage: "kind of the name"},
				{name: "connector-id", must: true, usage: "the name, such as an IQN"}}, olderExtra...),
			[]option{{name: "type", field: "-", usage: "only those of this type"},
				{name: "connector-id", field: "-", usage: "only the one of this name"}},
		},
		"volume-target": {
			found["volume target"],
			append([]option{ofNode, {name: "volume-type", must: true, usage: "how it is reached, such as iscsi"},
				{name: "volume-id", must: true, usage: "which volume"}, properties,
				{name: "boot-index", kind: number, usage: "0, the default, for the volume to boot from"}}, olderExtra...),
			[]option{{name: "volume-type", field: "-", usage: "only those of this type"},
				{name: "volume-id", field: "-", usage: "only those of this volume"},
				{name: "boot-index", kind: number, field: "-", usage: "only those with this boot index"}},
		},
	}
}

// ironic is every command of the older client that there is.
func ironic() (all []verb) {
	for word, r := range olders() {
		all = append(all,
			verb{word + "-create", "Register one of the " + r.short, one, r.create, r.doOlderCreate},
			verb{word + "-list", "List " + r.short, many, append(slices.Clone(r.filter), olderListing...), r.doOlderList},
			verb{word + "-show <uuid>", "Show one of the " + r.short, one, []option{fields}, r.doShow},
			verb{word + "-update <uuid> <op> <path=value>...", "Change one of the " + r.short, one, nil, r.doOlderUpdate},
			verb{word + "-delete <uuid>...", "Delete " + r.short, nothing, nil, r.doDelete},
			verb{"node-" + word + "-list [<node>]", "List " + r.short + " of one node", many, olderListing, r.doOlderList})
	}
	slices.SortFunc(all, func(a, b verb) int { return cmp.Compare(a.use, b.use) })
	return all
}

func (r older) doOlderCreate(c *call) error {
	if r.list == "targets" && c.value("boot-index") == nil {
		c.given = append(c.given, given{option{name: "boot-index", kind: number}, 0})
	}
	return r.doCreate(c)
}

// doOlderList filters here: the API has no filter but the node.
func (r older) doOlderList(c *call) error {
	q, columns := url.Values{}, r.columns
	if len(c.args) > 0 {
		q.Set("node", c.args[0])
	}
	wanted, some := c.value("fields").([]string)
	switch {
	case some && c.has("detail"):
		return misuse("--fields: not together with --detail")
	case some:
		columns = wanted
	case c.has("detail"):
		columns = r.detail
	}
	q.Set("detail", "True")
	limit, _ := c.value("limit").(int)
	marker, _ := c.value("marker").(string)
	rest := *c
	rest.given = nil // the rows are counted when they have been chosen
	rows, err := rest.pages(r.path, r.list, q)
	if err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(row map[string]any) bool { return !r.chosen(c, row) })
	if key, ok := c.value("sort-key").(string); ok {
		direction, _ := c.value("sort-dir").(string)
		if err := sortBy(rows, key+":"+cmp.Or(direction, "asc")); err != nil {
			return err
		}
	}
	if marker != "" {
		i := slices.IndexFunc(rows, func(row map[string]any) bool { return idOf(row) == marker })
		if i < 0 {
			return fmt.Errorf("there is no %s %s to begin after", r.words, marker)
		}
		rows = rows[i+1:]
	}
	if limit > 0 {
		rows = rows[:min(limit, len(rows))]
	}
	return c.show(r.tabulate(rows, columns))
}

// chosen reports whether a row has what the filters ask for.
func (r older) chosen(c *call, row map[string]any) bool {
	for _, o := range r.filter {
		want := c.value(o.name)
		if want != nil && plain(row[strings.ReplaceAll(o.name, "-", "_")]) != fmt.Sprint(want) {
			return false
		}
	}
	return true
}

// doOlderUpdate makes the JSON patch that "add extra/rack=7" and its like say.
func (r older) doOlderUpdate(c *call) error {
	op := c.args[1]
	if !slices.Contains([]string{"add", "replace", "remove"}, op) {
		return misuse("%q is none of add, replace, remove", op)
	}
	var patch []operation
	for _, change := range c.args[2:] {
		path, value, given := strings.Cut(change, "=")
		one := operation{"op": op, "path": "/" + strings.TrimPrefix(path, "/")}
		switch {
		case op == "remove" && given:
			return misuse("%q: remove takes a path without a value", change)
		case op != "remove" && !given:
			return misuse("%q: want PATH=VALUE", change)
		case op != "remove":
			one["value"] = typedAs(path, value)
		}
		patch = append(patch, one)
	}
	if err := r.patch(c, patch, "change"); err != nil {
		return err
	}
	return r.doShow(c)
}

// typedAs is a value as the field of that path takes it: boot_index is the only number.
func typedAs(path, value string) any {
	if n, err := strconv.Atoi(value); err == nil && strings.TrimPrefix(path, "/") == "boot_index" {
		return n
	}
	return value
}
