package api

import (
	"slices"
	"strings"

	"ironhook/fleet"
	"ironhook/store"
)

// A resource is a collection of the API whose rows are of type T.
type resource[T any] struct {
	plural    string // name of the list in a reply
	path      string // of the collection behind /v1/
	body      string // how messages call what is posted
	ident     string // and the path's last element
	rows      func(*store.Tx) store.Set[T]
	uuid      func(*T) string
	fields    []field[T]
	required  []string                   // order of the required fields, where it is not the alphabet's
	allowed   []string                   // and of those that a PATCH may change
	brief     []string                   // order of the brief fields in links, where it is not the fields' own
	invalid   func(unknown string) error // for a name in "fields=" that is none
	completed string                     // the field that complete adds to
	// complete returns what adds to rows that which is rendered and not stored of them; the
	// query bounds what is read for that by the UUID of one row. nil: there is none.
	complete func(*store.Tx, store.Query) (func(*T), error)
	strict   bool // a member that is too new is refused even when it is null
	creation *schema
	patching *schema
}

// badField is the usual answer to an unknown name in "fields=".
func badField(unknown string) error { return invalid(`Field(s) "%s" are not valid`, unknown) }

// newResource completes r with what its fields imply.
func newResource[T any](r resource[T]) *resource[T] {
	if r.invalid == nil {
		r.invalid = badField
	}
	if r.required == nil {
		r.required = names(r.fields, required)
	}
	if r.allowed == nil {
		r.allowed = names(r.fields, patch)
	}
	r.creation = bodySchema(r.fields, create|required)
	r.patching = bodySchema(r.fields, create|required|patch)
	r.creation.required, r.patching.required = r.required, r.required
	return &r
}

func bodySchema[T any](fields []field[T], a access) *schema {
	s := &schema{types: []string{"object"}, props: map[string]*schema{}, closed: true}
	for _, f := range fields {
		if f.access.has(a) {
			s.props[f.name] = f.schema
			s.order = append(s.order, f.name)
		}
	}
	return s
}

// shown picks the fields of a reply: all, the brief ones, or those named, and of
// these what the request's microversion knows.
func (r *resource[T]) shown(c *call, which access, named []string) ([]*field[T], error) {
	for _, name := range named {
		if !slices.ContainsFunc(r.fields, func(f field[T]) bool { return f.name == name && !f.access.has(implicit) }) {
			return nil, r.invalid(name)
		}
	}
	var picked []*field[T]
	for i := range r.fields {
		f := &r.fields[i]
		if f.since > c.minor || f.hidden {
			continue
		}
		if named == nil && (which == 0 || f.access.has(which)) || slices.Contains(named, f.name) || f.access.has(always) {
			picked = append(picked, f)
		}
	}
	return picked, nil
}

// acceptable refuses names that are newer than the request's microversion.
func (r *resource[T]) acceptable(c *call, names []string) error {
	for i := range r.fields {
		if f := &r.fields[i]; max(f.since, f.from) > c.minor && !f.access.has(implicit|silent) && slices.Contains(names, f.name) {
			return notAcceptable(0)
		}
	}
	return nil
}

func appendRow[T any](b []byte, c *call, shown []*field[T], row *T) []byte {
	b = append(b, '{')
	for _, f := range shown {
		b = f.put(appendKey(b, f.name), c, row)
	}
	return append(b, '}')
}

// show renders one row, with every field or with those named.
func (r *resource[T]) show(c *call, row *T, named []string) ([]byte, error) {
	shown, err := r.shown(c, 0, named)
	if err != nil {
		return nil, err
	}
	return appendRow(make([]byte, 0, 4096), c, shown, row), nil
}

