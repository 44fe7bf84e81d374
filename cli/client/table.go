package client

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// writeTable draws the table of OpenStack's client. As there, an empty table has no
// frame, and a column is aligned to the right when its first cell is a number.
func writeTable(w io.Writer, f findings, p printer) error {
	right := make([]bool, len(f.columns))
	if len(f.rows) > 0 && !f.single {
		for i, cell := range f.rows[0] {
			_, right[i] = cell.(json.Number)
		}
	}
	if f = f.upright(); f.single || len(f.rows) == 0 {
		_, err := fmt.Fprintln(w)
		return err
	}
	names := slices.Clone(f.columns)
	for i, name := range names {
		names[i] = Harmless(name)
	}
	f.columns = names
	d := drawing{w, narrowed(widths(f), p.width), right}
	d.rule()
	d.row(f.columns)
	d.rule()
	for _, row := range f.rows {
		d.row(texts(row))
	}
	d.rule()
	return nil
}

type drawing struct {
	w      io.Writer
	widths []int
	right  []bool
}

func (d drawing) rule() {
	for _, n := range d.widths {
		fmt.Fprint(d.w, "+", strings.Repeat("-", n+2))
	}
	fmt.Fprintln(d.w, "+")
}

// row draws one row, on as many lines as its highest cell has.
func (d drawing) row(cells []string) {
	height, lines := 1, make([][]string, len(cells))
	for i, cell := range cells {
		lines[i] = wrapped(cell, d.widths[i])
		height = max(height, len(lines[i]))
	}
	for h := range height {
		for i := range cells {
			line := ""
			if h < len(lines[i]) {
				line = lines[i][h]
			}
			pad := strings.Repeat(" ", d.widths[i]-utf8.RuneCountInString(line))
			if i < len(d.right) && d.right[i] {
				line = pad + line
			} else {
				line += pad
			}
			fmt.Fprint(d.w, "| ", line, " ")
		}
		fmt.Fprintln(d.w, "|")
	}
}

func widths(f findings) []int {
	n := make([]int, len(f.columns))
	grow := func(cells []string) {
		for i, cell := range cells {
			for line := range strings.SplitSeq(cell, "\n") {
				n[i] = max(n[i], utf8.RuneCountInString(line))
			}
		}
	}
	grow(f.columns)
	for _, row := range f.rows {
		grow(texts(row))
	}
	return n
}

// narrowest is the least width of a column that does not fit.
const narrowest = 8

// narrowed makes the widest columns narrower until the table is no wider than most, 0 for
// any width. A table of very many columns stays too wide.
func narrowed(widths []int, most int) []int {
	if most <= 0 {
		return widths
	}
	for {
		whole, widest := 1, 0
		for i, n := range widths {
			whole += n + 3
			if n > widths[widest] {
				widest = i
			}
		}
		if whole <= most || len(widths) == 0 || widths[widest] <= narrowest {
			return widths
		}
		second := narrowest
		for i, n := range widths {
			if i != widest && n < widths[widest] {
				second = max(second, n)
			}
		}
		widths[widest] = max(second, widths[widest]-(whole-most), narrowest)
		if widths[widest] == second && whole-most > 0 && second > narrowest {
			widths[widest]-- // of several that are equally wide, each gives a little
		}
	}
}

// wrapped cuts a cell into lines of a width, between words where that is possible.
func wrapped(cell string, width int) (lines []string) {
	for line := range strings.SplitSeq(cell, "\n") {
		for utf8.RuneCountInString(line) > width {
			runes := []rune(line)
			end := width
			if space := strings.LastIndexByte(string(runes[:width+1]), ' '); space > 0 {
				end = utf8.RuneCountInString(string(runes[:width+1])[:space])
			}
			lines = append(lines, strings.TrimRight(string(runes[:end]), " "))
			line = strings.TrimLeft(string(runes[end:]), " ")
		}
		lines = append(lines, line)
	}
	return lines
}
