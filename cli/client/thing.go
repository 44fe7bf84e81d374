package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// thing is a collection of the Image or the Block Storage API, whose resources users name
// by name or UUID but the API only by UUID.
type thing struct {
	word       string // as typed and as named in messages
	path, list string // of the collection, and its key in a listing
	wrap       string // the key around one; "" is none
	detail     string // what a listing's path ends with
}

var (
	images    = thing{word: "image", path: "/image/v2/images", list: "images"}
	volumes   = thing{word: "volume", path: "/volume/v3/standalone/volumes", list: "volumes", wrap: "volume", detail: "/detail"}
	snapshots = thing{word: "volume snapshot", path: "/volume/v3/standalone/snapshots", list: "snapshots", wrap: "snapshot", detail: "/detail"}
)

// read is the one with this UUID.
func (t thing) read(c *call, ctx context.Context, id string) (map[string]any, error) {
	answer, err := c.get(ctx, t.path+"/"+url.PathEscape(id))
	return t.unwrap(answer, err)
}

func (t thing) unwrap(answer map[string]any, err error) (map[string]any, error) {
	if err != nil || t.wrap == "" {
		return answer, err
	}
	return object(answer[t.wrap], nil)
}

// enclose is fields as the API takes them.
func (t thing) enclose(fields map[string]any) map[string]any {
	if t.wrap == "" {
		return fields
	}
	return map[string]any{t.wrap: fields}
}

// find is the one of this UUID or, where exactly one has it, of this name.
func (t thing) find(c *call, typed string) (map[string]any, error) {
	if isUUID(typed) {
		return t.read(c, c.ctx, typed)
	}
	all, err := c.pages(t.path+t.detail, t.list, url.Values{"name": {typed}})
	switch {
	case err != nil:
		return nil, err
	case len(all) == 0:
		return nil, fmt.Errorf("there is no %s %s", t.word, typed)
	case len(all) > 1:
		return nil, fmt.Errorf("%d of the %ss are called %s; give the UUID", len(all), t.word, typed)
	}
	return all[0], nil
}

// at is the path of the one that was typed.
func (t thing) at(c *call, typed string) (string, error) {
	found, err := t.find(c, typed)
	if err != nil {
		return "", err
	}
	return t.path + "/" + url.PathEscape(plain(found["id"])), nil
}

// act asks one for an action.
func (t thing) act(c *call, path, action string, args map[string]any) (any, error) {
	return c.do(c.ctx, http.MethodPost, path+"/action", map[string]any{action: args})
}

// remove deletes all that were typed, as far as possible.
func (t thing) remove(c *call) error {
	return c.each(c.args, func(typed string) error {
		path, err := t.at(c, typed)
		switch {
		case err != nil:
		case c.has("force"):
			_, err = t.act(c, path, "os-force_delete", map[string]any{})
		case c.has("purge"):
			_, err = c.do(c.ctx, http.MethodDelete, path+"?cascade=True", nil)
		default:
			_, err = c.do(c.ctx, http.MethodDelete, path, nil)
		}
		if err != nil {
			return fmt.Errorf("failed to delete %s %s: %w", t.word, typed, err)
		}
		return nil
	})
}

// resting are the statuses without work in progress.
var resting = map[string]bool{
	"available": true, "in-use": true, "reserved": true, "attaching": true, "detaching": true,
	"active": true, "queued": true, "error": true, "killed": true,
}

// often is the interval at which a wait polls. The appliance's events are about
// machines, not images and volumes.
const often = time.Second

// settle waits, with --wait, until the work on a thing has ended, and returns it.
func (t thing) settle(c *call, made map[string]any) (map[string]any, error) {
	seconds, wanted := c.value("wait").(int)
	if !wanted {
		return made, nil
	}
	ctx, cancel := c.ctx, context.CancelFunc(func() {})
	if seconds > 0 {
		ctx, cancel = context.WithTimeout(ctx, time.Duration(seconds)*time.Second)
	}
	defer cancel()
	tick := time.NewTicker(often)
	defer tick.Stop()
	shown := c.line(plain(made["name"]))
	defer shown.end()
	for {
		now, err := t.read(c, ctx, plain(made["id"]))
		if err != nil {
			return nil, err
		}
		switch status := plain(now["status"]); {
		case status == "error", status == "killed":
			return nil, fmt.Errorf("%s %s failed (%s): %s", t.word, plain(now["name"]), status,
				plainOr(now["ironhook_message"], "no reason is known"))
		case resting[status]:
			return now, nil
		}
		shown.say(plainOr(now["ironhook_progress"], ""))
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s %s is still %s: %w", t.word, plain(now["name"]), plain(now["status"]), ctx.Err())
		case <-tick.C:
		}
	}
}

// column is one of a listing: its heading, and the field it shows.
type column struct{ heading, field string }

// show lists things.
func (t thing) show(c *call, q url.Values, columns []column) error {
	all, err := c.pages(t.path+t.detail, t.list, q)
	if err != nil {
		return err
	}
	f := findings{rows: make([][]any, len(all))}
	for _, col := range columns {
		f.columns = append(f.columns, col.heading)
	}
	for i, one := range all {
		for _, col := range columns {
			f.rows[i] = append(f.rows[i], dressed(col.field, one[col.field]))
		}
	}
	return c.show(f)
}

// notes are keys with values, which tables show as key='value'.
type notes map[string]any

// series is a list that tables show with commas.
type series []any

// uses are a volume's attachments.
type uses []any

// dressed is a value in the form of its column.
func dressed(field string, value any) any {
	switch v := value.(type) {
	case map[string]any:
		if field == "metadata" || field == "properties" {
			return notes(v)
		}
	case []any:
		switch field {
		case "tags":
			return series(v)
		case "attachments":
			return uses(v)
		}
	}
	return value
}

func (n notes) String() string {
	f := resource{}.findings(n)
	for i, key := range f.columns {
		f.columns[i] = key + "='" + plain(f.rows[0][i]) + "'"
	}
	return strings.Join(f.columns, ", ")
}

func (s series) String() string { return strings.Join(texts(s), ", ") }

func (u uses) String() string {
	var b strings.Builder
	for _, e := range u {
		if use, ok := e.(map[string]any); ok {
			fmt.Fprintf(&b, "Attached to %s on %s ", plain(use["server_id"]), plain(use["device"]))
		}
	}
	return b.String()
}
