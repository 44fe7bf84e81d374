package client

import (
	"fmt"
	"net/http"
	"net/url"
)

const views = "/ironhook/v1/views"

// viewOptions are what a saved view shows: the parts of the address of the page of machines.
var viewOptions = []struct {
	key string // in the address
	option
}{
	{"only", option{name: "only", field: "-", choices: []string{"on", "booting", "trouble"}, usage: "only machines of this kind"}},
	{"q", option{name: "filter", field: "-", usage: "only machines with these words on their tile"}},
	{"by", option{name: "group-by", field: "-", choices: []string{"class", "image", "driver", "owner", "state"}, usage: "in groups"}},
	{"as", option{name: "as", field: "-", choices: []string{"table"}, usage: "as a table and not as tiles"}},
}

// viewVerbs are the commands on saved views of the page of machines.
func viewVerbs() []verb {
	var takes []option
	for _, o := range viewOptions {
		takes = append(takes, o.option)
	}
	return []verb{
		{"create <name>", "Save a view of the page of machines, in the place of the one of this name", nothing, takes, saveView},
		{"list", "List saved views", many, nil, listViews},
		{"delete <view>...", "Delete saved views", nothing, nil, func(c *call) error {
			return c.each(c.args, func(name string) error {
				if _, err := c.do(c.ctx, http.MethodDelete, views+"/"+url.PathEscape(name), nil); err != nil {
					return fmt.Errorf("failed to delete the view %s: %w", name, err)
				}
				return nil
			})
		}},
	}
}

func saveView(c *call) error {
	q := url.Values{}
	for _, o := range viewOptions {
		if value, ok := c.value(o.name).(string); ok {
			q.Set(o.key, value)
		}
	}
	if len(q) == 0 {
		return misuse("say what the view shows; see --help")
	}
	_, err := c.do(c.ctx, http.MethodPut, views+"/"+url.PathEscape(c.args[0]), map[string]any{"query": q.Encode()})
	return err
}

func listViews(c *call) error {
	answer, err := c.get(c.ctx, views)
	if err != nil {
		return err
	}
	f := findings{columns: []string{"Name", "Query"}}
	list, _ := answer["views"].([]any)
	for _, one := range list {
		v, _ := one.(map[string]any)
		f.rows = append(f.rows, []any{v["name"], v["query"]})
	}
	return c.show(f)
}
