package inspection

import (
	"strconv"
	"strings"

	"ironhook/baremetal"
	"ironhook/internal/python"
)

// scope is what text of a rule may name: {inventory[cpu][count]}, {plugin_data[x]},
// {node.driver}, {item[a]}.
type scope struct {
	*Subject
	sensitive bool
	item      any
	loops     bool // item is one of a loop
}

func newScope(s *Subject, sensitive bool) scope { return scope{Subject: s, sensitive: sensitive} }

func (s scope) with(item any) scope {
	s.item, s.loops = item, true
	return s
}

// secretKeys are the keys of an inventory that only sensitive rules may read.
var secretKeys = map[string]bool{"password": true, "auth_token": true, "bmc_password": true}

// value is what a root names. Secrets of the node stay masked for every rule: a rule could
// write them to where they are shown.
func (s scope) value(root string) (v any, ok bool) {
	switch root {
	case "inventory":
		return map[string]any(s.Inventory), true
	case "plugin_data":
		return map[string]any(s.PluginData), true
	case "node":
		return view(s.Node), true
	case "item":
		return s.item, s.loops
	}
	return nil, false
}

// view is the node as rules read it.
func view(n *baremetal.Node) map[string]any {
	v := map[string]any{"uuid": n.UUID, "driver": n.Driver,
		"provision_state": string(n.ProvisionState), "power_state": orNone(string(n.PowerState))}
	for name, at := range texts {
		v[name] = orNone(*at(n))
	}
	for name, at := range objects {
		v[name] = map[string]any(baremetal.Secrets.Mask(*at(n)))
	}
	return v
}

func orNone(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// fill replaces what v names, in depth. Text with a name that leads nowhere stays as it is,
// but for is-empty, to which it is none.
func (s scope) fill(v any, missingIsNone bool) any {
	switch v := v.(type) {
	case string:
		text, ok := s.format(v)
		if !ok && missingIsNone {
			return nil
		}
		return text
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = s.fill(v[i], missingIsNone)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for key, inner := range v {
			key, _ = s.format(key)
			out[key] = s.fill(inner, missingIsNone)
		}
		return out
	}
	return v
}

// format is Python's str.format for names alone: {root[key][0].attribute}. {{ and }} stand for
// braces. The text comes back unchanged, and false, when it is malformed or a name leads nowhere.
func (s scope) format(text string) (string, bool) {
	var b strings.Builder
	for rest := text; rest != ""; {
		at := strings.IndexAny(rest, "{}")
		if at < 0 {
			b.WriteString(rest)
			break
		}
		b.WriteString(rest[:at])
		brace := rest[at]
		rest = rest[at+1:]
		if rest != "" && rest[0] == brace {
			b.WriteByte(brace)
			rest = rest[1:]
			continue
		}
		name, after, closed := strings.Cut(rest, "}")
		if brace == '}' || !closed {
			return text, false
		}
		v, ok := s.look(name)
		if !ok {
			return text, false
		}
		b.WriteString(python.Str(v))
		rest = after
	}
	return b.String(), true
}

// look follows a name.
func (s scope) look(name string) (v any, ok bool) {
	end := strings.IndexAny(name, "[.")
	if end < 0 {
		end = len(name)
	}
	if v, ok = s.value(name[:end]); !ok {
		return nil, false
	}
	for rest := name[end:]; rest != ""; {
		var key string
		if rest[0] == '[' {
			if key, rest, ok = strings.Cut(rest[1:], "]"); !ok {
				return nil, false
			}
		} else {
			key = rest[1:]
			if end := strings.IndexAny(key, "[."); end >= 0 {
				key = key[:end]
			}
			rest = rest[1+len(key):]
		}
		if v, ok = s.member(v, key); !ok {
			return nil, false
		}
	}
	return s.masked(v), true
}

func (s scope) member(v any, key string) (any, bool) {
	switch v := v.(type) {
	case map[string]any:
		inner, ok := v[key]
		if ok && secretKeys[key] && !s.sensitive {
			return "***", true
		}
		return inner, ok
	case []any:
		i, err := strconv.Atoi(key)
		if err != nil || i < 0 || i >= len(v) {
			return nil, false
		}
		return v[i], true
	}
	return nil, false
}

// masked hides what is secret within v.
func (s scope) masked(v any) any {
	if s.sensitive {
		return v
	}
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, inner := range v {
			out[key] = s.masked(inner)
			if secretKeys[key] {
				out[key] = "***"
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = s.masked(v[i])
		}
		return out
	}
	return v
}
