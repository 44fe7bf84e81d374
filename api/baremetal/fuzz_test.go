package baremetalapi

import (
	"bytes"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// FuzzQuery sends any query to the lists. No input may make us fail.
func FuzzQuery(f *testing.F) {
	for _, q := range []string{"", "limit=1&marker=c0ffee00-0000-4000-8000-000000000001", "fields=uuid,name",
		"detail=True&sort_key=name&sort_dir=desc",
		"limit=2&limit=3", "%zz", "shard=a,b&sharded=maybe", "node=pc&type=iqn&connector_id=x", "description_contains=%25", "a=b;c=d",
		"sort_key=boot_interface"} {
		f.Add(q)
	}
	l := newLab(f)
	l.must(f, "POST", "/v1/nodes", map[string]any{"driver": "fake-hardware", "name": "pc"}, 201)
	f.Fuzz(func(t *testing.T, query string) {
		for _, path := range []string{"/v1/nodes", "/v1/nodes/detail", "/v1/ports", "/v1/volume/connectors", "/v1/volume/targets/detail",
			"/v1/allocations", "/v1/portgroups", "/v1/drivers", "/v1/conductors", "/v1/nodes/pc", "/v1/lookup"} {
			u := url.URL{Path: path, RawQuery: strings.ReplaceAll(query, "wait", "")} // no waiting for events
			r := httptest.NewRequest("GET", "/", nil)
			r.URL = &u
			r.Header.Set("X-OpenStack-Ironic-API-Version", versions.Text(maxMinor))
			w := httptest.NewRecorder()
			l.front.ServeHTTP(w, r)
			if w.Code >= 500 {
				t.Errorf("GET %s?%s = %d %s", path, query, w.Code, w.Body)
			}
		}
	})
}

// FuzzBody sends any body to everything that takes one.
func FuzzBody(f *testing.F) {
	for _, b := range []string{"", "{}", "[]", "null", `{"driver":"fake-hardware","name":"x"}`,
		`[{"op":"add","path":"/extra/a","value":{"b":[1]}}]`,
		`{"target":"power on","timeout":1}`, `{"target":"active","configdrive":{"meta_data":{}}}`,
		`{"node_uuid":"c0ffee00-0000-4000-8000-000000000001","address":"52:54:00:00:00:01"}`,
		`{"traits":["CUSTOM_A"]}`, `{"events":[{"event":"network.bind_port"}]}`,
		`{"name":"CUSTOM_T","steps":[{"interface":"deploy","step":"x","args":{},"priority":"1"}]}`,
		`{"network_data":{"links":[],"networks":[],"services":[]},"driver":"fake-hardware"}`, "{\"a\":\x00}",
		`{"driver":"fake-hardware","extra":{"a":1e999,"b":12345678901234567890,"c":"\u0000"}}`, `"\ud800"`} {
		f.Add([]byte(b))
	}
	l := newLab(f)
	l.must(f, "POST", "/v1/nodes", map[string]any{"driver": "fake-hardware", "name": "pc"}, 201)
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, to := range []struct{ method, path string }{
			{"POST", "/v1/nodes"}, {"PATCH", "/v1/nodes/pc"}, {"POST", "/v1/ports"}, {"POST", "/v1/volume/connectors"},
			{"POST", "/v1/volume/targets"},
			{"POST", "/v1/chassis"}, {"POST", "/v1/portgroups"}, {"POST", "/v1/allocations"}, {"POST", "/v1/deploy_templates"},
			{"POST", "/v1/events"},
			{"PUT", "/v1/nodes/pc/traits"}, {"PUT", "/v1/nodes/pc/maintenance"}, {"PUT", "/v1/nodes/pc/states/raid"},
			{"PUT", "/v1/nodes/pc/states/provision"},
			{"PUT", "/v1/nodes/pc/management/boot_device"}, {"POST", "/v1/nodes/pc/vifs"}, {"POST", "/v1/heartbeat/pc"},
		} {
			r := httptest.NewRequest(to.method, to.path, bytes.NewReader(body))
			r.Header.Set("X-OpenStack-Ironic-API-Version", versions.Text(maxMinor))
			w := httptest.NewRecorder()
			l.front.ServeHTTP(w, r)
			if w.Code >= 500 && w.Code != 503 {
				t.Errorf("%s %s %q = %d %s", to.method, to.path, body, w.Code, w.Body)
			}
		}
	})
}
