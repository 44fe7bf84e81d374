package blockstorage

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// names returns what a list shows, and its next link.
func names(t *testing.T, kind, answer string) (list []string, next string) {
	t.Helper()
	var body map[string]json.RawMessage
	var rows []struct{ Name *string }
	var links []struct{ Href string }
	if err := json.Unmarshal([]byte(answer), &body); err != nil {
		t.Fatalf("%v in %s", err, answer)
	}
	if err := json.Unmarshal(body[kind], &rows); err != nil {
		t.Fatalf("%v in %s", err, answer)
	}
	for _, row := range rows {
		if row.Name == nil {
			list = append(list, "-")
		} else {
			list = append(list, *row.Name)
		}
	}
	if len(body[kind+"_links"]) > 0 {
		if err := json.Unmarshal(body[kind+"_links"], &links); err != nil {
			t.Fatal(err)
		}
		next = links[0].Href
	}
	return list, next
}

// TestListsOfVolumes: each row is a query, and the names of the volumes that it lists.
func TestListsOfVolumes(t *testing.T) {
	l := newLab(t)
	before := time.Now().UTC().Add(-time.Minute).Format("2006-01-02T15:04:05")
	after := time.Now().UTC().Add(time.Minute).Format("2006-01-02T15:04:05Z")
	l.made(t, "", "/v3/p/volumes", `{"volume": {"size": 1, "name": "alpha", "metadata": {"k": "v", "role": "root"}}}`)
	beta := l.made(t, "", "/v3/p/volumes", `{"volume": {"size": 3, "name": "Beta", "description": "the second"}}`)
	l.made(t, "", "/v3/p/volumes", `{"volume": {"size": 2}}`)
	l.made(t, "", "/v3/p/volumes", `{"volume": {"name": "gamma", "source_volid": "`+beta+`"}}`)
	if status, _ := l.do(t, "", "POST", "/v3/p/volumes/"+beta+"/action", `{"os-set_bootable": {"bootable": true}}`); status != 200 {
		t.Fatal(status)
	}
	const all = "gamma - Beta alpha"
	for _, x := range []struct{ version, query, want string }{
		{"", "", all},
		{"", "all_tenants=1", all},
		{"", "name=alpha", "alpha"},
		{"", "display_name=alpha", "alpha"},
		{"", "name=['alpha', 'gamma']", "gamma alpha"},
		{"", "name~=ET", "Beta"},
		{"3.34", "name~=a", "gamma Beta alpha"},
		{"3.34", "description~=second", "Beta"},
		{"", "status=available", all},
		{"", "status=error", ""},
		{"3.34", "status~=avail", all},
		{"", "size=3", "gamma Beta"},
		{"", "bootable=true", "Beta"},
		{"", "bootable=False", "gamma - alpha"},
		{"", "bootable=anything", "Beta"}, // true, before 3.2
		{"", "availability_zone=nova", all},
		{"", "availability_zone=moon", ""},
		{"", "host=here@ironhook%23ironhook", all},
		{"", "source_volid=" + beta, "gamma"},
		{"", "source_volid=None", "- Beta alpha"},
		{"3.10", "group_id=" + nowhere, ""},
		{"3.65", "consumes_quota=true", all},
		{"", "metadata={'k': 'v'}", "alpha"},
		{"", `metadata={"k": "v", "role": "root"}`, "alpha"},
		{"", "metadata={'k': 'w'}", ""},
		{"", "metadata=k", ""},
		{"3.60", "created_at=gt:" + before, all},
		{"3.60", "created_at=lt:" + before, ""},
		{"3.60", "created_at=gte:" + before + ",lt:" + after, all},
		{"3.60", "updated_at=neq:" + before, all},
		{"3.60", "created_at=eq:" + before, ""},
		{"", "zz=1", ""},
		{"", "with_count=true", ""}, // no such filter before 3.45
		{"3.45", "with_count=true", all},
		{"", "sort=name:asc", "- Beta alpha gamma"},
		{"", "sort=display_name:desc", "gamma alpha Beta -"},
		{"", "sort_key=display_name&sort_dir=asc", "- Beta alpha gamma"},
		{"", "sort=size", "gamma Beta - alpha"},
		{"", "sort=size:asc,name:asc", "alpha - Beta gamma"},
		{"", "sort_dir=asc", "alpha Beta - gamma"},
		{"", "sort=created_at:asc", "alpha Beta - gamma"},
		{"", "sort=bootable:desc,name", "Beta gamma alpha -"},
		{"", "sort=updated_at:desc&limit=1", "Beta"},
		{"", "sort=status:asc", "alpha Beta - gamma"},
		{"", "limit=0", ""},
		{"", "limit=2", "gamma -"},
		{"", "limit=5000", all},
		{"", "offset=1", "- Beta alpha"},
		{"", "offset=1&limit=1", "-"},
		{"", "offset=9", ""},
		{"", "marker=" + beta, "alpha"},
		{"", "marker=" + beta + "&sort=name:asc", "alpha gamma"},
		{"", "marker=" + beta + "&name=gamma&sort_dir=asc", "gamma"}, // the marker need not be in the list
	} {
		status, answer := l.do(t, x.version, "GET", "/v3/p/volumes/detail?"+strings.NewReplacer(" ", "%20", `"`, "%22").Replace(x.query), "")
		if status != 200 {
			t.Errorf("%s %s = %d %s", x.version, x.query, status, answer)
			continue
		}
		if list, _ := names(t, "volumes", answer); strings.Join(list, " ") != x.want {
			t.Errorf("%s %s lists %q, want %q", x.version, x.query, strings.Join(list, " "), x.want)
		}
	}
}

