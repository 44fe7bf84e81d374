package rest

// The OpenAPI 3.1 document is made from the routes and the fields when the API is made. What a
// microversion brought is marked by "x-openstack": {"min-ver": "1.32"}.

// tree is an object of the document.
type tree = map[string]any

// Component is a resource for the document: its fields as schemas.
type Component struct {
	Plural, Single string         // names of the collection and of one of it
	All, Creation  map[string]any // JSON Schemas: what a reply shows, and what a POST takes
}

// Component describes the resource, one of which the document calls single.
func (r *Resource[T]) Component(single string, v *Versions) Component {
	all, created := tree{}, tree{}
	for i := range r.Fields {
		f := &r.Fields[i]
		s := f.Schema.document()
		if f.Since > v.Min {
			s["x-openstack"] = tree{"min-ver": v.Text(f.Since)}
		}
		if !f.Hidden {
			all[f.Name] = s
		}
		if f.Access.has(Create) {
			created[f.Name] = s
		}
	}
	return Component{r.Plural, single, tree{"type": "object", "properties": all},
		tree{"type": "object", "properties": created, "required": r.creation.Required, "additionalProperties": false}}
}

// document writes a schema as JSON Schema.
func (s *Schema) document() tree {
	d := tree{}
	if s == nil {
		return d
	}
	if len(s.Types) == 1 {
		d["type"] = s.Types[0]
	} else if len(s.Types) > 1 {
		d["type"] = s.Types
	}
	for name, v := range map[string]any{"maxLength": s.Max, "minLength": s.Min, "minItems": s.MinItems} {
		if v != 0 {
			d[name] = v
		}
	}
	if s.Enum != nil {
		d["enum"] = s.Enum
	}
	if s.Pattern != nil {
		d["pattern"] = s.Pattern.String()
	}
	if s.Least != nil {
		d["minimum"] = *s.Least
	}
	if s.Items != nil {
		d["items"] = s.Items.document()
	}
	if s.Props != nil {
		props := tree{}
		for name, p := range s.Props {
			props[name] = p.document()
		}
		d["properties"], d["additionalProperties"] = props, !s.Closed
	}
	if s.Required != nil {
		d["required"] = s.Required
	}
	for _, choice := range s.AnyOf {
		choices, _ := d["anyOf"].([]any)
		d["anyOf"] = append(choices, choice.document())
	}
	return d
}
