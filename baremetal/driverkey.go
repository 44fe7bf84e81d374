package baremetal

// DriverKey describes one key of driver_info that a driver reads. What the API says of
// a driver, what validation misses and what a mask hides all come from here.
type DriverKey struct {
	Name     string
	Doc      string // in Ironic's words, which clients show to people
	Required bool   // the driver cannot work without it
	Secret   bool   // never in an answer, a page, a log or an error
}

// MissingKeys returns the names of the required keys that info lacks, in the order of
// keys. A key whose value is null or empty is missing.
func MissingKeys(keys []DriverKey, info Object) (names []string) {
	for _, k := range keys {
		if v := info[k.Name]; k.Required && (v == nil || v == "") {
			names = append(names, k.Name)
		}
	}
	return names
}
