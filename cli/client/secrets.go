package client

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// secrets are values by node and key; the node * stands for all.
type secrets map[string]map[string]any

// readSecrets reads the file of --secrets.
func readSecrets(c *call) (s secrets, err error) {
	path, _ := c.value("secrets").(string)
	if path == "" {
		return nil, nil
	}
	b, err := readFile(path, c.in)
	if err == nil {
		err = json.Unmarshal(b, &s)
	}
	if err != nil {
		return nil, misuse("--secrets %s: want {NODE: {KEY: VALUE}}: %w", path, err)
	}
	return s, nil
}

// into puts the secrets of a node where the file has a mask.
func (s secrets) into(node string, fields map[string]any) map[string]any {
	fields = maps.Clone(fields)
	for key, v := range fields {
		inner, ok := v.(map[string]any)
		if ok {
			fields[key] = s.into(node, inner)
			continue
		}
		if v != masked {
			continue
		}
		for _, of := range []string{node, "*"} {
			if value, ok := s[of][key]; ok {
				fields[key] = value
				break
			}
		}
	}
	return fields
}

// disclosed are the fields with their secrets: a mask is never stored as if it were one.
func (a *applying) disclosed(what string, fields map[string]any) (map[string]any, error) {
	fields = a.secrets.into(a.name, fields)
	if key := stillMasked(fields); key != "" {
		return nil, a.unknown(what, key)
	}
	return fields, nil
}

// stillMasked is the first key whose value is a mask; "" for none.
func stillMasked(fields map[string]any) string {
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if fields[key] == masked {
			return key
		}
		if inner, ok := fields[key].(map[string]any); ok {
			if below := stillMasked(inner); below != "" {
				return key + "/" + below
			}
		}
	}
	return ""
}

// unknown reports a secret that nobody has given.
func (a *applying) unknown(what, path string) error {
	key := path[strings.LastIndexByte(path, '/')+1:]
	return fmt.Errorf("%s: %s is not known: an Ironic does not disclose it; give it with --secrets FILE, in which stands {%q: {%q: ...}}",
		what, path, a.name, key)
}
