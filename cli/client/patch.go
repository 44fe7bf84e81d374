package client

import (
	"maps"
	"slices"
	"strings"
)

// operation is one step of a JSON patch (RFC 6902).
type operation map[string]any

func add(path string, value any) operation {
	return operation{"op": "add", "path": path, "value": value}
}

// pointer is a key as a JSON pointer (RFC 6901) names it.
func pointer(key string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(key) }

func remove(path string) operation { return operation{"op": "remove", "path": path} }

// additions is the patch that sets what was given, the keys of pairs one by one.
func (c *call) additions() (patch []operation, err error) {
	fields, err := c.body()
	for _, g := range c.given {
		m, ok := g.value.(map[string]any)
		switch {
		case g.field == "-":
		case g.kind == reset:
			patch = append(patch, remove("/"+g.key()))
		case g.kind == pairs && ok:
			for _, key := range slices.Sorted(maps.Keys(m)) {
				patch = append(patch, add("/"+g.key()+"/"+key, m[key]))
			}
		default:
			patch = append(patch, add("/"+g.key(), fields[g.key()]))
		}
	}
	return patch, err
}

// removals is the patch that unsets what was given: words are keys of the field.
func (c *call) removals() (patch []operation) {
	for _, g := range c.given {
		keys, ok := g.value.([]string)
		if !ok {
			patch = append(patch, remove("/"+g.key()))
		}
		for _, key := range keys {
			patch = append(patch, remove("/"+g.key()+"/"+key))
		}
	}
	return patch
}
