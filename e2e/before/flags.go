package before

import (
	"flag"
	"fmt"
	"os/exec"
	"path/filepath"

	"ironhook/e2e/bench"
	"ironhook/e2e/lab"
)

// Options are the flags that every benchmark has.
type Options struct {
	program string
	write   *string // nil: the flag was not given
}

// Flags defines -before and -write; subject names the section that the latter replaces.
func Flags(subject string) *Options {
	o := new(Options)
	flag.StringVar(&o.program, "before", "", "program of an earlier revision to measure beside, in place of other software")
	usage := "Markdown `file` in the repository whose section on " + subject +
		" to replace; empty for none (default " + bench.Document + "; with -before none)"
	flag.Func("write", usage, func(path string) error {
		o.write = &path
		return nil
	})
	return o
}

// Resolve returns the absolute paths of the earlier revision's program and of the document
// to write; either may be empty.
func (o *Options) Resolve() (program, document string, err error) {
	root, err := lab.Root()
	if err != nil {
		return "", "", err
	}
	if o.program != "" {
		if program, err = exec.LookPath(o.program); err != nil {
			return "", "", fmt.Errorf("-before: %w (make bench-before BEFORE=REVISION builds one)", err)
		}
		if program, err = filepath.Abs(program); err != nil {
			return "", "", err
		}
	}
	switch {
	case o.write == nil && o.program == "":
		document = bench.Document
	case o.write != nil:
		document = *o.write
	}
	if document != "" && !filepath.IsAbs(document) {
		document = filepath.Join(root, document)
	}
	return program, document, nil
}
