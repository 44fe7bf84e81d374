package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

// findings are what a command prints: rows of columns, or the fields of one thing,
// which are a single row.
type findings struct {
	single  bool
	columns []string
	rows    [][]any
}

// printer is the output format of findings.
type printer struct {
	format, quote string
	columns       []string
	width         int // that a table may have; 0 for any
}

// formats are the values of -f.
var formats = map[string]func(io.Writer, findings, printer) error{
	"table": writeTable, "json": writeJSON, "yaml": writeYAML, "value": writeValue, "csv": writeCSV,
}

// quotes are the values of --quote: which cells of CSV are quoted.
var quotes = map[string]func(cell any, text string) bool{
	"all":        func(any, string) bool { return true },
	"none":       func(any, string) bool { return false },
	"minimal":    func(_ any, text string) bool { return strings.ContainsAny(text, "\",\r\n") },
	"nonnumeric": func(cell any, _ string) bool { return !isNumeric(cell) },
}

func isNumeric(cell any) bool {
	switch cell.(type) {
	case bool, json.Number:
		return true
	}
	return false
}

func printFlags(cmd *cobra.Command, p prints) {
	if p == nothing {
		return
	}
	cmd.Flags().StringP("format", "f", "table", "table, json, yaml, value or csv")
	cmd.Flags().StringArrayP("column", "c", nil, "show this column (repeatable)")
	cmd.Flags().Int("max-width", 0, "width of a table (default: that of the terminal; unlimited where there is none)")
	cmd.Flags().Bool("fit-width", false, "fit a table to $COLUMNS where there is no terminal")
	if p == many {
		cmd.Flags().String("quote", "nonnumeric", "when to quote in CSV: all, minimal, none, nonnumeric")
	}
}

func readPrinter(cmd *cobra.Command, p prints) (printer, error) {
	out := printer{format: "table", quote: "nonnumeric"}
	if p == nothing {
		return out, nil
	}
	out.format, _ = cmd.Flags().GetString("format")
	out.columns, _ = cmd.Flags().GetStringArray("column")
	out.width = widthOf(cmd)
	if out.width < 0 {
		return out, misuse("--max-width %d: want a number that is not negative", out.width)
	}
	if p == many {
		out.quote, _ = cmd.Flags().GetString("quote")
	}
	if formats[out.format] == nil {
		return out, misuse("--format %q: want one of %s", out.format, strings.Join(slices.Sorted(maps.Keys(formats)), ", "))
	}
	if quotes[out.quote] == nil {
		return out, misuse("--quote %q: want one of %s", out.quote, strings.Join(slices.Sorted(maps.Keys(quotes)), ", "))
	}
	return out, nil
}

// widthOf is the width that tables may have, 0 for any: what was asked for, else that of the
// terminal.
func widthOf(cmd *cobra.Command) int {
	if asked, _ := cmd.Flags().GetInt("max-width"); asked != 0 {
		return asked
	}
	if f, ok := cmd.OutOrStdout().(*os.File); ok {
		if size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ); err == nil {
			return int(size.Col)
		}
	}
	if fit, _ := cmd.Flags().GetBool("fit-width"); fit {
		columns, _ := strconv.Atoi(os.Getenv("COLUMNS"))
		return max(columns, 0)
	}
	return 0
}

// show prints findings as the command line asks.
func (c *call) show(f findings) error {
	f, err := f.only(c.print.columns)
	if err != nil {
		return err
	}
	b := new(bytes.Buffer)
	if err := formats[c.print.format](b, f, c.print); err != nil {
		return err
	}
	_, err = b.WriteTo(c.out)
	return err
}

// only keeps the columns that were asked for, in their own order.
func (f findings) only(columns []string) (findings, error) {
	if len(columns) == 0 {
		return f, nil
	}
	keep := findings{single: f.single, rows: make([][]any, len(f.rows))}
	for i, name := range f.columns {
		if !slices.ContainsFunc(columns, func(c string) bool { return strings.EqualFold(c, name) }) {
			continue
		}
		keep.columns = append(keep.columns, name)
		for r, row := range f.rows {
			keep.rows[r] = append(keep.rows[r], row[i])
		}
	}
	if len(keep.columns) == 0 {
		return f, misuse("--column %s: there is none such; there are %s", strings.Join(columns, ", "), strings.Join(f.columns, ", "))
	}
	return keep, nil
}

// upright turns the single row into rows of field and value.
func (f findings) upright() findings {
	if !f.single {
		return f
	}
	out := findings{columns: []string{"Field", "Value"}}
	for i, name := range f.columns {
		out.rows = append(out.rows, []any{name, f.rows[0][i]})
	}
	return out
}

func writeValue(w io.Writer, f findings, _ printer) error {
	between := " "
	if f.single {
		between = "\n"
	}
	for _, row := range f.rows {
		fmt.Fprintln(w, strings.Join(texts(row), between))
	}
	return nil
}

func writeCSV(w io.Writer, f findings, p printer) error {
	f = f.upright()
	head := make([]any, len(f.columns))
	for i, name := range f.columns {
		head[i] = name
	}
	for _, row := range append([][]any{head}, f.rows...) {
		for i, cell := range row {
			text := ""
			if cell != nil {
				text = plain(cell)
			}
			if quotes[p.quote](cell, text) {
				text = `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
			}
			if i > 0 {
				text = "," + text
			}
			fmt.Fprint(w, text)
		}
		fmt.Fprintln(w)
	}
	return nil
}

func writeJSON(w io.Writer, f findings, _ printer) error {
	list := []json.RawMessage{}
	for _, row := range f.rows {
		list = append(list, ordered(f.columns, row))
	}
	var whole any = list
	if f.single {
		whole = list[0]
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(whole)
}

// ordered is a JSON object whose fields stand in the order given.
func ordered(names []string, values []any) json.RawMessage {
	var parts [][]byte
	for i, name := range names {
		parts = append(parts, append(append(encoded(name), ':'), encoded(values[i])...))
	}
	return slices.Concat([]byte("{"), bytes.Join(parts, []byte(",")), []byte("}"))
}

// encoded is a value, which came from JSON, as JSON.
func encoded(value any) []byte {
	b := new(bytes.Buffer)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	_ = e.Encode(value)
	return harmlessJSON(bytes.TrimSpace(b.Bytes()))
}