// TestListsRefuse: what is wrong with a query is said, in every list.
func TestListsRefuse(t *testing.T) {
	l := newLab(t)
	for _, x := range []struct {
		version, query string
		status         int
		says           string
	}{
		{"3.27", "limit=-1", 400, "limit param must be positive"},
		{"3.27", "limit=x", 400, "limit param must be an integer"},
		{"3.27", "limit=", 400, "limit param must be an integer"},
		{"3.27", "offset=-1", 400, "offset param must be positive"},
		{"3.27", "offset=99999999999", 400, "offset param must be an integer"},
		{"3.27", "marker=" + nowhere, 404, "itemNotFound"},
		{"3.27", "sort=zz", 400, "Invalid sort key"},
		{"3.27", "sort=id:up", 400, "Unknown sort direction"},
		{"3.27", "sort=id&sort_dir=asc", 400, "cannot be used with sort"},
		{"3.31", "zz=1", 400, "Invalid filters zz"},
		{"3.34", "metadata~=1", 400, "Invalid filters metadata~"},
		{"3.27", "id=1&id=2", 400, "more than once"},
		{"3.27", "id=%zz", 400, "Malformed query"},
	} {
		for _, path := range []string{"volumes", "volumes/detail", "snapshots", "snapshots/detail", "attachments", "attachments/detail"} {
			if status, answer := l.do(t, x.version, "GET", "/v3/p/"+path+"?"+x.query, ""); status != x.status || !strings.Contains(answer, x.says) {
				t.Errorf("%s %s?%s = %d %s, want %d with %q", x.version, path, x.query, status, answer, x.status, x.says)
			}
		}
	}
	for _, query := range []string{"created_at=2026-11-29", "created_at=gt:yesterday", "updated_at=about:2026-11-29", "created_at=",
		"bootable=maybe", "multiattach=2"} {
		if status, answer := l.do(t, "3.60", "GET", "/v3/p/volumes?"+query, ""); status != 400 {
			t.Errorf("%s = %d %s, want 400", query, status, answer)
		}
	}
}

// TestEveryFilterAndKey: each that is listed works, on a list that has something.
func TestEveryFilterAndKey(t *testing.T) {
	l := newLab(t)
	v := l.made(t, "", "/v3/p/volumes", `{"volume": {"size": 1, "name": "a"}}`)
	l.made(t, "", "/v3/p/snapshots", `{"snapshot": {"volume_id": "`+v+`"}}`)
	l.made(t, "3.27", "/v3/p/attachments", `{"attachment": {"volume_uuid": "`+v+`"}}`)
	values := map[string]string{"created_at": "lt:2001-01-01", "updated_at": "lt:2001-01-01", "bootable": "true", "multiattach": "1",
		"consumes_quota": "0"}
	_, answer := l.do(t, "3.71", "GET", "/v3/p/resource_filters", "")
	var body struct {
		Filters []struct {
			Resource string
			Filters  []string
		} `json:"resource_filters"`
	}
	if err := json.Unmarshal([]byte(answer), &body); err != nil || len(body.Filters) != 4 {
		t.Fatalf("%v in %s", err, answer)
	}
	for _, r := range body.Filters[:3] {
		for _, f := range r.Filters {
			value, ok := values[f]
			if !ok {
				value = "zz"
			}
			status, answer := l.do(t, "3.71", "GET", "/v3/p/"+r.Resource+"s?"+f+"="+value, "")
			if list, _ := names(t, r.Resource+"s", answer); status != 200 || len(list) != 0 {
				t.Errorf("%ss?%s=%s = %d %s, want an empty list", r.Resource, f, value, status, answer)
			}
		}
	}
	keys := func(path string, keys []string) {
		for _, key := range keys {
			for _, direction := range []string{"asc", "desc"} {
				if status, answer := l.do(t, "3.71", "GET", "/v3/p/"+path+"?sort="+key+":"+direction, ""); status != 200 ||
					!strings.Contains(answer, `"id"`) {
					t.Errorf("%s?sort=%s:%s = %d %s", path, key, direction, status, answer)
				}
			}
		}
	}
	keys("volumes", keysOf(volumeKeys))
	keys("snapshots", keysOf(snapshotList.keys))
	keys("attachments", keysOf(attachmentList.keys))
}

func keysOf[T any](m map[string]T) (list []string) {
	for k := range m {
		list = append(list, k)
	}
	return append(list, "created_at")
}

// TestPages follows the next links from the first page to the last: they keep the query,
// and every row comes once.
func TestPages(t *testing.T) {
	l := newLab(t)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		v := l.made(t, "", "/v3/p/volumes", `{"volume": {"size": 1, "name": "`+name+`", "metadata": {"k": "v"}}}`)
		l.made(t, "", "/v3/p/snapshots", `{"snapshot": {"volume_id": "`+v+`", "name": "`+name+`"}}`)
	}
	for _, kind := range []string{"volumes", "snapshots"} {
		for _, path := range []string{kind, kind + "/detail"} {
			next, pages := l.URL+"/volume/v3/p/"+path+"?sort=name%3Aasc&limit=2&status=available", 0
			var all []string
			for ; next != ""; pages++ {
				u, err := url.Parse(next)
				if err != nil || u.Query().Get("sort") != "name:asc" || u.Query().Get("status") != "available" || !strings.HasPrefix(next, l.URL) {
					t.Fatalf("next is %s (%v)", next, err)
				}
				_, answer := l.do(t, "", "GET", strings.TrimPrefix(next, l.URL+"/volume"), "")
				var list []string
				list, next = names(t, kind, answer)
				all = append(all, list...)
			}
			if pages != 3 || !slices.Equal(all, []string{"a", "b", "c", "d", "e"}) {
				t.Errorf("%d pages of %s list %v", pages, path, all)
			}
		}
	}
}
