package client

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// TestListSurvivesDeletions lists while the rows of a page, from its last backwards, are
// deleted behind it. The server refuses a marker whose row is gone, as Cinder does.
func TestListSurvivesDeletions(t *testing.T) {
	for gone := range 4 {
		rows := []string{"a", "b", "c", "d", "e", "f", "g"}
		deleted := false
		h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			at := 0
			if marker := r.URL.Query().Get("marker"); marker != "" {
				if at = slices.Index(rows, marker) + 1; at == 0 {
					w.WriteHeader(http.StatusNotFound)
					return
				}
			}
			page := map[string]any{}
			var list []any
			for _, id := range rows[at:min(at+3, len(rows))] {
				list = append(list, map[string]any{"id": id})
			}
			page["volumes"] = list
			if at+3 < len(rows) {
				page["volumes_links"] = []any{map[string]any{"rel": "next", "href": fmt.Sprintf("http://x/v3/volumes?limit=3&marker=%s", rows[at+2])}}
			}
			if !deleted {
				deleted = true
				rows = slices.Delete(slices.Clone(rows), 3-gone, 3)
			}
			_ = json.NewEncoder(w).Encode(page)
		}))
		c := &call{server: &server{http: h.Client(), uploads: h.Client(), base: h.URL}, ctx: t.Context()}
		all, err := c.pages("/v3/volumes", "volumes", url.Values{})
		h.Close()
		var got []string
		for _, v := range all {
			got = append(got, idOf(v))
		}
		if want := "a b c d e f g"; err != nil || strings.Join(got, " ") != want {
			t.Errorf("%d rows deleted: %v, %v, want %s", gone, got, err, want)
		}
	}
}
