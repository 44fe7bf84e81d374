// Figures prints how the house is kept: how large its rooms are, what is tested and
// documented, and how often a thing is done that shall be done once. It reads the
// source alone, without types; what each figure counts stands beside it.
//
//	go run ./internal/figures [-v] [DIR]
//
// With -v the name of each counted thing follows its figure.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	verbose := flag.Bool("v", false, "name each counted thing")
	flag.Parse()
	dir := "."
	if flag.NArg() > 0 {
		dir = flag.Arg(0)
	}
	t, err := read(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, "figures:", err)
		os.Exit(1)
	}
	list := append(t.figures(), binary(filepath.Join(dir, "build", "ironhook")))
	if err := show(os.Stdout, list, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "figures:", err)
		os.Exit(1)
	}
}

// figure is one line of the table.
type figure struct {
	what, value string
	names       []string // of the counted things
}

func show(out io.Writer, list []figure, verbose bool) error {
	for _, f := range list {
		if _, err := fmt.Fprintf(out, "%-88s %s\n", f.what, f.value); err != nil {
			return err
		}
		for _, name := range f.names {
			if !verbose {
				break
			}
			if _, err := fmt.Fprintf(out, "    %s\n", name); err != nil {
				return err
			}
		}
	}
	return nil
}

// binary is the size of the program, if it has been built.
func binary(path string) figure {
	f := figure{what: "size of build/ironhook, MiB", value: "not built"}
	if info, err := os.Stat(path); err == nil {
		f.value = fmt.Sprintf("%.1f", float64(info.Size())/(1<<20))
	}
	return f
}
