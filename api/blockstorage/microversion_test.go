package blockstorage

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"ironhook/baremetal"
)

// TestMicroversions is what each microversion brought (Cinder, "REST API Version History"):
// since it, and not just below it. A request has the answer "with" from then on and the
// answer "without" before.
func TestMicroversions(t *testing.T) {
	l := newLab(t)
	v := l.made(t, "", "/v3/p/volumes", `{"volume": {"size": 1, "name": "a", "metadata": {"k": "v"}}}`)
	s := l.made(t, "", "/v3/p/snapshots", `{"snapshot": {"volume_id": "`+v+`"}}`)
	w := l.made(t, "", "/v3/p/volumes", `{"volume": {"size": 1}}`)
	a := l.made(t, "3.27", "/v3/p/attachments", `{"attachment": {"volume_uuid": "`+w+`"}}`)
	none := "/v3/p/volumes/" + nowhere
	for _, x := range []struct {
		since              int
		method, path, body string
		with, without      string // STATUS, or STATUS and what the answer contains
	}{
		{1, "POST", none + "/action", `{"os-volume_upload_image": {"image_name": "i", "visibility": "public"}}`, "404", "400 visibility"},
		{2, "GET", "/v3/p/volumes?bootable=x", "", "400", "200"},
		{7, "GET", "/v3/p/os-services", "", `200 "cluster":`, "200 !cluster\":"},
		{12, "GET", "/v3/p/volumes/summary", "", "200", "404"},
		{13, "GET", "/v3/p/volumes/" + v, "", `200 "group_id":null`, `200 !"group_id"`},
		{13, "POST", "/v3/p/volumes", `{"volume": {"size": 1, "group_id": "x"}}`, "404", "202"},
		{14, "GET", "/v3/p/snapshots/" + s, "", `200 "group_snapshot_id":null`, "200 !group_snapshot_id"},
		{21, "GET", "/v3/p/volumes/" + v, "", `200 "provider_id":null`, "200 !provider_id"},
		{27, "GET", "/v3/p/attachments", "", "200", "404"},
		{31, "GET", "/v3/p/volumes?zz=1", "", "400", `200 {"volumes":[]}`},
		{33, "GET", "/v3/p/resource_filters", "", "200", "404"},
		{36, "GET", "/v3/p/volumes/summary", "", `200 "metadata":{"k":["v"]}`, "200 !metadata"},
		{40, "POST", none + "/action", `{"revert": {"snapshot_id": "x"}}`, "404 Snapshot x", "404 The resource"},
		{41, "GET", "/v3/p/snapshots/" + s, "", `200 "user_id":"admin"`, "200 !user_id"},
		{44, "POST", "/v3/p/attachments/" + a + "/action", `{"os-complete": null}`, "204", "404"},
		{45, "GET", "/v3/p/volumes?with_count=true", "", `200 "count":`, "400 with_count"},
		{45, "GET", "/v3/p/snapshots?with_count=true", "", `200 "count":1`, "400 with_count"},
		{47, "POST", "/v3/p/volumes", `{"volume": {"size": 1, "backup_id": "` + nowhere + `"}}`, "404 Backup", "202"},
		{48, "GET", "/v3/p/volumes/" + v, "", `200 "shared_targets":false`, "200 !shared_targets"},
		{48, "GET", "/v3/p/volumes/" + v, "", `200 "service_uuid":"`, "200 !service_uuid"},
		{49, "GET", "/v3/p/os-services", "", `200 "backend_state":"up"`, "200 !backend_state"},
		{53, "POST", "/v3/p/volumes", `{"volume": {"size": 1, "zz": 1}}`, "400 'zz' was unexpected", "202"},
		{53, "PUT", "/v3/p/volumes/" + v, `{"volume": {}}`, "400", "200"},
		{54, "POST", "/v3/p/attachments", `{"attachment": {"volume_uuid": "` + nowhere + `", "mode": "ro"}}`, "404", "400 mode"},
		{61, "GET", "/v3/p/volumes/" + v, "", `200 "cluster_name":null`, "200 !cluster_name"},
		{62, "GET", "/v3/p/default-types", "", "200", "404"},
		{63, "GET", "/v3/p/volumes/" + v, "", `200 "volume_type_id":"`, "200 !volume_type_id"},
		{65, "GET", "/v3/p/volumes/" + v, "", `200 "consumes_quota":true`, "200 !consumes_quota"},
		{65, "GET", "/v3/p/snapshots/" + s, "", `200 "consumes_quota":true`, "200 !consumes_quota"},
		{66, "POST", "/v3/p/snapshots", `{"snapshot": {"volume_id": "` + nowhere + `", "force": false}}`, "400", "404"},
		{68, "POST", none + "/action", `{"os-reimage": {"image_id": "` + nowhere + `"}}`, "404 Image", "404 The resource"},
		{71, "POST", none + "/action", `{"os-extend_volume_completion": {}}`, "404 Volume", "404 The resource"},
	} {
		for minor, want := range map[int]string{x.since: x.with, x.since - 1: x.without, maxMinor: x.with} {
			status, answer := l.do(t, fmt.Sprintf("3.%d", minor), x.method, x.path, x.body)
			code, says, _ := strings.Cut(want, " ")
			says, unwanted := strings.CutPrefix(says, "!")
			if code != fmt.Sprint(status) || says != "" && strings.Contains(answer, says) == unwanted {
				t.Errorf("3.%d %s %s %s = %d %s, want %s", minor, x.method, x.path, x.body, status, answer, want)
			}
		}
	}
}

