package rest

import (
	"fmt"
	"strconv"
	"strings"
)

// Operation is one step of a JSON patch (RFC 6902): add, replace or remove. Ironic and
// Glance know no others.
type Operation struct {
	Op, Path string
	Value    any
	HasValue bool // add and replace need one, which may be null
}

// Parts are the elements of the path (RFC 6901).
func (o Operation) Parts() []string {
	parts := strings.Split(o.Path, "/")[1:]
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(strings.ReplaceAll(p, "~1", "/"), "~0", "~")
	}
	return parts
}

// Root is the first element of the path: the field that the operation touches.
func (o Operation) Root() string { return o.Parts()[0] }

// Reason is why an operation does not apply.
type Reason int

// The reasons.
const (
	NoValue        Reason = iota // add or replace without a value
	NoContainer                  // the path leads into something that is neither an object nor a list
	NoMember                     // the path leads through a member that is not there
	NoObject                     // there is nothing to replace or to remove
	NoIndex                      // an index of a list that is no number
	EndOfList                    // "-" stands for no item there is
	OutOfBounds                  // the path leads through an item that is not there
	InsertOutside                // add beyond the end of a list
	ReplaceOutside               // replace beyond the end of a list
)

// reasons are the texts of PatchError. They quote no values, which may be secret.
var reasons = [...]string{
	NoValue:        "it has no value",
	NoContainer:    "there is neither an object nor a list at %s",
	NoMember:       "there is no member %s",
	NoObject:       "there is no member or item %s",
	NoIndex:        "%s is not an index of a list",
	EndOfList:      "%s stands for the end of a list, where only add goes",
	OutOfBounds:    "the list has no item %s",
	InsertOutside:  "the list ends before %s",
	ReplaceOutside: "the list has no item %s",
}

// PatchError is an operation that does not apply.
type PatchError struct {
	Reason Reason
	Op     Operation
	Parts  []string // of the path, up to the one that does not fit
	At     any      // the value in which that was looked for; it may hold secrets
}

// Key is the part of the path that does not fit.
func (e *PatchError) Key() string { return e.Parts[len(e.Parts)-1] }

// Error names the path and what does not fit, without the value.
func (e *PatchError) Error() string {
	text := reasons[e.Reason]
	if strings.Contains(text, "%s") {
		text = fmt.Sprintf(text, "/"+strings.Join(e.Parts, "/"))
	}
	return fmt.Sprintf("%s %.128s: %s", e.Op.Op, e.Op.Path, text)
}

// Patch applies the operations to doc in order, in place. After an error, which is a
// *PatchError, doc is of no use.
func Patch(doc map[string]any, ops []Operation) error {
	for _, o := range ops {
		p := patcher{o, o.Parts()}
		if _, err := p.apply(doc, 0); err != nil {
			return err
		}
	}
	return nil
}

// patcher is one operation at work.
type patcher struct {
	Operation
	parts []string
}

func (p patcher) fail(why Reason, at any, depth int) error {
	return &PatchError{why, p.Operation, p.parts[:depth+1], at}
}

// apply runs the operation on v, which lies depth parts below the document, and returns
// the new value: a list may have to move.
func (p patcher) apply(v any, depth int) (any, error) {
	if p.Op != "remove" && !p.HasValue {
		return nil, p.fail(NoValue, v, depth)
	}
	switch v := v.(type) {
	case map[string]any:
		return v, p.object(v, depth)
	case []any:
		return p.list(v, depth)
	}
	return nil, p.fail(NoContainer, v, depth)
}

func (p patcher) object(v map[string]any, depth int) (err error) {
	name, last := p.parts[depth], depth == len(p.parts)-1
	inner, found := v[name]
	switch {
	case !last && !found:
		return p.fail(NoMember, v, depth)
	case !last:
		v[name], err = p.apply(inner, depth+1)
		return err
	case p.Op == "add":
		v[name] = p.Value
	case !found:
		return p.fail(NoObject, v, depth)
	case p.Op == "replace":
		v[name] = p.Value
	default:
		delete(v, name)
	}
	return nil
}

func (p patcher) list(v []any, depth int) (any, error) {
	name, last := p.parts[depth], depth == len(p.parts)-1
	if name == "-" && last {
		if p.Op == "add" {
			return append(v, p.Value), nil
		}
		return nil, p.fail(EndOfList, v, depth)
	}
	i, err := strconv.Atoi(name)
	if err != nil || strconv.Itoa(i) != name || i < 0 {
		return nil, p.fail(NoIndex, v, depth)
	}
	if !last {
		if i >= len(v) {
			return nil, p.fail(OutOfBounds, v, depth)
		}
		v[i], err = p.apply(v[i], depth+1)
		return v, err
	}
	switch {
	case p.Op == "add" && i > len(v):
		return nil, p.fail(InsertOutside, v, depth)
	case p.Op == "add":
		return append(v[:i:i], append([]any{p.Value}, v[i:]...)...), nil
	case i >= len(v) && p.Op == "replace":
		return nil, p.fail(ReplaceOutside, v, depth)
	case i >= len(v):
		return nil, p.fail(NoObject, v, depth)
	case p.Op == "replace":
		v[i] = p.Value
		return v, nil
	}
	return append(v[:i:i], v[i+1:]...), nil
}
