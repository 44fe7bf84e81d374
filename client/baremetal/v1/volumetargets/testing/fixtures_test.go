package testing

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"ironhook/client/baremetal/v1/volumetargets"

	th "github.com/gophercloud/gophercloud/v2/testhelper"
)

// The answers are those of Ironic 39.0 (API 1.115) and 21.4 (API 1.82), as recorded.

// listBody answers List.
const listBody = `
{
    "targets": [
        {
            "uuid": "c0ffee00-0000-4000-8000-000000000012",
            "boot_index": 0,
            "volume_id": "v0",
            "volume_type": "iscsi",
            "links": [
                {
                    "href": "http://127.0.0.1:28100/v1/volume/targets/c0ffee00-0000-4000-8000-000000000012",
                    "rel": "self"
                },
                {
                    "href": "http://127.0.0.1:28100/volume/targets/c0ffee00-0000-4000-8000-000000000012",
                    "rel": "bookmark"
                }
            ],
            "node_uuid": "c0ffee00-0000-4000-8000-000000000001"
        }
    ]
}
`

// listDetailBody answers ListDetail.
const listDetailBody = `
{
    "targets": [
        {
            "uuid": "c0ffee00-0000-4000-8000-000000000012",
            "created_at": "2026-11-29T05:30:41.021745+00:00",
            "updated_at": null,
            "boot_index": 0,
            "extra": {},
            "properties": {
                "target_portal": "127.0.0.1:3260",
                "target_iqn": "iqn.2010-10.org.openstack:v1",
                "target_lun": 0,
                "auth_method": "CHAP",
                "auth_username": "u",
                "auth_password": "******"
            },
            "volume_id": "v0",
            "volume_type": "iscsi",
            "links": [
                {
                    "href": "http://127.0.0.1:28100/v1/volume/targets/c0ffee00-0000-4000-8000-000000000012",
                    "rel": "self"
                },
                {
                    "href": "http://127.0.0.1:28100/volume/targets/c0ffee00-0000-4000-8000-000000000012",
                    "rel": "bookmark"
                }
            ],
            "node_uuid": "c0ffee00-0000-4000-8000-000000000001"
        }
    ]
}
`

// firstPage answers List with a limit, by node too; the %s is for the address of the server.
const firstPage = `
{
    "targets": [
        {
            "uuid": "c0ffee00-0000-4000-8000-000000000010",
            "boot_index": 0,
            "volume_id": "v",
            "volume_type": "iscsi",
            "links": [
                {
                    "href": "http://127.0.0.1:16391/v1/volume/targets/c0ffee00-0000-4000-8000-000000000010",
                    "rel": "self"
                },
                {
                    "href": "http://127.0.0.1:16391/volume/targets/c0ffee00-0000-4000-8000-000000000010",
                    "rel": "bookmark"
                }
            ],
            "node_uuid": "c0ffee00-0000-4000-8000-000000000001"
        }
    ],
    "next": "%s/volume/targets?sort_key=id&sort_dir=asc&fields=uuid,node_uuid,volume_type,boot_index,volume_id&limit=1&marker=c0ffee00-0000-4000-8000-000000000010"
}
`

// secondPage is the marker of the page behind the first.
const secondPage = "c0ffee00-0000-4000-8000-000000000010"

// singleBody answers Get and Create.
const singleBody = `
{
    "uuid": "c0ffee00-0000-4000-8000-000000000012",
    "created_at": "2026-11-29T05:30:41.021745+00:00",
    "updated_at": null,
    "boot_index": 0,
    "extra": {},
    "properties": {
        "target_portal": "127.0.0.1:3260",
        "target_iqn": "iqn.2010-10.org.openstack:v1",
        "target_lun": 0,
        "auth_method": "CHAP",
        "auth_username": "u",
        "auth_password": "******"
    },
    "volume_id": "v0",
    "volume_type": "iscsi",
    "links": [
        {
            "href": "http://127.0.0.1:28100/v1/volume/targets/c0ffee00-0000-4000-8000-000000000012",
            "rel": "self"
        },
        {
            "href": "http://127.0.0.1:28100/volume/targets/c0ffee00-0000-4000-8000-000000000012",
            "rel": "bookmark"
        }
    ],
    "node_uuid": "c0ffee00-0000-4000-8000-000000000001"
}
`

// createRequest is the body of Create.
const createRequest = `
{
    "node_uuid": "c0ffee00-0000-4000-8000-000000000001",
    "uuid": "c0ffee00-0000-4000-8000-000000000012",
    "volume_type": "iscsi",
    "boot_index": 0,
    "volume_id": "v0",
    "properties": {
        "target_portal": "127.0.0.1:3260",
        "target_iqn": "iqn.2010-10.org.openstack:v1",
        "target_lun": 0,
        "auth_method": "CHAP",
        "auth_username": "u",
        "auth_password": "secret"
    }
}
`

