package section

import "testing"

func TestWith(t *testing.T) {
	const made = "## API\n\n<!-- bench-api: written by make bench-api -->\nnew\n<!-- bench-api: end -->\n"
	for _, test := range []struct{ document, want string }{
		{"", made},
		{"# Figures\n", "# Figures\n\n" + made},
		{"# Figures\n\n" + made + "\n## Boot\n", "# Figures\n\n" + made + "\n## Boot\n"},
	} {
		if got := with(test.document, "API", "bench-api", "new\n"); got != test.want {
			t.Errorf("with(%q) = %q, want %q", test.document, got, test.want)
		}
	}
}
