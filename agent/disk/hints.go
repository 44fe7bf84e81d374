package disk

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"ironhook/agent/hardware"
)

// smallest is the least size in bytes of a disk that is chosen without hints: Ironic's
// [deploy]... of 4 GiB, below which boot media are.
const smallest = 4 << 30

// Choose returns the disk for the system by the hints, the root_device of Ironic; without any
// the smallest of at least 4 GiB. Several ways to one disk count as one. What is removable or
// cannot be written is never chosen.
// Source: ironic-lib, utils.py, find_devices_by_hints and match_root_device_hints.
func Choose(disks []hardware.Disk, hints map[string]any) (hardware.Disk, error) {
	disks = slices.DeleteFunc(slices.Clone(disks), func(d hardware.Disk) bool { return d.ReadOnly || d.Removable })
	if len(disks) == 0 {
		return hardware.Disk{}, fmt.Errorf("the machine has no disk that can be written")
	}
	if len(hints) == 0 {
		return guess(disks)
	}
	for _, d := range disks {
		if matches, err := Matches(d, hints); err != nil || matches {
			return d, err
		}
	}
	return hardware.Disk{}, fmt.Errorf("no disk matches the root device hints %v; there are: %s", hints, list(disks))
}

// Matches reports whether the disk is as all of the hints want. An unknown hint is an error.
func Matches(d hardware.Disk, hints map[string]any) (bool, error) {
	all := true
	for _, name := range slices.Sorted(maps.Keys(hints)) {
		if _, known := facts[name]; !known {
			return false, fmt.Errorf("device hint %q is none of %s", name, strings.Join(slices.Sorted(maps.Keys(facts)), ", "))
		}
		ok, err := match(d, name, hints[name])
		if err != nil {
			return false, fmt.Errorf("device hint %s: %w", name, err)
		}
		all = all && ok
	}
	return all, nil
}

func list(disks []hardware.Disk) string {
	var names []string
	for _, d := range disks {
		names = append(names, d.String())
	}
	return strings.Join(names, "; ")
}

func guess(disks []hardware.Disk) (hardware.Disk, error) {
	slices.SortStableFunc(disks, func(a, b hardware.Disk) int { return cmp.Or(cmp.Compare(a.Size, b.Size), cmp.Compare(a.Name, b.Name)) })
	for _, d := range disks {
		if d.Size >= smallest {
			return d, nil
		}
	}
	return hardware.Disk{}, fmt.Errorf("no disk has 4 GiB or more, and no root device hint names one; there are: %s", list(disks))
}

// facts are what hints may ask of a disk: a string, a number or a truth.
var facts = map[string]func(hardware.Disk) any{
	"size":       func(d hardware.Disk) any { return float64(d.GiB()) },
	"rotational": func(d hardware.Disk) any { return d.Rotational },
	"name":       func(d hardware.Disk) any { return d.Name }, "model": func(d hardware.Disk) any { return d.Model },
	"vendor": func(d hardware.Disk) any { return d.Vendor }, "serial": func(d hardware.Disk) any { return d.Serial },
	"wwn": func(d hardware.Disk) any { return d.WWN }, "hctl": func(d hardware.Disk) any { return d.HCTL },
	"wwn_with_extension":   func(d hardware.Disk) any { return d.WWNExtended },
	"wwn_vendor_extension": func(d hardware.Disk) any { return d.WWNExtension },
	"by_path":              func(d hardware.Disk) any { return d.ByPath },
}

// match reports whether the disk is as one hint wants. A name matches by any way to the disk.
func match(d hardware.Disk, name string, want any) (bool, error) {
	has := facts[name](d)
	if name == "name" {
		for _, other := range append([]string{d.Name}, d.Paths...) {
			if ok, err := compare(strings.ToLower(other), plain(want)); ok || err != nil {
				return ok, err
			}
		}
		return false, nil
	}
	switch has := has.(type) {
	case bool:
		return has == truth(want), nil
	case float64:
		text := plain(want)
		if !hasOperator(text) {
			text = "== " + text
		}
		return compare(strconv.FormatFloat(has, 'f', -1, 64), text)
	case string:
		text, err := url.PathUnescape(plain(want)) // Ironic stores strings quoted
		if err != nil {
			text = plain(want)
		}
		if name == "serial" || name == "model" || name == "vendor" {
			has = strings.TrimSpace(has)
		}
		return compare(strings.ToLower(has), text)
	}
	return false, nil
}

func plain(v any) string { return strings.ToLower(strings.TrimSpace(fmt.Sprint(v))) }

func truth(v any) bool {
	switch plain(v) {
	case "true", "t", "yes", "y", "on", "1":
		return true
	}
	return false
}

// operators are those of oslo_utils.specs_matcher, longest first.
var operators = []string{"<all-in>", "<range-in>", "s==", "s!=", "s>=", "s<=", "<in>", "<or>", "==", "!=", ">=", "<=", "s<", "s>", "=", "<",
	">"}

func hasOperator(text string) bool {
	return slices.ContainsFunc(operators, func(op string) bool { return strings.HasPrefix(text, op) })
}

// compare reports whether a value is as a hint wants, with its operator; without one it must
// be the same.
func compare(has, want string) (bool, error) {
	op := ""
	for _, o := range operators {
		if strings.HasPrefix(want, o) {
			op, want = o, strings.TrimSpace(want[len(o):])
			break
		}
	}
	switch op {
	case "", "s==":
		return has == want, nil
	case "s!=":
		return has != want, nil
	case "s<", "s<=", "s>", "s>=":
		return ordered(strings.TrimPrefix(op, "s"), strings.Compare(has, want)), nil
	case "<in>":
		return strings.Contains(has, want), nil
	case "<all-in>":
		for word := range strings.FieldsSeq(strings.ReplaceAll(want, "<all-in>", " ")) {
			if !strings.Contains(has, word) {
				return false, nil
			}
		}
		return true, nil
	case "<or>":
		return slices.ContainsFunc(strings.Split(want, "<or>"), func(one string) bool { return has == strings.TrimSpace(one) }), nil
	case "<range-in>":
		return inRange(has, want)
	}
	a, err := strconv.ParseFloat(has, 64)
	b, wrong := strconv.ParseFloat(want, 64)
	if err != nil || wrong != nil {
		return false, fmt.Errorf("%q %s %q compares numbers", has, op, want)
	}
	if op == "=" { // which is at least, as in Ironic
		op = ">="
	}
	return ordered(op, cmp.Compare(a, b)), nil
}

func ordered(op string, order int) bool {
	switch op {
	case "==":
		return order == 0
	case "!=":
		return order != 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}

// inRange reads [ 10 20 ] and ( 10 20 ), of which a round bracket leaves the bound out.
func inRange(has, want string) (bool, error) {
	words := strings.Fields(strings.NewReplacer("[", "[ ", "(", "( ", "]", " ]", ")", " )").Replace(want))
	wrong := fmt.Errorf("%q is no range such as [ 10 20 ]", want)
	if len(words) != 4 {
		return false, wrong
	}
	v, err := strconv.ParseFloat(has, 64)
	low, err1 := strconv.ParseFloat(words[1], 64)
	high, err2 := strconv.ParseFloat(words[2], 64)
	if err != nil || err1 != nil || err2 != nil {
		return false, wrong
	}
	return (v > low || v == low && words[0] == "[") && (v < high || v == high && words[3] == "]"), nil
}
