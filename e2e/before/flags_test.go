package before

import (
	"path/filepath"
	"testing"

	"ironhook/e2e/bench"
	"ironhook/e2e/lab"
)

func TestResolve(t *testing.T) {
	root, err := lab.Root()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(root, "scripts", "before.sh") // any that can be run
	none, other := "", "other.md"
	for _, test := range []struct {
		name              string
		in                Options
		program, document string
	}{
		{"beside other software", Options{}, "", filepath.Join(root, bench.Document)},
		{"beside other software, not written", Options{write: &none}, "", ""},
		{"an earlier revision writes nothing by itself", Options{program: program}, program, ""},
		{"but where it is asked to", Options{program: program, write: &other}, program, filepath.Join(root, other)},
	} {
		p, d, err := test.in.Resolve()
		if err != nil || p != test.program || d != test.document {
			t.Errorf("%s: Resolve() = %q, %q, %v, want %q, %q", test.name, p, d, err, test.program, test.document)
		}
	}
	if _, _, err := (&Options{program: filepath.Join(root, "no-such-program")}).Resolve(); err == nil {
		t.Error("Resolve accepts a program that is not there")
	}
}
