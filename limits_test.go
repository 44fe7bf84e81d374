package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ironhook/internal/limit"
)

const limitsFile = "docs/limits.md"

// limitRow is a row of its tables: what, how many, and where in the code.
var limitRow = regexp.MustCompile("(?m)^\\| ([^|]+) \\| ([0-9][^|]*) \\| [^|]+ \\| ([^|]+) \\| `([^`]+)` (\\w+) \\|$")

// units are those of the document, in bytes and nanoseconds.
var units = strings.NewReplacer(
	" KiB", "<<10", " MiB", "<<20", " GiB", "<<30", " ms", "*1000000",
	" s", "*1000000000", " min", "*60000000000", " h", "*3600000000000", ",", "")

// unitsOfGo are those of the source.
var unitsOfGo = strings.NewReplacer(
	"time.Millisecond", "1000000", "time.Second", "1000000000",
	"time.Minute", "60000000000", "time.Hour", "3600000000000")

// TestLimits holds the numbers of the document to the code, and the document to all rates and
// all limits of the target.
func TestLimits(t *testing.T) {
	b, err := os.ReadFile(limitsFile)
	if err != nil {
		t.Fatal(err)
	}
	rows := limitRow.FindAllStringSubmatch(string(b), -1)
	if all := strings.Count(string(b), "\n| ") - strings.Count(string(b), "\n| limit |"); all != len(rows) || all < 40 {
		t.Errorf("%d of %d rows have a number and its place in the code", len(rows), all)
	}
	for _, row := range rows {
		file, name := row[4], row[5]
		numbers, _ := limitsIn(t, file)
		text, ok := numbers[name]
		if !ok {
			t.Errorf("%s: there is no %s in %s", row[1], name, file)
			continue
		}
		if want, got := value(t, unitsOfGo.Replace(text)), value(t, units.Replace(row[2])); got != want {
			t.Errorf("%s: the document says %s, %s has %s", row[1], row[2], file, text)
		}
	}
	for _, file := range []string{"internal/limit/rates.go", "block/iscsi/target.go"} {
		_, names := limitsIn(t, file)
		for _, name := range names {
			if !strings.Contains(string(b), "`"+file+"` "+name+" |") && name != "Drain" && name != "Busy" {
				t.Errorf("%s of %s is not in %s", name, file, limitsFile)
			}
		}
	}
}

// onTheWire are the rooms whose limits peers run into: these are counted. Those of others are seen
// by who asked for more.
var onTheWire = regexp.MustCompile("^(bootsrv|block|api|storage|volume|internal/limit)/")

// TestLimitsAreCounted holds that each limit of the document has a metric, that each counter is in
// the document, and that something counts it.
func TestLimitsAreCounted(t *testing.T) {
	b, err := os.ReadFile(limitsFile)
	if err != nil {
		t.Fatal(err)
	}
	counted := map[string]bool{}
	for name := range limit.Counts() {
		counted[string(name)] = false
	}
	for _, row := range limitRow.FindAllStringSubmatch(string(b), -1) {
		where := regexp.MustCompile("^`([a-z0-9_]+)`").FindStringSubmatch(row[3])
		switch {
		case where == nil:
			if onTheWire.MatchString(row[4]) && row[3] != "at the start" && !strings.HasPrefix(row[3], "dropped packets in the kernel") {
				t.Errorf("%s: no metric: %s", row[1], row[3])
			}
		case strings.HasPrefix(where[1], "ironhook_"):
		default:
			if _, ok := counted[where[1]]; ok {
				counted[where[1]] = true
			} else if onTheWire.MatchString(row[4]) {
				t.Errorf("%s: there is no counter %s", row[1], where[1])
			}
		}
	}
	for name, documented := range counted {
		if !documented {
			t.Errorf("the counter %s is not in %s", name, limitsFile)
		}
	}
	source, err := os.ReadFile("internal/limit/reached.go")
	if err != nil {
		t.Fatal(err)
	}
	code := goSource(t)
	for _, found := range regexp.MustCompile(`(?m)^\t(\w+) +Name = "(?:iscsi_)?(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		if uses := strings.Count(code, "limit."+found[1]); uses == 0 && !strings.Contains(code, `= "`+found[2]+`"`) {
			t.Errorf("nothing counts %s", found[1])
		}
	}
}

// goSource is the program's source outside of internal/limit.
func goSource(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") ||
			strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "internal/limit/") {
			return err
		}
		b, err := os.ReadFile(path)
		all.Write(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// value evaluates a constant expression.
func value(t *testing.T, text string) string {
	t.Helper()
	v, err := types.Eval(token.NewFileSet(), nil, token.NoPos, text)
	if err != nil {
		t.Errorf("%q: %v", text, err)
		return ""
	}
	return v.Value.ExactString()
}

// limitsIn finds the numbers of a file: its constants, and with their names in a list the
// bursts in a table of rates and the presets of fields (orInt(&l.Field, 1)).
func limitsIn(t *testing.T, file string) (found map[string]string, tabled []string) {
	t.Helper()
	src, err := os.ReadFile(filepath.FromSlash(file))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), "", src, 0)
	if err != nil {
		t.Fatal(err)
	}
	found = map[string]string{}
	text := func(e ast.Expr) string { return string(src[e.Pos()-1 : e.End()-1]) }
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GenDecl:
			for _, spec := range n.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok && n.Tok == token.CONST &&
					len(v.Names) == 1 && len(v.Values) == 1 && text(v.Values[0]) != "iota" {
					found[v.Names[0].Name] = text(v.Values[0])
				}
			}
		case *ast.KeyValueExpr:
			if list, ok := n.Value.(*ast.CompositeLit); ok && len(list.Elts) == 3 {
				found[text(n.Key)], tabled = text(list.Elts[1]), append(tabled, text(n.Key))
			}
		case *ast.CallExpr:
			if len(n.Args) == 2 {
				if field, ok := strings.CutPrefix(text(n.Args[0]), "&l."); ok {
					found[field], tabled = text(n.Args[1]), append(tabled, field)
				}
			}
		}
		return true
	})
	return found, tabled
}
