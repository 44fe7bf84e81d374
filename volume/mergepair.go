package volume

import "slices"

// mergePair returns a pair of layers that can be merged, and the manifests that have
// them: each manifest with the lower layer has the upper one on top of it, and the lower
// one is neither the newest layer of a manifest nor the last of a base that Reset goes
// back to.
func mergePair(manifests []*manifest, skip map[string]bool) (lower, upper string, users []*manifest) {
	for _, m := range manifests {
		for i, name := range m.Layers[:len(m.Layers)-1] {
			if next := m.Layers[i+1]; !skip[name] && mergeable(manifests, name, next) {
				return name, next, having(manifests, name)
			}
		}
	}
	return "", "", nil
}

// having keeps the manifests that have a layer.
func having(manifests []*manifest, layer string) (list []*manifest) {
	for _, m := range manifests {
		if slices.Contains(m.Layers, layer) {
			list = append(list, m)
		}
	}
	return list
}

// mergeable reports whether upper can be merged into lower.
func mergeable(manifests []*manifest, lower, upper string) bool {
	for _, m := range manifests {
		i := slices.Index(m.Layers, lower)
		if i < 0 {
			continue
		}
		if i == len(m.Layers)-1 || m.Layers[i+1] != upper || m.Base == i+1 {
			return false
		}
	}
	return true
}
