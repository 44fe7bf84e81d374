package web

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"ironhook/baremetal"
)

// hidden stands for a secret, as in the API's answers.
const hidden = "******"

// secretive are the parts of a key that make its value a secret; those of
// Ironic (oslo.utils, mask_dict_password) that a node or a target can carry, and
// the SNMP driver's.
var secretive = []string{
	"adminpass", "admin_pass", "auth_token", "chapsecret", "configdrive", "encrypted_key", "auth_key", "priv_key",
	"new_pass", "passphrase", "password", "private_key", "secret", "sslkey", "sys_pswd", "token",
}

// fact is one line of a machine's page.
type fact struct{ Name, Value string }

// facts lists o by key, its secrets hidden.
func facts(o baremetal.Object) []fact {
	var list []fact
	for _, key := range slices.Sorted(maps.Keys(o)) {
		list = append(list, fact{key, plain(masked(key, o[key]))})
	}
	return list
}

// masked returns value as it may be shown under key, at any depth.
func masked(key string, value any) any {
	switch v := value.(type) {
	case map[string]any:
		shown := make(map[string]any, len(v))
		for k, inner := range v {
			shown[k] = masked(k, inner)
		}
		return shown
	case baremetal.Object:
		return masked(key, map[string]any(v))
	case []any:
		shown := make([]any, len(v))
		for i, inner := range v {
			shown[i] = masked(key, inner)
		}
		return shown
	}
	if slices.ContainsFunc(secretive, func(word string) bool { return strings.Contains(strings.ToLower(key), word) }) {
		return hidden
	}
	if s, ok := value.(string); ok {
		return withoutPassword(s)
	}
	return value
}

// withoutPassword hides the password in an address like https://user:word@bmc.
func withoutPassword(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.User == nil {
		return s
	}
	return u.Redacted()
}

// plain writes a value for a person.
func plain(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case map[string]any, []any:
		text, err := json.Marshal(v)
		if err != nil {
			return fmt.Sprint(v)
		}
		return string(text)
	}
	return fmt.Sprint(value)
}
