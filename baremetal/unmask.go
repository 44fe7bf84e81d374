package baremetal

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Unmask returns given, which a client sent, with every mask replaced by the secret
// that it hides in kept, the value as it is stored: a client that reads an object,
// changes one key and sends the rest back changes that key only. A mask under which
// nothing is hidden is ErrInvalid: stored, it would become the secret. name is the
// name of the value in the error. Neither value is changed.
func (s SecretKeys) Unmask(name string, given, kept any) (any, error) {
	return unmasking{s, false}.value(name, given, orAbsent(kept))
}

// UnmaskMember is Unmask for the value of a single key.
func (s SecretKeys) UnmaskMember(key string, given, kept any) (any, error) {
	return unmasking{s, false}.member(key, key, given, orAbsent(kept))
}

// absent is what is kept under a key that is not there; null is a value.
type absent struct{}

func orAbsent(kept any) any {
	if kept == nil {
		return absent{}
	}
	return kept
}

// unmasking is a walk through two values. Below a secret key everything is secret.
type unmasking struct {
	SecretKeys
	secret bool
}

func (u unmasking) member(path, key string, given, kept any) (any, error) {
	u.secret = u.secret || u.Has(key)
	return u.value(path, given, kept)
}

func (u unmasking) value(path string, given, kept any) (any, error) {
	if reflect.DeepEqual(given, kept) {
		return given, nil
	}
	switch given := given.(type) {
	case string:
		return u.text(path, given, kept)
	case []any:
		old, _ := kept.([]any)
		return u.list(path, given, old)
	case map[string]any:
		old, _ := kept.(map[string]any)
		out := make(map[string]any, len(given))
		for key, v := range given {
			was, ok := old[key]
			if !ok {
				was = absent{}
			}
			var err error
			if out[key], err = u.member(path+"/"+key, key, v, was); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return given, nil
}

func (u unmasking) text(path, given string, kept any) (any, error) {
	switch {
	case !u.masked(given):
		return given, nil
	case u.secret && given == Mask && kept != absent{}:
		return kept, nil
	}
	if old, ok := kept.(string); ok && !u.secret && u.MaskText(old) == given {
		return old, nil
	}
	return nil, Errorf(ErrInvalid, "%s: %s is shown in place of a secret and is not one. "+
		"Give the secret itself; to keep one, send the mask back only where it was read.", path, Mask)
}

// masked reports whether a text is a mask or holds one where a secret would be.
func (u unmasking) masked(text string) bool {
	if text == Mask || !strings.Contains(text, Mask) {
		return text == Mask
	}
	if u.secret {
		return false // a secret of its own that happens to contain the mask
	}
	for _, form := range []interface {
		FindAllStringSubmatch(string, int) [][]string
	}{secretInURL, secretInQuery, secretInText} {
		for _, m := range form.FindAllStringSubmatch(text, -1) {
			if m[2] == Mask {
				return true
			}
		}
	}
	return false
}

// maxPairs bounds the search for items that have moved: 128 items among 128. In a
// longer list that has changed every mask is refused.
const maxPairs = 1 << 14

// list resolves the items of a list. Items may have moved, so that their number
// alone does not say which was which: a secret must not go to another item.
func (u unmasking) list(path string, given, kept []any) (any, error) {
	if u.unchanged(given, kept) {
		return slices.Clone(kept), nil
	}
	if len(given)*len(kept) > maxPairs {
		kept = nil
	}
	out, free := slices.Clone(given), make([]bool, len(kept))
	for i := range free {
		free[i] = !slices.ContainsFunc(given, func(v any) bool { return reflect.DeepEqual(v, kept[i]) })
	}
	for i, v := range given {
		if slices.ContainsFunc(kept, func(old any) bool { return reflect.DeepEqual(v, old) }) {
			continue
		}
		var old any = absent{}
		if at := u.origin(i, v, kept, free, len(given) == len(kept)); at >= 0 {
			old, free[at] = kept[at], false
		}
		var err error
		if out[i], err = u.value(path+"/"+strconv.Itoa(i), v, old); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// unchanged reports whether given is kept as a reply shows it.
func (u unmasking) unchanged(given, kept []any) bool {
	if len(given) != len(kept) {
		return false
	}
	for i, v := range given {
		if !u.shows(v, kept[i]) {
			return false
		}
	}
	return true
}

// origin is the place in kept of the item that a client read before it sent v at
// place i, or -1: the item of the same name; else the one that v shows unchanged,
// if there is only one; else, where the list is as long as it was, that at place i.
func (u unmasking) origin(i int, v any, kept []any, free []bool, sameLength bool) int {
	found, shown := -1, 0
	for at := range kept {
		switch {
		case !free[at]:
		case named(v) && sameName(v, kept[at]):
			return at
		case u.shows(v, kept[at]):
			found, shown = at, shown+1
		}
	}
	here := sameLength && free[i] && sameName(v, kept[i])
	switch {
	case here && (shown != 1 || u.shows(v, kept[i])):
		return i
	case shown == 1:
		return found
	}
	return -1
}

// shows reports whether v is kept as a reply shows it, or as it is. It walks through
// the values once, for lists nest.
func (u unmasking) shows(v, kept any) bool {
	if u.secret && v == Mask {
		return true
	}
	switch v := v.(type) {
	case string:
		old, ok := kept.(string)
		return ok && (v == old || !u.secret && v == u.MaskText(old))
	case []any:
		old, ok := kept.([]any)
		return ok && u.unchanged(v, old)
	case map[string]any:
		old, ok := kept.(map[string]any)
		if !ok || len(v) != len(old) {
			return false
		}
		for key, member := range v {
			was, ok := old[key]
			if inner := (unmasking{u.SecretKeys, u.secret || u.Has(key)}); !ok || !inner.shows(member, was) {
				return false
			}
		}
		return true
	}
	return v == kept
}

// itemNames are the keys that say which item of a list an object is.
var itemNames = []string{"interface", "step", "name", "id", "uuid"}

func named(v any) bool {
	o, _ := v.(map[string]any)
	return slices.ContainsFunc(itemNames, func(key string) bool { return o[key] != nil })
}

func sameName(a, b any) bool {
	x, _ := a.(map[string]any)
	y, _ := b.(map[string]any)
	return !slices.ContainsFunc(itemNames, func(key string) bool { return !reflect.DeepEqual(x[key], y[key]) })
}
