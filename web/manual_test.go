package web

import (
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"
	"testing"
)

// Every page of the manual is shown without a login, is found from the contents, and leads
// nowhere that is not there.
func TestManual(t *testing.T) {
	r := newRoom(t)
	if a := r.get("/docs"); a.status != http.StatusSeeOther || a.header.Get("Location") != "/docs/" {
		t.Errorf("/docs = %d to %s", a.status, a.header.Get("Location"))
	}
	m := newManual()
	link := regexp.MustCompile(`<a href="([^"#]*)`)
	bodies, led := map[string]string{}, map[string]bool{"/docs/" + manualFront: true}
	err := fs.WalkDir(m.files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".md" {
			return err
		}
		a := r.get("/docs/" + name)
		if a.status != http.StatusOK || !strings.Contains(a.body, "<h1") {
			t.Errorf("%s = %d", name, a.status)
		}
		_, body, _ := strings.Cut(a.body, `<main id="main"`)
		bodies["/docs/"+name] = body
		return nil
	})
	if err != nil || len(bodies) < 50 {
		t.Fatalf("%d pages, %v", len(bodies), err)
	}
	for name, body := range bodies {
		for _, m := range link.FindAllStringSubmatch(body, -1) {
			target := m[1]
			if target == "" || strings.Contains(target, ":") || strings.HasPrefix(target, "/ui/") {
				continue
			}
			if !strings.HasPrefix(target, "/") {
				target = path.Join(path.Dir(name), target)
			}
			if bodies[target] == "" && bodies[path.Join(target, manualFront)] == "" && target != "/docs" {
				t.Errorf("%s leads to %s, which is not there", name, target)
			}
			led[target] = true
		}
	}
	for name := range bodies {
		if !led[name] && !strings.HasPrefix(name, "/docs/decisions/") {
			t.Errorf("no page leads to %s", name)
		}
	}
	for _, name := range []string{"nothing.md", "../web/web.go", "docs.go", "%2e%2e/go.mod", "boot.png/", "howto"} {
		if a := r.get("/docs/" + name); a.status == http.StatusOK {
			t.Errorf("/docs/%s = %d", name, a.status)
		}
	}
}

// Each picture is served, small, and shown by a page.
func TestPicturesOfTheManual(t *testing.T) {
	r := newRoom(t)
	shown := r.get("/docs/explanation/how-a-machine-boots.md").body
	pictures, err := fs.Glob(newManual().files, "*.png")
	if err != nil || len(pictures) == 0 {
		t.Fatalf("pictures %v, %v", pictures, err)
	}
	for _, name := range pictures {
		a := r.get("/docs/" + name)
		if a.status != http.StatusOK || a.header.Get("Content-Type") != "image/png" || len(a.body) > 200_000 {
			t.Errorf("%s = %d, %s, %d bytes, want at most 200 kB of image/png", name, a.status, a.header.Get("Content-Type"), len(a.body))
		}
		if !strings.Contains(shown, `<img src="../`+name+`"`) {
			t.Errorf("no page shows %s", name)
		}
	}
}

// HTML in the text of a page is not passed on.
func TestManualIsInert(t *testing.T) {
	p, err := renderManual("x/y.md",
		[]byte("# A <b>title</b>\n\n<script>alert(1)</script>\n\n[out](../../etc) [in](../z.md) [bad](javascript:alert(1))\n\n| a "+
			"|\n|---|\n| b |\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script", "<b>", "etc", "javascript"} {
		if strings.Contains(string(p.body), bad) {
			t.Errorf("the page has %q:\n%s", bad, p.body)
		}
	}
	for _, want := range []string{`href="../z.md"`, `<div class="wide" tabindex="0"><table>`, "out"} {
		if !strings.Contains(string(p.body), want) {
			t.Errorf("the page has no %q:\n%s", want, p.body)
		}
	}
}
