package web

import (
	"mime"
	"net/http"
	"net/url"
)

// exportDisk sends a disk as a file to be kept. The API sends it, by its own path; a link
// cannot have the header that the API wants of a page, but neither does a GET change anything.
func (w *Web) exportDisk(rw http.ResponseWriter, r *http.Request) {
	format := r.URL.Query().Get("format")
	name := r.URL.Query().Get("name")
	if name == "" {
		name = r.PathValue("id")
	}
	rw.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name + "." + format}))
	w.export(rw, r, "/ironhook/v1/disks/"+r.PathValue("id")+"/file", url.Values{"format": {format}})
}

// export answers with what the API has at a path, as a plain file.
func (w *Web) export(rw http.ResponseWriter, r *http.Request, path string, query url.Values) {
	if w.Export == nil {
		w.lost(rw, r)
		return
	}
	out := r.Clone(r.Context())
	out.URL = &url.URL{Path: path, RawQuery: query.Encode()}
	out.Header.Del("Upgrade") // of a console only the text is a file
	out.Header.Del("Accept")
	w.Export.ServeHTTP(rw, out)
}
