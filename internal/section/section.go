// Package section keeps measured figures in a document: each program that measures
// owns one section and replaces it whole.
package section

import (
	"fmt"
	"os"
	"strings"
)

// Replace puts text into the section that mark names in the Markdown file at path,
// adding the section under title, and the file, where there is none.
func Replace(path, title, mark, text string) error {
	old, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	return os.WriteFile(path, []byte(with(string(old), title, mark, text)), 0o644)
}

func with(document, title, mark, text string) string {
	begin := fmt.Sprintf("<!-- %s: written by make %s -->\n", mark, mark)
	end := fmt.Sprintf("<!-- %s: end -->\n", mark)
	before, rest, found := strings.Cut(document, begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		if document != "" {
			document = strings.TrimRight(document, "\n") + "\n\n"
		}
		before, after = document+"## "+title+"\n\n", ""
	}
	return before + begin + text + end + after
}
