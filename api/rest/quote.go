package rest

import (
	"maps"
	"slices"

	"ironhook/baremetal"
)

// Package baremetal decides what is secret, how it is masked and how a returned mask is
// resolved. This file quotes what a client has sent in errors.

// anySecret is the widest of the tables: an error does not know what it quotes.
var anySecret = slices.Concat(baremetal.InstanceSecrets, baremetal.VolumeSecrets)

// Quote prints a value for an error, as Python does and without its secrets: what a
// client or a log keeps of a refused request must not disclose more than a reply.
func Quote(v any) string { return Repr(anySecret.MaskValue(hideOperands(v))) }

// QuoteAs is Quote for the value of a named argument; a string stands for itself.
func QuoteAs(name string, v any) string {
	if anySecret.Has(name) {
		return baremetal.Mask
	}
	if s, ok := v.(string); ok {
		return anySecret.MaskText(s)
	}
	return Quote(v)
}

// hideOperands hides what JSON patch operations would write to a secret place.
func hideOperands(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = hideOperands(v[i])
		}
		return out
	case map[string]any:
		path, _ := v["path"].(string)
		if _, operand := v["value"]; operand && anySecret.Has(path) {
			v = maps.Clone(v)
			v["value"] = baremetal.Mask
		}
		return v
	}
	return v
}
