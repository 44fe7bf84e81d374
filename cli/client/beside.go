package client

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

// chassis makes and changes those of the file, by their UUIDs.
func (a *applying) chassis(want []map[string]any) error {
	if len(want) == 0 {
		return nil
	}
	there, err := a.pages("/v1/chassis", "chassis", url.Values{"detail": {"True"}})
	if err != nil {
		return err
	}
	for _, one := range want {
		what := "chassis " + plainOr(one["uuid"], plainOr(one["description"], ""))
		i := slices.IndexFunc(there, func(t map[string]any) bool { return one["uuid"] != nil && t["uuid"] == one["uuid"] })
		if i < 0 {
			_, err = a.make(what, "/v1/chassis", one)
		} else {
			err = a.change(what, "/v1/chassis/"+plain(one["uuid"]), there[i], one)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// traits gives the node those of the file, which have a place of their own in the API.
func (a *applying) traits(path string, now map[string]any, want any) error {
	list, ok := want.([]any)
	if !ok || sameMembers(now["traits"], list) {
		return nil
	}
	if _, err := fmt.Fprintf(a.out, "~ node %s: traits: %s\n", a.name, plain(want)); err != nil || a.dry {
		return err
	}
	_, err := a.do(a.ctx, http.MethodPut, path+"/traits", map[string]any{"traits": list})
	return err
}

func sameMembers(now any, want []any) bool {
	have, _ := now.([]any)
	return len(have) == len(want) && !slices.ContainsFunc(want, func(w any) bool { return !slices.Contains(have, w) })
}
