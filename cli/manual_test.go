package cli

import (
	"io"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"ironhook/cli/client"
	"ironhook/docs"
)

// TestCommandsOfTheManual: each command in a block of the manual is one of the program's, with
// options that it has and as many arguments as it takes.
func TestCommandsOfTheManual(t *testing.T) {
	block := regexp.MustCompile("(?ms)^ *```(?:sh|console)\n(.*?)^ *```")
	typed := regexp.MustCompile(`ironhook ((?:'[^']*'|"[^"]*"|\\\n|[^;&|)#\n'"])*)`)
	found := 0
	err := fs.WalkDir(docs.Files(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".md") || strings.HasPrefix(name, "reference/") {
			return err
		}
		text, err := fs.ReadFile(docs.Files(), name)
		for _, b := range block.FindAllStringSubmatch(string(text), -1) {
			for _, m := range typed.FindAllStringSubmatchIndex(b[1], -1) {
				if m[0] > 0 && !strings.ContainsRune(" \n/(`", rune(b[1][m[0]-1])) {
					continue // the end of another word
				}
				if line := strings.TrimSpace(b[1][m[2]:m[3]]); !strings.HasPrefix(line, "...") && line != "" {
					found++
					knows(t, name, line)
				}
			}
		}
		return err
	})
	if err != nil || found < 60 {
		t.Errorf("%d commands, %v", found, err)
	}
}

// knows fails the test unless the program takes the line.
func knows(t *testing.T, page, line string) {
	t.Helper()
	words := client.Args(wordsOf(line))
	program := Command("test", Embedded{})
	program.SetOut(io.Discard)
	cmd, rest, err := program.Find(words)
	switch {
	case err != nil || cmd == program:
		t.Errorf("%s: there is no command ironhook %s: %v", page, line, err)
		return
	case cmd.HasSubCommands() && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") && cmd.Name() != "backup" && cmd.Name() != "console":
		t.Errorf("%s: ironhook %s has no command %s", page, cmd.Name(), rest[0])
		return
	}
	if err := cmd.ParseFlags(rest); err != nil {
		t.Errorf("%s: ironhook %s: %v", page, line, err)
	} else if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
		t.Errorf("%s: ironhook %s: %v", page, line, err)
	}
}

// wordsOf splits a line as a shell does that has no surprises in it.
func wordsOf(line string) (words []string) {
	line = strings.ReplaceAll(line, "\\\n", " ")
	for _, m := range regexp.MustCompile(`(?:'[^']*'|"[^"]*"|[^\s'"])+`).FindAllString(line, -1) {
		if m == ">" || strings.HasPrefix(m, ">") || strings.HasPrefix(m, "2>") || strings.HasPrefix(m, "<") {
			break // what follows is a file
		}
		words = append(words, strings.NewReplacer("'", "", `"`, "").Replace(m))
	}
	return words
}
