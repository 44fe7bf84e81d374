package web

import (
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"time"

	"ironhook/baremetal"
	"ironhook/store"
)

// page is what the frame of every page needs.
type page struct {
	Title   string
	Version string
	Guarded bool   // authentication is on: there is something to log out of
	Stream  string // address of the page's events, "" for a page that stands still
	Many    bool   // it does one thing with many machines
	Disks   bool   // it uploads and imports images
	Forms   bool   // it has forms that call the APIs
	// Terminal is that it shows a serial console.
	Terminal bool
	BMC      bool   // it shows what a BMC answers
	Stick    bool   // it upgrades the stick that the appliance runs from
	Rival    bool   // another DHCP server is in the way
	Class    string // of the body; "wall" is the page that only shows
	Manual   bool   // it is a page of the manual
	Graph    bool   // it draws what disks do
	Now      int64  // the server's clock, milliseconds since 1970
}

func (w *Web) page(title string) page {
	return page{Title: title, Version: w.Version, Guarded: w.Login != nil, Rival: w.rival(), Now: w.now().UnixMilli()}
}

// form is the frame of a page with forms that call the APIs.
func (w *Web) form(title string) page {
	p := w.page(title)
	p.Forms = true
	return p
}

// live is the frame of a page that shows the state in tx and follows the events after it.
func (w *Web) live(tx *store.Tx, title, machine string) (page, error) {
	seq, err := newest(tx)
	p := w.page(title)
	p.Stream = fmt.Sprintf("/ui/events?after=%d", seq)
	if machine != "" {
		p.Stream += "&machine=" + template.URLQueryEscaper(machine)
	}
	return p, err
}

// parse reads the embedded templates; a mistake in one is a mistake of ours, and
// every test would see it.
func parse() *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{
		"asset": asset,
		"stamp": func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) },
		"clock": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
	}).ParseFS(files, "templates/*.html"))
}

// render answers with the page of that name, whole or not at all: one that fails when it
// is under way breaks off.
func (w *Web) render(rw http.ResponseWriter, status int, name string, data any) {
	body := &pieces{to: rw, status: status}
	err := w.pages.ExecuteTemplate(body, name, data)
	switch {
	case err != nil && body.failed == nil:
		w.Log.Error("render page", "page", name, "error", err)
		if body.begun {
			panic(http.ErrAbortHandler)
		}
		http.Error(rw, "This page could not be made; the log says why.", http.StatusInternalServerError)
	case err == nil:
		body.send()
	}
}

// problem is the error page.
type problem struct {
	page
	Sentence string
}

// fail answers for err: absence goes to the reader, everything else to the log.
func (w *Web) fail(rw http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, baremetal.ErrNotFound) {
		w.render(rw, http.StatusNotFound, "problem", problem{w.page("Not found"), err.Error()})
		return
	}
	if r.Context().Err() != nil {
		return
	}
	w.Log.Error("read page", "path", r.URL.Path, "error", err)
	w.render(rw, http.StatusInternalServerError, "problem",
		problem{w.page("Failure"), "The machines could not be read from the database; the log says why."})
}

func (w *Web) lost(rw http.ResponseWriter, r *http.Request) {
	w.fail(rw, r, baremetal.Errorf(baremetal.ErrNotFound, "There is no page %s.", r.URL.Path))
}
