package inspection

import (
	"cmp"
	"fmt"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"ironhook/internal/python"
)

// Condition is an operation that a rule asks about what was found.
type Condition struct {
	Signature
	holds func(args map[string]any) (bool, error)
}

// Conditions by name.
var Conditions = map[string]Condition{
	"eq":       {ordered, neighbours("eq", func(order int) bool { return order == 0 })},
	"lt":       {ordered, neighbours("lt", func(order int) bool { return order < 0 })},
	"gt":       {ordered, neighbours("gt", func(order int) bool { return order > 0 })},
	"is-empty": {oneValue, about(func(v any) bool { return slices.Contains([]string{"", "None", "[]", "{}"}, python.Str(v)) })},
	"is-none":  {oneValue, about(func(v any) bool { return v == nil })},
	"is-true":  {oneValue, about(func(v any) bool { return truth(v, "yes", "true") })},
	"is-false": {oneValue, about(isFalse)},
	"in-net":   {Signature{Required: []string{"address", "subnet"}, formatted: []string{"address", "subnet"}}, inNet},
	"matches":  {pattern, matches},
	"contains": {pattern, contains},
	"one-of":   {Signature{Required: []string{"value"}, Optional: []string{"values"}, formatted: []string{"value"}}, oneOf},
}

var (
	ordered  = Signature{Required: []string{"values"}, Optional: []string{"force_strings"}, formatted: []string{"values"}}
	oneValue = Signature{Required: []string{"value"}, formatted: []string{"value"}}
	pattern  = Signature{Required: []string{"value", "regex"}, formatted: []string{"value"}}
)

func about(holds func(v any) bool) func(map[string]any) (bool, error) {
	return func(args map[string]any) (bool, error) { return holds(args["value"]), nil }
}

// neighbours compares each of the values with the next.
func neighbours(op string, holds func(order int) bool) func(map[string]any) (bool, error) {
	return func(args map[string]any) (bool, error) {
		values, ok := args["values"].([]any)
		if !ok {
			return false, fmt.Errorf( //nolint:staticcheck // Ironic's
				"Failed to check condition: '%s' on values: %s: Expected list for 'values'", op, python.Str(args["values"]))
		}
		for i := 1; i < len(values); i++ {
			a, b := values[i-1], values[i]
			if args["force_strings"] == true {
				a, b = python.Str(a), python.Str(b)
			}
			order, comparable := compare(a, b)
			if !comparable && op != "eq" {
				return false, fmt.Errorf("%s and %s cannot be compared", python.Repr(a), python.Repr(b))
			}
			if !comparable || !holds(order) {
				return false, nil
			}
		}
		return true, nil
	}
}

// compare orders numbers by value and text by code point. Other values are equal, or cannot be compared.
func compare(a, b any) (order int, comparable bool) {
	x, number1 := number(a)
	y, number2 := number(b)
	if number1 && number2 {
		return cmp.Compare(x, y), true
	}
	s, text1 := a.(string)
	t, text2 := b.(string)
	if text1 && text2 {
		return strings.Compare(s, t), true
	}
	return 0, reflect.DeepEqual(a, b)
}

func truth(v any, words ...string) bool {
	if n, ok := number(v); ok {
		return n != 0
	}
	text, _ := v.(string)
	return slices.Contains(words, strings.ToLower(text))
}

func isFalse(v any) bool {
	if n, ok := number(v); ok {
		return n == 0
	}
	text, isText := v.(string)
	return v == nil || isText && slices.Contains([]string{"no", "false"}, strings.ToLower(text))
}

func inNet(args map[string]any) (bool, error) {
	subnet := python.Str(args["subnet"])
	if !strings.Contains(subnet, "/") {
		if a, err := netip.ParseAddr(subnet); err == nil {
			subnet = fmt.Sprintf("%s/%d", a, a.BitLen())
		}
	}
	network, err := netip.ParsePrefix(subnet)
	if err != nil {
		return false, fmt.Errorf("invalid value: %s is no subnet", python.Repr(args["subnet"]))
	}
	address, err := netip.ParseAddr(python.Str(args["address"]))
	if err != nil {
		return false, fmt.Errorf("invalid value: %s is no address", python.Repr(args["address"]))
	}
	return network.Contains(address), nil
}

// matches is Python's re.match with an end: the whole value. contains looks anywhere.
func matches(args map[string]any) (bool, error) {
	return find(args, "^(?:"+strings.TrimSuffix(python.Str(args["regex"]), "$")+")$")
}

func contains(args map[string]any) (bool, error) { return find(args, python.Str(args["regex"])) }

func find(args map[string]any, expression string) (bool, error) {
	re, err := regexp.Compile(expression)
	if err != nil {
		return false, fmt.Errorf("invalid regular expression: %s", python.Repr(args["regex"]))
	}
	return re.MatchString(python.Str(args["value"])), nil
}

func oneOf(args map[string]any) (bool, error) {
	values, _ := args["values"].([]any)
	return slices.ContainsFunc(values, func(v any) bool {
		order, comparable := compare(args["value"], v)
		return comparable && order == 0
	}), nil
}
