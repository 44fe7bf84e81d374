package limit

import "testing"

func TestSource(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.7:80":                   "192.0.2.7",
		"[::ffff:192.0.2.7]:80":          "192.0.2.7",
		"[2001:db8:1:2:3:4:5:6]:80":      "2001:db8:1:2::",
		"[2001:db8:1:2:ffff::1]:1":       "2001:db8:1:2::",
		"[fe80::1234:5678:9abc%eth0]:80": "fe80::",
		"@":                              "invalid IP",
		"":                               "invalid IP",
	} {
		if got := SourceOf(remote).String(); got != want {
			t.Errorf("SourceOf(%q) = %s, want %s", remote, got, want)
		}
	}
}
