package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	marked "github.com/yuin/goldmark/text"

	"ironhook/docs"
)

// manualFront is the page with the contents.
const manualFront = "README.md"

// manual is the pages of the documentation, made of Markdown when the first is asked for.
// They are the same for everybody, and need no login: who cannot log in reads how.
type manual struct {
	files fs.FS
	once  sync.Once
	pages map[string]manualPage // by path below /docs/
	parts []manualPart
	err   error
}

// manualPage is one page.
type manualPage struct {
	title string
	body  template.HTML
}

// manualPart is a kind of documentation, with its pages.
type manualPart struct {
	Title string
	Pages []manualLink
}

type manualLink struct{ Path, Title string }

// docsPage is a page of the manual in its frame.
type docsPage struct {
	page
	Path     string
	Front    bool // it is the contents
	Contents []manualPart
	Body     template.HTML
}

func (w *Web) docs(rw http.ResponseWriter, r *http.Request) {
	name := r.PathValue("path")
	if name == "" || strings.HasSuffix(name, "/") {
		name += manualFront
	}
	m := w.manual
	if m.once.Do(m.make); m.err != nil {
		w.Log.Error("make the manual", "error", m.err)
	}
	if strings.HasSuffix(name, ".png") {
		picture, err := fs.ReadFile(m.files, name)
		if err == nil {
			rw.Header().Set("Content-Type", "image/png")
			_, _ = rw.Write(picture) // the client is gone when this fails
			return
		}
	}
	found, ok := m.pages[name]
	if !ok {
		w.render(rw, http.StatusNotFound, "problem",
			problem{w.page("Not found"), "There is no page " + r.URL.Path + " in the manual. Its contents are at /docs/."})
		return
	}
	d := docsPage{page: w.page(found.title), Path: "/docs/" + name, Front: name == manualFront, Contents: m.parts, Body: found.body}
	d.Manual = true
	w.render(rw, http.StatusOK, "docs", d)
}

// make renders all pages.
func (m *manual) make() {
	m.pages = map[string]manualPage{}
	m.err = fs.WalkDir(m.files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".md" {
			return err
		}
		source, err := fs.ReadFile(m.files, name)
		if err != nil {
			return err
		}
		if m.pages[name], err = renderManual(name, source); err == nil && name == manualFront {
			m.parts = contentsOf(source)
		}
		return err
	})
}

// renderManual makes a page of the Markdown in the file name. Links that lead out of the
// manual lose their target, for that is not here.
func renderManual(name string, source []byte) (manualPage, error) {
	md := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	tree := md.Parser().Parse(marked.NewReader(source))
	p := manualPage{title: name}
	var outward []ast.Node
	err := ast.Walk(tree, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.Heading:
			if entering && n.Level == 1 {
				p.title = plainText(n, source)
			}
		case *ast.Link:
			if target := string(n.Destination); entering && !strings.Contains(target, ":") &&
				strings.HasPrefix(path.Join(path.Dir(name), target), "..") {
				outward = append(outward, n)
			}
		}
		return ast.WalkContinue, nil
	})
	for _, n := range outward {
		for c := n.FirstChild(); c != nil; c = n.FirstChild() {
			n.Parent().InsertBefore(n.Parent(), n, c)
		}
		n.Parent().RemoveChild(n.Parent(), n)
	}
	var out bytes.Buffer
	if err == nil {
		err = md.Renderer().Render(&out, source, tree)
	}
	// Who scrolls with the keyboard has to reach what scrolls.
	html := strings.NewReplacer("<pre>", `<pre tabindex="0">`, "<table>", `<div class="wide" tabindex="0"><table>`, "</table>",
		"</table></div>").Replace(out.String())
	p.body = template.HTML(html) //nolint:gosec // of our own text, in which goldmark lets no HTML pass
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return p, err
}

// contentsOf reads the table of contents: each heading of the second level, and the links of
// the list items below it.
func contentsOf(source []byte) (parts []manualPart) {
	tree := goldmark.New().Parser().Parse(marked.NewReader(source))
	_ = ast.Walk(tree, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // it returns no error
		switch n := n.(type) {
		case *ast.Heading:
			if entering && n.Level == 2 {
				parts = append(parts, manualPart{Title: plainText(n, source)})
			}
		case *ast.Link:
			if entering && len(parts) > 0 && n.PreviousSibling() == nil {
				last := &parts[len(parts)-1]
				last.Pages = append(last.Pages, manualLink{"/docs/" + string(n.Destination), plainText(n, source)})
			}
		}
		return ast.WalkContinue, nil
	})
	return parts
}

// plainText is the text of a node without its marks.
func plainText(n ast.Node, source []byte) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			b.Write(t.Segment.Value(source))
		} else {
			b.WriteString(plainText(c, source))
		}
	}
	return b.String()
}

// newManual is the manual that is embedded.
func newManual() *manual { return &manual{files: docs.Files()} }
