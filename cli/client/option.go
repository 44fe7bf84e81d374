package client

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// kind is the type of an option's value.
type kind int

const (
	text     kind = iota
	number        // a whole number, not negative
	yes           // nothing follows; true
	no            // nothing follows; false
	pairs         // key=value, repeatable; the value is taken as JSON where it is some
	remarks       // the same, but values are always strings
	words         // a word, repeatable
	document      // JSON, the name of a file of it, or - for the standard input
	aNode         // name or UUID of a node, sent as UUID
	wait          // seconds, which may be left out
	reset         // nothing follows; in a patch the field is removed
)

// option is one option of a command.
type option struct {
	name    string
	letter  string // that is short for it; "" for none
	kind    kind
	usage   string
	field   string // of the API; "" is the name with underscores, "-" is not sent
	must    bool   // the command does not work without
	choices []string
}

// given is an option that was typed, with its value: a string, an int, a bool,
// []string for words, map[string]any for pairs, or whatever a document holds.
type given struct {
	option
	value any
}

// key is the API's name for the option.
func (o option) key() string { return cmp.Or(o.field, strings.ReplaceAll(o.name, "-", "_")) }

// flag gives cmd the option.
func (o option) flag(cmd *cobra.Command) {
	f, usage := cmd.Flags(), o.usage
	if len(o.choices) > 0 {
		usage += " (" + strings.Join(o.choices, ", ") + ")"
	}
	if o.must {
		usage += " (required)"
	}
	switch o.kind {
	case yes, no, reset:
		f.BoolP(o.name, o.letter, false, usage)
	case number, wait:
		f.IntP(o.name, o.letter, 0, usage)
	case pairs, remarks, words:
		f.StringArrayP(o.name, o.letter, nil, usage)
	default:
		f.StringP(o.name, o.letter, "", usage)
	}
	if o.kind == wait {
		f.Lookup(o.name).NoOptDefVal = "0"
	}
}

// read returns the options that were typed, in the order of the table.
func read(cmd *cobra.Command, takes []option, in io.Reader) (all []given, err error) {
	for _, o := range takes {
		if !cmd.Flags().Changed(o.name) {
			if o.must {
				return nil, misuse("%s needs --%s; see %s --help", typedAsWords(cmd), o.name, cmd.CommandPath())
			}
			continue
		}
		value, err := o.value(cmd, in)
		if err != nil {
			return nil, misuse("--%s: %w", o.name, err)
		}
		all = append(all, given{o, value})
	}
	return all, nil
}

func (o option) value(cmd *cobra.Command, in io.Reader) (any, error) {
	f := cmd.Flags()
	switch o.kind {
	case yes, no, reset:
		set, err := f.GetBool(o.name)
		return set == (o.kind != no), err
	case number, wait:
		n, err := f.GetInt(o.name)
		if n < 0 {
			return nil, fmt.Errorf("want a number that is not negative, got %d", n)
		}
		return n, err
	case words, pairs, remarks:
		list, err := f.GetStringArray(o.name)
		if o.kind == words || err != nil {
			return list, err
		}
		return pairsOf(list, o.kind == pairs)
	}
	s, err := f.GetString(o.name)
	switch {
	case err != nil:
		return nil, err
	case o.kind == document:
		return documentOf(s, in)
	case len(o.choices) > 0 && !slices.Contains(o.choices, s):
		return nil, fmt.Errorf("%q is none of %s", s, strings.Join(o.choices, ", "))
	}
	return s, nil
}

func pairsOf(list []string, typed bool) (map[string]any, error) {
	all := map[string]any{}
	for _, pair := range list {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("%q: want KEY=VALUE", pair)
		}
		all[key] = value
		if typed {
			all[key] = loose(value)
		}
	}
	return all, nil
}

// loose takes a value as JSON if it parses, as OpenStack's client does: 0 is a
// number, true a boolean, and "0" in quotes a string.
func loose(value string) any {
	if parsed, err := parse([]byte(value)); err == nil {
		return parsed
	}
	return value
}

// parse reads JSON that a person may have written.
func parse(b []byte) (value any, err error) {
	d := json.NewDecoder(bytes.NewReader(unmarked(b)))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("there is more behind the JSON")
	}
	return value, nil
}

// unmarked is a text without the byte order mark that editors on Windows write before it.
func unmarked(b []byte) []byte { return bytes.TrimPrefix(b, []byte("\ufeff")) }

func documentOf(s string, in io.Reader) (any, error) {
	b := []byte(s)
	if s == "-" {
		var err error
		if b, err = io.ReadAll(io.LimitReader(in, maxAnswer)); err != nil {
			return nil, err
		}
	} else if file, err := os.ReadFile(s); err == nil {
		b = file
	}
	value, err := parse(b)
	if err != nil {
		return nil, fmt.Errorf("want JSON, a readable file of it, or - for the standard input: %w", err)
	}
	return value, nil
}

// value is what was given for an option, or nil.
func (c *call) value(name string) any {
	for _, g := range c.given {
		if g.name == name {
			return g.value
		}
	}
	return nil
}

func (c *call) has(name string) bool { return c.value(name) == true }

// body is the fields of a request, with names of nodes made UUIDs.
func (c *call) body() (map[string]any, error) {
	fields := map[string]any{}
	for _, g := range c.given {
		if g.field == "-" {
			continue
		}
		if g.kind == aNode {
			id, err := c.nodeUUID(g.value.(string))
			if err != nil {
				return nil, err
			}
			g.value = id
		}
		fields[g.key()] = g.value
	}
	return fields, nil
}

// query is the fields as they stand in a URL.
func (c *call) query() url.Values {
	q := url.Values{}
	for _, g := range c.given {
		if g.field != "-" {
			q.Set(g.key(), fmt.Sprint(g.value))
		}
	}
	return q
}
