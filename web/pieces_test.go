package web

import (
	"bytes"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// flushes counts them.
type flushes struct {
	httptest.ResponseRecorder
	n int
}

func (f *flushes) FlushError() error {
	f.n++
	return nil
}

// A page is sent while it is made, if it is large; one that cannot be made is an error of the
// server, or breaks off where it has begun: never half a page that looks whole.
func TestPagesInPieces(t *testing.T) {
	line := strings.Repeat("x", 1000)
	pages := template.Must(template.New("lines").Funcs(template.FuncMap{"fail": func() (string, error) { return "", errors.New("no more") }}).
		Parse(`{{range .Lines}}{{.}}{{end}}{{if .Fails}}{{fail}}{{end}}`))
	type content struct {
		Lines []string
		Fails bool
	}
	for _, c := range []struct {
		name           string
		lines          int
		fails          bool
		status, pieces int
		aborted        bool
	}{
		{"small", 10, false, http.StatusOK, 0, false},
		{"large", 500, false, http.StatusOK, 500 / (pieceSize/1000 + 1), false},
		{"small and wrong", 10, true, http.StatusInternalServerError, 0, false},
		{"large and wrong", 500, true, http.StatusOK, 500 / (pieceSize/1000 + 1), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &Web{pages: pages, Config: Config{Log: slog.New(slog.DiscardHandler)}}
			got := &flushes{ResponseRecorder: httptest.ResponseRecorder{Body: new(bytes.Buffer), Code: http.StatusOK}}
			aborted := func() (ended bool) {
				defer func() { ended = recover() == http.ErrAbortHandler }()
				w.render(got, http.StatusOK, "lines", content{slices.Repeat([]string{line}, c.lines), c.fails})
				return false
			}()
			if got.Code != c.status || got.n != c.pieces || aborted != c.aborted {
				t.Errorf("status %d, %d pieces, aborted %v; want %d, %d, %v", got.Code, got.n, aborted, c.status, c.pieces, c.aborted)
			}
			if c.status == http.StatusOK && !c.fails && got.Body.Len() != c.lines*len(line) {
				t.Errorf("%d bytes came, want %d", got.Body.Len(), c.lines*len(line))
			}
		})
	}
}
