package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"time"
)

//go:embed static templates
var files embed.FS

// types are the media types of the files in static/, independent of the host's tables.
var types = map[string]string{
	".css":     "text/css; charset=utf-8",
	".js":      "text/javascript; charset=utf-8",
	".svg":     "image/svg+xml",
	".LICENSE": "text/plain; charset=utf-8",
}

// static serves style sheets and scripts; they contain nothing about any machine. A page
// names them with their hash, so that a browser may cache them forever and still gets
// those of the next release.
func (w *Web) static(rw http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	body, err := files.ReadFile("static/" + name)
	kind, known := types[path.Ext(name)]
	if err != nil || !known {
		http.NotFound(rw, r)
		return
	}
	hash := fingerprint(body)
	rw.Header().Set("Content-Type", kind)
	rw.Header().Set("ETag", `"`+hash+`"`)
	rw.Header().Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == hash {
		rw.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(rw, r, name, time.Time{}, bytes.NewReader(body))
}

// asset is the address of a file of static/ with its hash, for templates.
func asset(name string) (string, error) {
	body, err := files.ReadFile("static/" + name)
	if err != nil {
		return "", fmt.Errorf("page asset: %w", err)
	}
	return "/ui/static/" + name + "?v=" + fingerprint(body), nil
}

func fingerprint(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:6])
}
