package blockstorage

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/gorilla/mux"
)

// exchange is a request and what the answer must be. In path and body @NAME stands for the
// id of what was made under that name.
type exchange struct {
	version, method, path, body string
	status                      int
	says                        string // the answer contains it; after ! it does not
	makes                       string // name of what this makes
}

// story is exchanges one after the other, on a lab of their own.
type story []exchange

var placeholder = regexp.MustCompile(`@[a-z0-9]+`)

// seen are the routes and actions that were answered with success and with a refusal.
type seen struct{ done, refused map[string]bool }

func newSeen() *seen { return &seen{map[string]bool{}, map[string]bool{}} }

func (s story) play(t *testing.T, l *lab, seen *seen) {
	t.Helper()
	ids := map[string]string{}
	fill := func(text string) string {
		return placeholder.ReplaceAllStringFunc(text, func(name string) string {
			if id, ok := ids[name[1:]]; ok {
				return id
			}
			return name
		})
	}
	for _, x := range s {
		status, answer := l.do(t, x.version, x.method, "/v3/p"+fill(x.path), fill(x.body))
		says, unwanted := strings.CutPrefix(fill(x.says), "!")
		if status != x.status || strings.Contains(answer, says) == (unwanted && says != "") {
			t.Errorf("%s %s %s %s = %d %s\nwant %d with %q", x.version, x.method, fill(x.path), fill(x.body), status, answer, x.status, fill(x.says))
		}
		if x.makes != "" {
			var made map[string]struct{ ID string }
			if json.Unmarshal([]byte(answer), &made) != nil {
				t.Fatalf("POST %s makes nothing: %s", x.path, answer)
			}
			for _, thing := range made {
				ids[x.makes] = thing.ID
			}
		}
		seen.note(t, x, status)
	}
}

// note remembers the route of an exchange, and the action.
func (s *seen) note(t *testing.T, x exchange, status int) {
	t.Helper()
	set := s.refused
	if status < 300 {
		set = s.done
	}
	path, _, _ := strings.Cut(x.path, "?")
	var match mux.RouteMatch
	r := httptest.NewRequestWithContext(t.Context(), x.method, "/volume/v3/p"+path, http.NoBody)
	if !New(Config{}).router.Match(r, &match) || match.Route == nil {
		return
	}
	template, err := match.Route.GetPathTemplate()
	if err != nil {
		t.Fatal(err)
	}
	set[x.method+" "+strings.TrimPrefix(template, "/volume/v3/{project}")] = true
	var named map[string]any
	if strings.HasSuffix(path, "/action") && json.Unmarshal([]byte(x.body), &named) == nil {
		for action := range named {
			set[strings.Split(path, "/")[1]+" "+action] = true
		}
	}
}
