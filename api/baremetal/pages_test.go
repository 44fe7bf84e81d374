package baremetalapi

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"ironhook/baremetal"
)

// filtered is a lab in which every filter of every list separates some rows from others:
// of each kind there are four, and the filters below match the first and the third.
func filtered(t *testing.T) *lab {
	l := newLab(t)
	const box = "c0ffee09-0000-4000-8000-000000000000"
	l.must(t, "POST", "/v1/chassis", map[string]any{"uuid": box}, 201)
	for i := range 4 {
		odd := i%2 == 0
		uuid := func(kind int) string { return fmt.Sprintf("c0ffee%02d-0000-4000-8000-%012d", kind, i) }
		n := map[string]any{"uuid": uuid(0), "name": fmt.Sprintf("n%d", i), "driver": "fake-hardware"}
		if odd {
			n["chassis_uuid"], n["resource_class"], n["description"], n["lessee"], n["shard"], n["retired"] = box, "large", "50% _new_", "me", "s1",
				true
		} else {
			n["driver"] = "ipmi"
		}
		l.must(t, "POST", "/v1/nodes", n, 201)
		l.change(t, uuid(0), func(n *baremetal.Node) {
			if n.ConductorGroup = "elsewhere"; odd {
				n.ConductorGroup, n.Owner, n.Fault, n.Maintenance, n.InstanceUUID, n.ProvisionState = "", "me", "power failure", true, uuid(8),
					baremetal.Active
			}
		})
		owner := uuid(0)
		if odd {
			owner = "c0ffee00-0000-4000-8000-000000000000"
		}
		group := map[string]any{"uuid": uuid(2), "node_uuid": owner, "name": fmt.Sprintf("g%d", i),
			"address": fmt.Sprintf("52:54:00:00:02:%02d", i)}
		l.must(t, "POST", "/v1/portgroups", group, 201)
		port := map[string]any{"uuid": uuid(1), "node_uuid": owner, "address": fmt.Sprintf("52:54:00:00:01:%02d", i)}
		if odd {
			port["portgroup_uuid"] = "c0ffee02-0000-4000-8000-000000000000"
		}
		l.must(t, "POST", "/v1/ports", port, 201)
		allocation := map[string]any{"uuid": uuid(3), "resource_class": "none"}
		if odd {
			allocation["resource_class"], allocation["owner"] = "large", "me"
		}
		l.must(t, "POST", "/v1/allocations", allocation, 201)
		l.must(t, "POST", "/v1/deploy_templates", map[string]any{"uuid": uuid(4), "name": fmt.Sprintf("CUSTOM_%d", i), "steps": []any{
			map[string]any{"interface": "deploy", "step": "x", "args": map[string]any{}, "priority": 1}}}, 201)
	}
	return l
}

