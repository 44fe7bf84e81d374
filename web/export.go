package web

import (
	"mime"
	"net/http"
	"net/url"
)

// exportDisk sends a disk as a file to be kept. The API sends it, by its own path; a link
// cannot have the header that the API wants of a page, but neither does a GET change anything.
func (w *Web) exportDisk(rw http.ResponseWriter, r *http.Request) {
	if w.Export == nil {
		w.lost(rw, r)
		return
	}
	format := r.URL.Query().Get("format")
	name := r.URL.Query().Get("name")
	if name == "" {
		name = r.PathValue("id")
	}
	rw.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name + "." + format}))
	out := r.Clone(r.Context())
	out.URL = &url.URL{Path: "/ironhook/v1/disks/" + r.PathValue("id") + "/file", RawQuery: url.Values{"format": {format}}.Encode()}
	w.Export.ServeHTTP(rw, out)
}
