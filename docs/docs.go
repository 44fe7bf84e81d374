// Package docs is the manual: text in Markdown, embedded into the program, which shows it
// under /docs/. README.md is its table of contents.
package docs

import (
	"embed"
	"io/fs"
)

//go:embed *.md *.png boot/*.md decisions/*.md errors/*.md explanation/*.md howto/*.md power/*.md reference/*.md
var files embed.FS

// Files returns the manual.
func Files() fs.FS { return files }
