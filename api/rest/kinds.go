package rest

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"

	"ironhook/baremetal"
)

// Kind turns the raw value of an argument into a checked one.
type Kind struct {
	// Parse gets the argument's name for its errors, and a value that is not nil: a string
	// from the query, or what the body's JSON has. Its error is a 400.
	Parse func(name string, v any) (any, error)
	Doc   string // JSON Schema type for the OpenAPI document; "" is any
}

// The kinds of arguments, with Ironic's words for a value that does not fit.
var (
	String  = Kind{parseString, "string"}   // a string
	Boolean = Kind{parseBoolean, "boolean"} // a bool: oslo's strict words
	Integer = Kind{parseInt, "integer"}     // an int
	UUID    = Kind{parseUUID, "string"}     // a string: RFC 9562
	Name    = Kind{parseName, "string"}     // a string: a host name (RFC 952)
	Ident   = Kind{parseIdent, "string"}    // a string: a Name or a UUID
	Words   = Kind{parseWords, "string"}    // a []string: lower case, each once
	MAC     = Kind{parseMAC, "string"}      // a string: lower case, with colons
	Any     = Kind{func(_ string, v any) (any, error) { return v, nil }, ""}
)

// Typed accepts null and values of these Python types (dict, list, str), as they are.
func Typed(names ...string) Kind { return StrictlyTyped(append([]string{"NoneType"}, names...)...) }

// StrictlyTyped is Typed without null.
func StrictlyTyped(names ...string) Kind {
	is := map[string]string{"NoneType": "null", "dict": "object", "str": "string", "list": "array"}
	words := make([]string, len(names))
	for i, name := range names {
		words[i] = "<class '" + name + "'>"
	}
	return Kind{Doc: is[names[len(names)-1]], Parse: func(name string, v any) (any, error) {
		for _, n := range names {
			if IsType(v, is[n]) {
				return v, nil
			}
		}
		return nil, Invalid("Expected types %s for %s: %s", strings.Join(words, ", "), name, QuoteAs(name, v))
	}}
}

func parseString(name string, v any) (any, error) {
	if s, ok := v.(string); ok {
		return s, nil
	}
	return nil, Invalid("Expected string for %s: %s", name, QuoteAs(name, v))
}

var truth = map[string]bool{
	"1": true, "t": true, "true": true, "on": true, "y": true, "yes": true,
	"0": false, "f": false, "false": false, "off": false, "n": false, "no": false,
}

func parseBoolean(name string, v any) (any, error) {
	if b, ok := v.(bool); ok {
		return b, nil
	}
	if b, ok := truth[strings.ToLower(strings.TrimSpace(Str(v)))]; ok {
		return b, nil
	}
	return nil, Invalid("Invalid %s: Unrecognized value '%s', acceptable values are: "+
		"'0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'", name, QuoteAs(name, v))
}

func parseInt(name string, v any) (any, error) {
	switch v := v.(type) {
	case bool:
		if v {
			return 1, nil
		}
		return 0, nil
	case string, json.Number:
		if n, err := strconv.Atoi(strings.TrimSpace(Str(v))); err == nil {
			return n, nil
		}
	}
	return nil, Invalid("Expected an integer for %s: %s", name, QuoteAs(name, v))
}

func parseUUID(name string, v any) (any, error) {
	if s, ok := v.(string); ok && baremetal.IsUUID(s) {
		return s, nil
	}
	return nil, Invalid("Expected UUID for %s: %s", name, QuoteAs(name, v))
}

func parseName(name string, v any) (any, error) {
	if s, ok := v.(string); ok && baremetal.IsName(s) {
		return s, nil
	}
	return nil, Invalid("Expected name for %s: %s", name, QuoteAs(name, v))
}

func parseIdent(name string, v any) (any, error) {
	if s, ok := v.(string); ok && (baremetal.IsName(s) || baremetal.IsUUID(s)) {
		return s, nil
	}
	return nil, Invalid("Expected UUID or name for %s: %s", name, QuoteAs(name, v))
}

// parseWords reads "a,B, a" as [a b].
func parseWords(name string, v any) (any, error) {
	if several, ok := v.([]any); ok { // given more than once
		v = joined(several)
	}
	s, ok := v.(string)
	if !ok {
		return nil, Invalid("Expected string for %s: %s", name, QuoteAs(name, v))
	}
	list, has := []string{}, map[string]bool{} // anybody may send thousands
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.ToLower(strings.TrimSpace(item)); item != "" && !has[item] {
			list, has[item] = append(list, item), true
		}
	}
	return list, nil
}

// joined is one text of several, or these where they are none.
func joined(several []any) any {
	texts := make([]string, len(several))
	for i, v := range several {
		s, ok := v.(string)
		if !ok {
			return several
		}
		texts[i] = s
	}
	return strings.Join(texts, ",")
}

// macForm is stricter than net.ParseMAC: Ironic takes colons only.
var macForm = regexp.MustCompile(`^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$`)

// IsMAC reports whether s is a MAC address as Ironic takes one: six pairs of digits with
// colons between them.
func IsMAC(s string) bool { return macForm.MatchString(s) }

func parseMAC(name string, v any) (any, error) {
	if s, ok := v.(string); ok && IsMAC(s) {
		return baremetal.ParseMAC(s)
	}
	return nil, Invalid("Expected valid MAC address for %s: %s", name, QuoteAs(name, v))
}