// updateRequest is the body of Update.
const updateRequest = `
[
    {
        "op": "replace",
        "path": "/boot_index",
        "value": 1
    }
]
`

// updatedBody answers Update.
const updatedBody = `
{
    "uuid": "c0ffee00-0000-4000-8000-000000000012",
    "created_at": "2026-11-29T05:30:41.021745+00:00",
    "updated_at": "2026-11-29T05:30:41.357386+00:00",
    "boot_index": 1,
    "extra": {},
    "properties": {
        "target_portal": "127.0.0.1:3260",
        "target_iqn": "iqn.2010-10.org.openstack:v1",
        "target_lun": 0,
        "auth_method": "CHAP",
        "auth_username": "u",
        "auth_password": "******"
    },
    "volume_id": "v0",
    "volume_type": "iscsi",
    "links": [
        {
            "href": "http://127.0.0.1:28100/v1/volume/targets/c0ffee00-0000-4000-8000-000000000012",
            "rel": "self"
        },
        {
            "href": "http://127.0.0.1:28100/volume/targets/c0ffee00-0000-4000-8000-000000000012",
            "rel": "bookmark"
        }
    ],
    "node_uuid": "c0ffee00-0000-4000-8000-000000000001"
}
`

// notFoundBody answers a request for what is not there.
const notFoundBody = `
{
    "error_message": "{\"faultcode\": \"Client\", \"faultstring\": \"Volume target c0ffee00-0000-4000-8000-000000000012 could not be found.\", \"debuginfo\": null}"
}
`

var (
	create = volumetargets.CreateOpts{
		NodeUUID: "c0ffee00-0000-4000-8000-000000000001", UUID: "c0ffee00-0000-4000-8000-000000000012",
		VolumeType: volumetargets.VolumeTypeISCSI, BootIndex: 0, VolumeID: "v0",
		Properties: map[string]any{
			"target_portal": "127.0.0.1:3260", "target_iqn": "iqn.2010-10.org.openstack:v1", "target_lun": 0,
			"auth_method": "CHAP", "auth_username": "u", "auth_password": "secret",
		},
	}
	update = volumetargets.UpdateOpts{
		volumetargets.UpdateOperation{Op: volumetargets.ReplaceOp, Path: "/boot_index", Value: 1},
	}
	listed = volumetargets.Target{
		UUID: "c0ffee00-0000-4000-8000-000000000012", NodeUUID: "c0ffee00-0000-4000-8000-000000000001",
		VolumeType: "iscsi", BootIndex: 0, VolumeID: "v0", Links: []volumetargets.Link{
			{Href: "http://127.0.0.1:28100/v1/volume/targets/c0ffee00-0000-4000-8000-000000000012", Rel: "self"},
			{Href: "http://127.0.0.1:28100/volume/targets/c0ffee00-0000-4000-8000-000000000012", Rel: "bookmark"},
		},
	}
	detailed = target(0)
	updated  = target(1)
)

// target is the one that was recorded; it was changed once, to boot index 1.
func target(index int) volumetargets.Target {
	target := volumetargets.Target{
		UUID: "c0ffee00-0000-4000-8000-000000000012", NodeUUID: "c0ffee00-0000-4000-8000-000000000001",
		VolumeType: "iscsi", BootIndex: index, VolumeID: "v0", Extra: map[string]any{},
		Properties: map[string]any{
			"target_portal": "127.0.0.1:3260", "target_iqn": "iqn.2010-10.org.openstack:v1", "target_lun": 0.0,
			"auth_method": "CHAP", "auth_username": "u", "auth_password": "******",
		},
		CreatedAt: at("2026-11-29T05:30:41.021745+00:00"), Links: []volumetargets.Link{
			{Href: "http://127.0.0.1:28100/v1/volume/targets/c0ffee00-0000-4000-8000-000000000012", Rel: "self"},
			{Href: "http://127.0.0.1:28100/volume/targets/c0ffee00-0000-4000-8000-000000000012", Rel: "bookmark"},
		},
	}
	if index == 1 {
		target.UpdatedAt = at("2026-11-29T05:30:41.357386+00:00")
	}
	return target
}

// request is what the server expects, and answer what it says.
type request struct {
	method, path, query string
	body                string // JSON; "" for none
	status              int
	answer              string
}

// handle lets the server expect a request.
func handle(t *testing.T, fakeServer th.FakeServer, want request) {
	fakeServer.Mux.HandleFunc(want.path, func(w http.ResponseWriter, r *http.Request) {
		th.TestMethod(t, r, want.method)
		th.AssertEquals(t, want.query, r.URL.RawQuery)
		if want.body != "" {
			th.TestJSONRequest(t, r, want.body)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(want.status)
		fmt.Fprint(w, want.answer)
	})
}

func at(text string) time.Time {
	when, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return when
}