// TestFiltersAndPages asks for every filter of every list, one row a page, and
// follows the links to the end.
func TestFiltersAndPages(t *testing.T) {
	l := filtered(t)
	n0, g0 := "c0ffee00-0000-4000-8000-000000000000", "c0ffee02-0000-4000-8000-000000000000"
	for _, test := range []struct{ path, want string }{
		{"nodes", "0 1 2 3"},
		{"nodes?sort_dir=desc", "3 2 1 0"},
		{"nodes?sort_key=driver", "0 2 1 3"},
		{"nodes?chassis_uuid=c0ffee09-0000-4000-8000-000000000000", "0 2"},
		{"nodes?associated=true", "0 2"}, {"nodes?associated=false", "1 3"},
		{"nodes?maintenance=true", "0 2"}, {"nodes?maintenance=false", "1 3"},
		{"nodes?retired=true", "0 2"}, {"nodes?retired=false", "1 3"},
		{"nodes?provision_state=active", "0 2"}, {"nodes?driver=ipmi", "1 3"}, {"nodes?resource_class=large", "0 2"},
		{"nodes?fault=power%20failure", "0 2"}, {"nodes?conductor_group=elsewhere", "1 3"}, {"nodes?conductor_group=", "0 2"},
		{"nodes?conductor=peer-conductor", "0 2"}, {"nodes?conductor=nobody", ""},
		{"nodes?owner=me", "0 2"}, {"nodes?lessee=me", "0 2"}, {"nodes?project=me", "0 2"},
		{"nodes?description_contains=50%25%20_N", "0 2"},
		{"nodes?shard=s1,s2", "0 2"}, {"nodes?sharded=true", "0 2"}, {"nodes?sharded=false", "1 3"},
		{"nodes?instance_uuid=c0ffee08-0000-4000-8000-000000000002", "2"},
		{"nodes?owner=me&fields=name,uuid&sort_key=name&sort_dir=desc", "2 0"},
		{"nodes?owner=me&detail=true", "0 2"}, {"nodes/detail?owner=me&maintenance=true", "0 2"},
		{"chassis/c0ffee09-0000-4000-8000-000000000000/nodes", "0 2"},
		{"ports?node=n0", "0 2"}, {"ports?node_uuid=" + n0, "0 2"}, {"ports?portgroup=g0", "0 2"}, {"ports?portgroup=" + g0, "0 2"},
		{"ports?address=52:54:00:00:01:03", "3"}, {"ports?shard=s1", "0 2"}, {"ports/detail?node=n0", "0 2"},
		{"nodes/n0/ports", "0 2"}, {"nodes/n0/ports/detail", "0 2"}, {"portgroups/g0/ports", "0 2"}, {"portgroups/g0/ports/detail", "0 2"},
		{"portgroups?node=n0", "0 2"}, {"portgroups?address=52:54:00:00:02:01", "1"}, {"portgroups/detail?node=n0", "0 2"},
		{"nodes/n0/portgroups", "0 2"},
		{"chassis?detail=true", "0"}, {"chassis/detail", "0"},
		{"allocations?resource_class=large", "0 2"}, {"allocations?owner=me", "0 2"}, {"allocations?state=error", "0 1 2 3"},
		{"allocations?node=n0", ""},
		{"deploy_templates?detail=true", "0 1 2 3"}, {"deploy_templates?sort_key=name&sort_dir=desc", "3 2 1 0"},
	} {
		if got := strings.Join(l.follow(t, "/v1/"+test.path), " "); got != test.want {
			t.Errorf("all pages of %s = %s, want %s", test.path, got, test.want)
		}
	}
}

// TestDetailsByInstance: the node of an instance is found in every list of nodes with details,
// at every microversion.
func TestDetailsByInstance(t *testing.T) {
	l := filtered(t)
	const query = "nodes/detail?instance_uuid=c0ffee08-0000-4000-8000-000000000002"
	for _, list := range []string{"/v1/", "/", "/v1/chassis/c0ffee09-0000-4000-8000-000000000000/",
		"/chassis/c0ffee09-0000-4000-8000-000000000000/"} {
		for _, version := range []string{"1.1", "1.42", "1.43", "1.115"} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, l.URL+list+query, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-OpenStack-Ironic-API-Version", version)
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(answer.Body)
			answer.Body.Close()
			if err != nil || answer.StatusCode != http.StatusOK || strings.Count(string(text), `"driver_info"`) != 1 ||
				!strings.Contains(string(text), "c0ffee00-0000-4000-8000-000000000002") {
				t.Errorf("%s: GET %s%s = %s %.300s, want node 2 alone", version, list, query, answer.Status, text)
			}
		}
	}
}

// follow reads a list one row a page and returns the last digit of each UUID.
func (l *lab) follow(t *testing.T, path string) (met []string) {
	t.Helper()
	u, err := url.Parse(l.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("limit", "1")
	u.RawQuery = q.Encode()
	for next := u.String(); next != ""; {
		raw := l.must(t, "GET", strings.TrimPrefix(next, l.URL), nil, 200)
		var answer map[string]json.RawMessage
		if err := json.Unmarshal(raw, &answer); err != nil {
			t.Fatal(err)
		}
		next = ""
		for key, value := range answer {
			var rows []struct{ UUID string }
			if key == "next" {
				err = json.Unmarshal(value, &next)
			} else {
				err = json.Unmarshal(value, &rows)
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range rows {
				met = append(met, row.UUID[len(row.UUID)-1:])
			}
		}
		if len(met) > 10 {
			t.Fatalf("%s has no end: %v", path, met)
		}
	}
	return met
}
