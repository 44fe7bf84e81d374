package client

import (
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"ironhook/internal/python"
)

// plain is a value as text, as OpenStack's client writes it into tables: scripts
// compare with True and None. It is harmless to a terminal.
func plain(value any) string {
	s, ok := value.(string)
	if !ok {
		s = python.Repr(value)
	}
	return Harmless(strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", " "))
}

func texts(row []any) []string {
	all := make([]string, len(row))
	for i, cell := range row {
		all[i] = plain(cell)
	}
	return all
}

// tame are strings that YAML takes for strings without quotes. It is a narrow view:
// what is quoted without need is right too.
var tame = regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*$`)

// special are words that YAML takes for booleans or null.
var special = regexp.MustCompile(`(?i)^(true|false|yes|no|on|off|y|n|null)$`)

func writeYAML(w io.Writer, f findings, _ printer) error {
	var whole []any
	for _, row := range f.rows {
		m := map[string]any{}
		for i, name := range f.columns {
			m[name] = row[i]
		}
		whole = append(whole, m)
	}
	var err error
	if f.single {
		_, err = io.WriteString(w, block(whole[0], ""))
	} else {
		_, err = io.WriteString(w, block(whole, ""))
	}
	return err
}

// block is a value in YAML's block style, every line indented.
func block(value any, indent string) string {
	var b strings.Builder
	switch v := value.(type) {
	case []any:
		for _, e := range v {
			b.WriteString(indent + "-" + strings.TrimPrefix(beside(e, indent+"  "), "\n"+indent+" "))
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			inner := indent + "  "
			if _, list := v[key].([]any); list {
				inner = indent
			}
			b.WriteString(indent + scalar(key) + ":" + beside(v[key], inner))
		}
	}
	if b.Len() == 0 {
		return indent + scalar(value) + "\n"
	}
	return b.String()
}

// beside is a value after "key:" or "-": on the same line, or as a block below.
func beside(value any, indent string) string {
	switch v := value.(type) {
	case []any:
		if len(v) > 0 {
			return "\n" + block(v, indent)
		}
	case map[string]any:
		if len(v) > 0 {
			return "\n" + block(v, indent)
		}
	}
	return " " + scalar(value) + "\n"
}

// scalar is a value on one line, plain where that is safe, else as JSON, which is
// YAML too.
func scalar(value any) string {
	if s, ok := value.(string); ok && tame.MatchString(s) && !special.MatchString(s) {
		return s
	}
	if list, ok := value.([]any); ok && len(list) == 0 {
		return "[]"
	}
	return string(encoded(value))
}
