package client

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"ironhook/internal/python"
)

// applying is the work on one node.
type applying struct {
	*call
	name    string
	onlyNew bool
	dry     bool
	secrets secrets
}

func (a *applying) node(want map[string]any) error {
	fields := maps.Clone(want)
	delete(fields, "traits")
	for _, part := range below {
		delete(fields, part.key)
	}
	path := "/v1/nodes/" + url.PathEscape(a.name)
	now, err := a.get(a.ctx, path)
	var r *refusal
	switch {
	case errors.As(err, &r) && r.status == http.StatusNotFound:
		if now, err = a.make("node "+a.name, "/v1/nodes", fields); err != nil {
			return err
		}
	case err != nil:
		return err
	case a.onlyNew:
		return errors.New("it is there already; apply brings it to what the file says")
	default:
		if err := a.change("node "+a.name, path, now, fields); err != nil {
			return err
		}
	}
	if err := a.traits(path, now, want["traits"]); err != nil {
		return err
	}
	uuid := plainOr(now["uuid"], "")
	for _, part := range below {
		list, _ := want[part.key].([]any)
		if err := a.parts(part.words, part.path, part.list, part.names, uuid, list); err != nil {
			return err
		}
	}
	return nil
}

// parts makes and changes what the node has of one kind. What the file does not name stays.
func (a *applying) parts(words, path, list string, names []string, uuid string, want []any) error {
	if len(want) == 0 {
		return nil
	}
	var there []map[string]any
	if uuid != "" { // of a node that a dry run would make there is none
		var err error
		rest := *a.call
		rest.given = nil
		if there, err = rest.pages(path, list, url.Values{"node": {uuid}, "detail": {"True"}}); err != nil {
			return err
		}
	}
	for _, e := range want {
		one, ok := e.(map[string]any)
		if !ok {
			return fmt.Errorf("a %s must be an object, not %s", words, python.Repr(e))
		}
		called := words
		for _, name := range names {
			called += " " + plain(one[name])
		}
		i := slices.IndexFunc(there, func(t map[string]any) bool {
			return !slices.ContainsFunc(names, func(name string) bool { return !strings.EqualFold(plain(t[name]), plain(one[name])) })
		})
		var err error
		if i < 0 {
			fields := maps.Clone(one)
			fields["node_uuid"] = uuid
			_, err = a.make(called+" of "+a.name, path, fields)
		} else {
			err = a.change(called+" of "+a.name, path+"/"+plain(there[i]["uuid"]), there[i], one)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *applying) make(what, path string, fields map[string]any) (map[string]any, error) {
	if _, err := fmt.Fprintln(a.out, "+", what); err != nil || a.dry {
		return nil, err
	}
	fields, err := a.disclosed(what, fields)
	if err != nil {
		return nil, err
	}
	return object(a.do(a.ctx, http.MethodPost, path, fields))
}

// change patches what differs from the file. A secret cannot be compared, for the appliance
// does not disclose it: one that is set counts as right.
func (a *applying) change(what, path string, now, want map[string]any) error {
	var patch []operation
	want = a.secrets.into(a.name, want)
	for _, key := range slices.Sorted(maps.Keys(want)) {
		fields, ok := want[key].(map[string]any)
		if !ok {
			patch = append(patch, difference("/"+key, now[key], want[key])...)
			continue
		}
		inner, _ := now[key].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			patch = append(patch, difference("/"+key+"/"+pointer(name), inner[name], fields[name])...)
		}
	}
	for _, op := range patch {
		if op["value"] == masked {
			return a.unknown(what, strings.TrimPrefix(plain(op["path"]), "/"))
		}
		if _, err := fmt.Fprintf(a.out, "~ %s: %s: %s\n", what, strings.TrimPrefix(plain(op["path"]), "/"), op["shown"]); err != nil {
			return err
		}
		delete(op, "shown")
	}
	if len(patch) == 0 || a.dry {
		return nil
	}
	_, err := a.do(a.ctx, http.MethodPatch, path, patch)
	return err
}

// masked is what the appliance shows of a secret.
const masked = "******"

func difference(path string, now, want any) []operation {
	if now == masked || want == masked && now != nil || reflect.DeepEqual(now, want) || now != nil && want != nil &&
		plain(now) == plain(want) || strings.EqualFold(path, "/address") {
		return nil
	}
	op := add(path, want)
	op["shown"] = cmp.Or(plainOr(now, "nothing"), "nothing") + " -> " + plainOr(want, "nothing")
	if strings.HasPrefix(path, "/driver_info/") || strings.HasPrefix(path, "/properties/auth") {
		op["shown"] = "changed" // it may be a secret
	}
	return []operation{op}
}