// TestViews: what belongs to which answer at 3.0, beside the attributes of every view.
func TestViews(t *testing.T) {
	l := newLab(t)
	path := "/v3/p/volumes"
	status, created := l.do(t, "", "POST", path, `{"volume": {"size": 1, "name": "a"}}`)
	_, list := l.do(t, "", "GET", path, "")
	_, detail := l.do(t, "", "GET", path+"/detail", "")
	if status != 202 {
		t.Fatal(created)
	}
	for _, x := range []struct {
		attribute            string
		list, create, detail bool
	}{
		{`"id":`, true, true, true}, {`"name":"a"`, true, true, true}, {`"links":`, true, true, true},
		{`"status":"creating"`, false, true, false}, {`"status":"available"`, false, false, true}, {`"user_id":"admin"`, false, true, true},
		{`"migration_status":null`, false, true, true}, {`"os-vol-host-attr:host":`, false, false, true},
		{`"os-vol-tenant-attr:tenant_id":"p"`, false, false, true}, {`"os-vol-mig-status-attr:migstat":null`, false, false, true},
		{`"multiattach":false`, false, true, true}, {`"volume_image_metadata"`, false, false, false},
	} {
		for answer, want := range map[string]bool{list: x.list, created: x.create, detail: x.detail} {
			if strings.Contains(answer, x.attribute) != want {
				t.Errorf("%s: want %v in %s", x.attribute, want, answer)
			}
		}
	}
}

// TestProjects: a path has a project or none, and links follow it; a token that names
// another is refused.
func TestProjects(t *testing.T) {
	l := newLab(t)
	v := l.made(t, "", "/v3/one/volumes", `{"volume": {"size": 1}}`)
	for path, link := range map[string]string{"/v3/volumes/" + v: "/volume/v3/volumes/", "/v3/two/volumes/" + v: "/volume/v3/two/volumes/"} {
		if status, answer := l.do(t, "", "GET", path, ""); status != 200 || !strings.Contains(answer, `"`+l.URL+link+v+`"`) {
			t.Errorf("%s = %d %s, want a link to %s", path, status, answer, link)
		}
	}
}

// Changes are for administrators, except actions, each of which has a role of its own.
func TestRolesOfAllRoutes(t *testing.T) {
	a := New(Config{})
	for _, route := range routes {
		for _, prefix := range []string{"/volume/v3", "/volume/v3/standalone"} {
			want := baremetal.RoleAdmin
			if route.method == "GET" || strings.HasSuffix(route.path, "/action") {
				want = baremetal.RoleViewer
			}
			r := httptest.NewRequest(route.method, prefix+strings.NewReplacer("{", "", "}", "").Replace(route.path), nil)
			if got := a.Least(r); got != want {
				t.Errorf("%s %s%s is for a %s, want %s", route.method, prefix, route.path, got, want)
			}
		}
	}
}
