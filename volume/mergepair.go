package volume

import (
	"maps"
	"slices"
)

// mergePair returns a pair of layers that can be merged, and the manifests that have
// them: each manifest with the lower layer has the upper one on top of it, and the lower
// one is neither the newest layer of a manifest nor the last of a base that Reset goes
// back to. It looks at the layers whose users have changed; those that it skips it looks
// at again the next time.
func (c *catalog) mergePair(skip map[string]bool) (lower, upper string, users []*manifest) {
	for _, name := range slices.Sorted(maps.Keys(c.changed)) {
		if skip[name] {
			continue
		}
		if next := above(c.users[name], name); next != "" && mergeable(c.users[name], name, next) {
			return name, next, c.having(name)
		}
		delete(c.changed, name)
	}
	return "", "", nil
}

// above returns the layer that one of the users has on top of another; "" for none.
func above(users map[string]*manifest, lower string) string {
	for _, m := range users {
		if i := slices.Index(m.Layers, lower); i < len(m.Layers)-1 {
			return m.Layers[i+1]
		}
		return ""
	}
	return ""
}

// mergeable reports whether upper can be merged into lower, which has these users.
func mergeable(users map[string]*manifest, lower, upper string) bool {
	for _, m := range users {
		i := slices.Index(m.Layers, lower)
		if i == len(m.Layers)-1 || m.Layers[i+1] != upper || m.Base == i+1 {
			return false
		}
	}
	return true
}