// fill makes a row of a posted body: the schema first, then versions, then the
// checks beyond the schema.
func (r *resource[T]) fill(c *call, body any, row *T) error {
	if err := r.creation.check(r.body, body); err != nil {
		return err
	}
	members := body.(map[string]any)
	if err := r.convert(members); err != nil {
		return err
	}
	for i := range r.fields {
		f := &r.fields[i]
		v, ok := members[f.name]
		if !ok {
			continue
		}
		null := v == nil || v == ""
		if _, err := f.unmask(v, nil); err != nil {
			return err
		}
		if f.since > c.minor && (r.strict || !null) || f.from > c.minor && !null && !equal(v, map[string]any{}) {
			return notAcceptable(0)
		}
		f.set(row, v)
	}
	return nil
}

// convert runs the checks beyond the schema on members, in place.
func (r *resource[T]) convert(members map[string]any) error {
	for i := range r.fields {
		f := &r.fields[i]
		v, ok := members[f.name]
		if !ok || v == nil || f.check == nil {
			continue
		}
		checked, err := f.check.parse(f.name, v)
		if err != nil {
			return err
		}
		members[f.name] = checked
	}
	return nil
}

// apply patches row and returns the names of the fields that changed.
func (r *resource[T]) apply(ops []operation, row *T) (changed []string, err error) {
	doc := map[string]any{}
	before := map[string]any{}
	for i := range r.fields {
		if f := &r.fields[i]; f.get != nil {
			doc[f.name], before[f.name] = f.get(row), f.get(row)
		}
	}
	if err := applyPatch(doc, ops); err != nil {
		return nil, err
	}
	for name := range doc {
		if _, ok := r.patching.props[name]; !ok {
			delete(doc, name)
		}
	}
	if err := r.patching.check("patch", doc); err != nil {
		return nil, err
	}
	if err := r.convert(doc); err != nil {
		return nil, err
	}
	for i := range r.fields {
		f := &r.fields[i]
		if doc[f.name], err = f.unmask(doc[f.name], before[f.name]); err != nil {
			return nil, err
		}
		if f.access.has(patch) && !equal(doc[f.name], before[f.name]) {
			f.set(row, doc[f.name])
			changed = append(changed, f.name)
		}
	}
	return changed, nil
}

// change is the request's patch of a row.
func (r *resource[T]) change(c *call, check func([]operation) error) fleet.Patch[T] {
	return fleet.Patch[T]{
		Given: given(operations(c.args["patch"])),
		Apply: func(row *T) ([]string, error) {
			ops, err := r.operations(c)
			if err == nil && check != nil {
				err = check(ops)
			}
			if err != nil {
				return nil, err
			}
			return r.apply(ops, row)
		},
	}
}

// unmask resolves the masks in a value that a client has sent.
func (f *field[T]) unmask(given, kept any) (any, error) {
	if f.masks == nil {
		return given, nil
	}
	return f.masks.Unmask(f.name, given, kept)
}

// operations checks a patch as far as it can be without the row.
func (r *resource[T]) operations(c *call) ([]operation, error) {
	ops := operations(c.args["patch"])
	for _, op := range ops {
		if !slices.Contains(r.allowed, op.root()) {
			return nil, invalid("Cannot patch %s. Only the following can be updated: %s", op.path, strings.Join(r.allowed, ", "))
		}
	}
	for _, op := range ops {
		for i := range r.fields {
			f := &r.fields[i]
			if max(f.since, f.from) > c.minor && op.path == "/"+f.name && op.op != "remove" {
				return nil, notAcceptable(0)
			}
		}
	}
	return ops, nil
}

// get reads one row by its UUID or other name.
func (r *resource[T]) get(c *call, ident string) (row *T, err error) {
	err = c.store.View(c.ctx, func(tx *store.Tx) error {
		row, err = r.rows(tx).Get(ident)
		if err != nil || r.complete == nil {
			return err
		}
		complete, err := r.complete(tx, store.Where("target_uuid", r.uuid(row)))
		if err == nil {
			complete(row)
		}
		return err
	})
	return row, err
}
