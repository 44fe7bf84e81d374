package web

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"ironhook/baremetal"
)

// fact is one line of a machine's page.
type fact struct{ Name, Value string }

// facts lists o by key.
func facts(o baremetal.Object) []fact {
	var list []fact
	for _, key := range slices.Sorted(maps.Keys(o)) {
		list = append(list, fact{key, plain(o[key])})
	}
	return list
}

// guarded lists driver_info or a target's properties by key. For a key that is not public
// the page shows only that it is set.
func guarded(o baremetal.Object) []fact {
	list := facts(o)
	for i, f := range list {
		if !baremetal.Public(f.Name) {
			list[i].Value = baremetal.Mask
		}
	}
	return list
}

// plain writes a value for a person, without the password that an address like https://user:word@bmc may
// carry. A form may send the mask back: the API keeps what it hides.
func plain(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return baremetal.InstanceSecrets.MaskText(v)
	case map[string]any, []any:
		text, err := json.Marshal(baremetal.InstanceSecrets.MaskValue(v))
		if err != nil {
			return fmt.Sprint(v)
		}
		return string(text)
	}
	return fmt.Sprint(value)
}
