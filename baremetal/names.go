package baremetal

import (
	"regexp"
	"strings"
)

// nameForm is the unreserved characters of RFC 3986 section 2.3.
var nameForm = regexp.MustCompile(`^[a-zA-Z0-9._~-]+$`)

// IsName reports whether s can be the name of a record: at most 255 unreserved
// characters of a URL.
func IsName(s string) bool { return len(s) <= 255 && nameForm.MatchString(s) }

var uuidForm = regexp.MustCompile(`^[0-9a-f]{32}$`)

// IsUUID reports whether s is a UUID as oslo.utils reads it: hyphens, case and braces do
// not matter.
func IsUUID(s string) bool {
	if len(s) < 32 || len(s) > 64 {
		return false
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, "urn:", ""), "uuid:", "")
	return uuidForm.MatchString(strings.ToLower(strings.ReplaceAll(strings.Trim(s, "{}"), "-", "")))
}
