package baremetal

import "slices"

// Key describes one key of a free-form field: of driver_info, which a driver reads, or of
// the properties of a volume target. The API's description of a driver, validation, and
// the masks in replies, pages, logs and errors all follow from it.
type Key struct {
	Name     string
	Doc      string // in Ironic's words, which clients show to people; "" for a key that nothing here reads
	Required bool   // the driver cannot work without it
	Secret   bool   // never in a reply, a page, a log or an error
}

// MissingKeys returns the names of the required keys that info lacks, in the order of
// keys. A key whose value is null or empty is missing.
func MissingKeys(keys []Key, info Object) (names []string) {
	for _, k := range keys {
		if v := info[k.Name]; k.Required && (v == nil || v == "") {
			names = append(names, k.Name)
		}
	}
	return names
}

// Public reports whether a page may show the value of a key to people who are logged in: a
// table has the key, and it is not secret. A key in no table is not shown, so that an
// unforeseen one cannot leak.
func Public(name string) bool {
	named := func(k Key) bool { return k.Name == name }
	if i := slices.IndexFunc(TargetKeys, named); i >= 0 {
		return !TargetKeys[i].Secret
	}
	for _, keys := range DriverKeys {
		if i := slices.IndexFunc(keys, named); i >= 0 {
			return !keys[i].Secret
		}
	}
	return false
}

// secretNames are the secret ones of keys that no word covers, in order.
func secretNames(words SecretKeys, tables ...[]Key) (names SecretKeys) {
	for _, k := range slices.Concat(tables...) {
		if k.Secret && !words.Has(k.Name) {
			names = append(names, k.Name)
		}
	}
	slices.Sort(names)
	return names
}

// docOf is the description of a key.
func docOf(keys []Key, name string) string {
	return keys[slices.IndexFunc(keys, func(k Key) bool { return k.Name == name })].Doc
}
