package rest

import "slices"

// Resource is a collection of an API whose rows are of type T: the table of its fields, and
// its name in replies and errors. Shaping a reply, "fields=", the schema of a POST, the
// rules of a PATCH, sorting and the OpenAPI document are all read from it.
type Resource[T any] struct {
	Plural   string // name of the list in a reply
	Path     string // of the collection, below /v1/
	Body     string // name of a posted resource in messages
	Ident    string // and the path's last element
	UUID     func(*T) string
	Fields   []Field[T]
	Required []string                   // order of the required fields, where it is not the alphabet's
	Allowed  []string                   // and of those that a PATCH may change
	Brief    []string                   // order of the brief fields in links, where it is not the fields' own
	Unknown  func(unknown string) error // for an unknown name in "fields="; nil is [UnknownField]
	Strict   bool                       // a member that is too new is refused even when it is null
	creation *Schema
	patching *Schema
}

// UnknownField is the usual answer to an unknown name in "fields=": 400.
func UnknownField(unknown string) error { return Invalid(`Field(s) "%s" are not valid`, unknown) }

// NewResource completes r with what its fields imply.
func NewResource[T any](r Resource[T]) *Resource[T] {
	if r.Unknown == nil {
		r.Unknown = UnknownField
	}
	if r.Required == nil {
		r.Required = names(r.Fields, Required)
	}
	if r.Allowed == nil {
		r.Allowed = names(r.Fields, Update)
	}
	r.creation = bodySchema(r.Fields, Create|Required)
	r.patching = bodySchema(r.Fields, Create|Required|Update)
	r.creation.Required, r.patching.Required = r.Required, r.Required
	return &r
}

func bodySchema[T any](fields []Field[T], a Access) *Schema {
	s := &Schema{Types: []string{"object"}, Props: map[string]*Schema{}, Closed: true}
	for _, f := range fields {
		if f.Access.has(a) {
			s.Props[f.Name] = f.Schema
			s.Order = append(s.Order, f.Name)
		}
	}
	return s
}

// Shown picks the fields of a reply: all (0), those of an access such as [Brief], or those
// named; and of these the ones in the request's microversion. An unknown name is a 400.
func (r *Resource[T]) Shown(c *Call, which Access, named []string) ([]*Field[T], error) {
	for _, name := range named {
		if !slices.ContainsFunc(r.Fields, func(f Field[T]) bool { return f.Name == name && !f.Access.has(Implicit) }) {
			return nil, r.Unknown(name)
		}
	}
	var picked []*Field[T]
	for i := range r.Fields {
		f := &r.Fields[i]
		if f.Since > c.Minor || f.Hidden {
			continue
		}
		if named == nil && (which == 0 || f.Access.has(which)) || slices.Contains(named, f.Name) || f.Access.has(Always) {
			picked = append(picked, f)
		}
	}
	return picked, nil
}

// Acceptable refuses names of fields that are newer than the request's microversion: 406.
func (r *Resource[T]) Acceptable(c *Call, names []string) error {
	for i := range r.Fields {
		if f := &r.Fields[i]; max(f.Since, f.From) > c.Minor && !f.Access.has(Implicit|Silent) && slices.Contains(names, f.Name) {
			return NotAcceptable(0)
		}
	}
	return nil
}

// AppendRow appends the JSON object of a row with these fields.
func AppendRow[T any](b []byte, c *Call, shown []*Field[T], row *T) []byte {
	b = append(b, '{')
	for _, f := range shown {
		b = f.Put(AppendKey(b, f.Name), c, row)
	}
	return append(b, '}')
}

// Show renders one row, with every field (nil) or with those named.
func (r *Resource[T]) Show(c *Call, row *T, named []string) ([]byte, error) {
	shown, err := r.Shown(c, 0, named)
	if err != nil {
		return nil, err
	}
	return AppendRow(make([]byte, 0, 4096), c, shown, row), nil
}

// ShowAsked renders one row with the fields that "fields=" asks for, which the microversion
// must know.
func (r *Resource[T]) ShowAsked(c *Call, row *T) ([]byte, error) {
	if err := r.KnowsFields(c); err != nil {
		return nil, err
	}
	return r.Show(c, row, c.Args.List("fields"))
}

// AskedColumns are the columns that ShowAsked needs; nil is all of them, as it is where it will refuse.
func (r *Resource[T]) AskedColumns(c *Call) []string {
	named := c.Args.List("fields")
	shown, err := r.Shown(c, 0, named)
	if named == nil || err != nil {
		return nil
	}
	return columns(shown)
}

// KnowsFields refuses "fields=" where the microversion does not have it, or not those fields:
// 406.
func (r *Resource[T]) KnowsFields(c *Call) error {
	if c.Args.Given("fields") && c.Minor < 8 {
		return NotAcceptable(0)
	}
	return r.Acceptable(c, c.Args.List("fields"))
}

// briefly names the fields that lists show by default, in the order of links.
func (r *Resource[T]) briefly() []string {
	if r.Brief != nil {
		return r.Brief
	}
	var list []string
	for _, f := range r.Fields {
		if f.Access.has(Brief) {
			list = append(list, f.Name)
		}
	}
	return list
}
