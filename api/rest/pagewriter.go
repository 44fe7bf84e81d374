package rest

import "slices"

// Rows reads the rows of a page in order and calls row with each; columns are those that the
// fields shown need, with the key. The row is only looked at during the call.
type Rows[T any] func(columns []string, row func(*T) error) error

// List reads a page and renders it: {PLURAL: [...], "next": LINK}. The rows are read by each,
// which bounds them by l.
func (r *Resource[T]) List(c *Call, l *Listing, each Rows[T]) ([]byte, error) {
	shown, err := r.Shown(c, l.Which, l.Fields)
	if err != nil {
		return nil, err
	}
	b := append(AppendKey(append(make([]byte, 0, 4096), '{'), r.Plural), '[')
	p := pageWriter[T]{resource: r, c: c, shown: shown, b: b}
	if err := each(columns(shown), p.add); err != nil {
		return nil, err
	}
	return p.end(l), nil
}

// columns are those that the fields need, with the key.
func columns[T any](shown []*Field[T]) []string {
	columns := []string{"uuid"}
	for _, f := range shown {
		columns = append(columns, f.Needs...)
		if f.Column != "" && !slices.Contains(columns, f.Column) {
			columns = append(columns, f.Column)
		}
	}
	return columns
}

// pageWriter is a reply that grows row by row.
type pageWriter[T any] struct {
	resource *Resource[T]
	c        *Call
	shown    []*Field[T]
	b        []byte
	rows     int
	last     string // UUID of the last row
}

func (p *pageWriter[T]) add(row *T) error {
	if p.rows > 0 {
		p.b = append(p.b, ',')
	}
	if cap(p.b)-len(p.b) < 1024 {
		p.b = slices.Grow(p.b, len(p.b)) // append alone grows large slices by a quarter
	}
	p.b = AppendRow(p.b, p.c, p.shown, row)
	p.rows, p.last = p.rows+1, p.resource.UUID(row)
	return nil
}

// end returns the whole reply; when the page is full, with the link to the next.
func (p *pageWriter[T]) end(l *Listing) []byte {
	p.b = append(p.b, ']')
	if !l.Last && p.rows > 0 && p.rows == l.Limit {
		p.b = AppendString(AppendKey(p.b, "next"), p.resource.next(p.c, l, p.last))
	}
	return append(p.b, '}')
}
