package blockstorage

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"ironhook/storage/pool"
	"ironhook/store/storetest"
	"ironhook/volume"
)

// TestExchanges sends requests one after the other. VOLUME, SNAPSHOT and ATTACHMENT
// stand for the ids that were answered last.
func TestExchanges(t *testing.T) {
	v, err := volume.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s, log := storetest.Open(t), slog.New(slog.DiscardHandler)
	p := pool.New(pool.Config{Store: s, Volumes: v, Log: log})
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
	portal := func(*http.Request) (netip.AddrPort, error) { return netip.ParseAddrPort("192.0.2.1:3260") }
	a := New(Config{Store: s, Pool: p, Volumes: v, Portal: portal, Host: "here", Log: log})
	ids := map[string]string{"VOLUME": "none", "SNAPSHOT": "none", "ATTACHMENT": "none"}
	const base = "/volume/v3/p"
	for _, x := range []struct {
		version, method, path, body string
		status                      int
		says                        string
	}{
		{"", "GET", "/volume", "", 300, `"version":"3.70"`},
		{"3.71", "GET", base + "/volumes", "", 406, "maximum is 3.70"},
		{"x", "GET", base + "/volumes", "", 400, "invalid format"},
		{"", "GET", base + "/volumes/none", "", 404, `{"itemNotFound":{"code":404,"message":"Volume none could not be found."}}`},
		{"", "GET", base + "/backups", "", 404, "itemNotFound"},
		{"", "POST", base + "/volumes", `{"volume": {"size": 0}}`, 400, "greater than 0"},
		{"", "POST", base + "/volumes", `{"volume": {"size": "x"}}`, 400, "badRequest"},
		{"", "POST", base + "/volumes", `{"volume": {"size": 1, "volume_type": "fast"}}`, 404, "could not be found"},
		{"", "POST", base + "/volumes", `{"volume": {"size": "1", "name": "a", "metadata": {"k": "v"}}}`, 202, `"status":"available"`},
		{"3.63", "GET", base + "/volumes/VOLUME", "", 200, `"volume_type_id"`},
		{"", "GET", base + "/volumes/detail?metadata={'k':'v'}&status=available", "", 200, "VOLUME"},
		{"", "GET", base + "/volumes/detail?status=in-use", "", 200, `"volumes":[]`},
		{"", "GET", base + "/volumes?sort=nothing:asc", "", 400, "Sort key"},
		{"", "POST", base + "/volumes/VOLUME/action", `{"os-migrate_volume": {}}`, 400, "no such action"},
		{"", "POST", base + "/volumes/VOLUME/action", `{"os-extend": {"new_size": 1}}`, 400, "must be greater than current size"},
		{"", "POST", base + "/volumes/VOLUME/action", `{"os-extend": {"new_size": 2}}`, 202, ""},
		{"", "DELETE", base + "/volumes/VOLUME/metadata/x", "", 404, "was not found"},
		{"", "PUT", base + "/volumes/VOLUME/metadata", `{"metadata": {"a": "b"}}`, 200, `{"metadata":{"a":"b"}}`},
		{"", "POST", base + "/snapshots", `{"snapshot": {"volume_id": "VOLUME", "name": "s"}}`, 202, `"size":2`},
		{"", "DELETE", base + "/volumes/VOLUME", "", 400, "has 1 snapshots"},
		{"", "POST", base + "/volumes/VOLUME/action", `{"revert": {"snapshot_id": "SNAPSHOT"}}`, 202, ""},
		{"3.27", "POST", base + "/attachments", `{"attachment": {"volume_uuid": "VOLUME", "instance_uuid": "i", "connector": {"initiator": "no"}}}`, 400, "not an iSCSI name"},
		{"3.27", "POST", base + "/attachments", `{"attachment": {"volume_uuid": "VOLUME", "instance_uuid": "i", "connector": {"initiator": "iqn.2026-11.net.example:a", "host": "h"}}}`, 200, `"target_portal":"192.0.2.1:3260"`},
		{"3.27", "GET", base + "/attachments/ATTACHMENT", "", 200, `"connection_info":{}`},
		{"", "GET", base + "/volumes/VOLUME", "", 200, `"status":"in-use"`},
		{"", "POST", base + "/volumes/VOLUME/action", `{"revert": {"snapshot_id": "SNAPSHOT"}}`, 400, "is in use by host h"},
		{"", "POST", base + "/volumes/VOLUME/action", `{"os-update_readonly_flag": {"readonly": true}}`, 400, "is in use by host h"},
		{"3.27", "DELETE", base + "/attachments/ATTACHMENT", "", 200, `"attachments":[]`},
		{"", "DELETE", base + "/volumes/VOLUME?cascade=True", "", 202, ""},
		{"", "GET", base + "/limits", "", 200, `"totalVolumesUsed":0`},
	} {
		fill := strings.NewReplacer("VOLUME", ids["VOLUME"], "SNAPSHOT", ids["SNAPSHOT"], "ATTACHMENT", ids["ATTACHMENT"])
		path := fill.Replace(strings.ReplaceAll(x.path, "'", "%22"))
		r := httptest.NewRequestWithContext(t.Context(), x.method, path, strings.NewReader(fill.Replace(x.body)))
		if x.version != "" {
			r.Header.Set("OpenStack-API-Version", "volume "+x.version)
		}
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		if w.Code != x.status || !strings.Contains(w.Body.String(), fill.Replace(x.says)) {
			t.Errorf("%s %s %s = %d %s, want %d with %q", x.method, path, x.body, w.Code, w.Body, x.status, x.says)
		}
		var made map[string]struct{ ID string }
		if x.method == "POST" && json.Unmarshal(w.Body.Bytes(), &made) == nil {
			for kind, thing := range made {
				if thing.ID != "" {
					ids[strings.ToUpper(kind)] = thing.ID
				}
			}
		}
	}
}
