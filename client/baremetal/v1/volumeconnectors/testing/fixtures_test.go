package testing

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"ironhook/client/baremetal/v1/volumeconnectors"

	th "github.com/gophercloud/gophercloud/v2/testhelper"
)

// The answers are those of Ironic 39.0 (API 1.115) and 21.4 (API 1.82), as recorded.

// listBody answers List.
const listBody = `
{
    "connectors": [
        {
            "uuid": "c0ffee00-0000-4000-8000-000000000011",
            "connector_id": "iqn.c",
            "type": "iqn",
            "links": [
                {
                    "href": "http://127.0.0.1:28100/v1/volume/connectors/c0ffee00-0000-4000-8000-000000000011",
                    "rel": "self"
                },
                {
                    "href": "http://127.0.0.1:28100/volume/connectors/c0ffee00-0000-4000-8000-000000000011",
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
    "connectors": [
        {
            "uuid": "c0ffee00-0000-4000-8000-000000000011",
            "created_at": "2026-11-29T05:30:41.000393+00:00",
            "updated_at": null,
            "connector_id": "iqn.c",
            "extra": {},
            "type": "iqn",
            "links": [
                {
                    "href": "http://127.0.0.1:28100/v1/volume/connectors/c0ffee00-0000-4000-8000-000000000011",
                    "rel": "self"
                },
                {
                    "href": "http://127.0.0.1:28100/volume/connectors/c0ffee00-0000-4000-8000-000000000011",
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
    "connectors": [
        {
            "uuid": "c0ffee00-0000-4000-8000-000000000300",
            "connector_id": "iqn.2017-08.org.openstack.c0ffee00-0000-4000-8000-000000000001",
            "type": "iqn",
            "links": [
                {
                    "href": "http://127.0.0.1:16385/v1/volume/connectors/c0ffee00-0000-4000-8000-000000000300",
                    "rel": "self"
                },
                {
                    "href": "http://127.0.0.1:16385/volume/connectors/c0ffee00-0000-4000-8000-000000000300",
                    "rel": "bookmark"
                }
            ],
            "node_uuid": "c0ffee00-0000-4000-8000-000000000001"
        },
        {
            "uuid": "c0ffee00-0000-4000-8000-000000000301",
            "connector_id": "192.168.7.7",
            "type": "ip",
            "links": [
                {
                    "href": "http://127.0.0.1:16385/v1/volume/connectors/c0ffee00-0000-4000-8000-000000000301",
                    "rel": "self"
                },
                {
                    "href": "http://127.0.0.1:16385/volume/connectors/c0ffee00-0000-4000-8000-000000000301",
                    "rel": "bookmark"
                }
            ],
            "node_uuid": "c0ffee00-0000-4000-8000-000000000001"
        }
    ],
    "next": "%s/volume/connectors?sort_key=id&sort_dir=asc&fields=uuid,node_uuid,type,connector_id&limit=2&marker=c0ffee00-0000-4000-8000-000000000301"
}
`

// secondPage is the marker of the page behind the first.
const secondPage = "c0ffee00-0000-4000-8000-000000000301"

// singleBody answers Get and Create.
const singleBody = `
{
    "uuid": "c0ffee00-0000-4000-8000-000000000011",
    "created_at": "2026-11-29T05:30:41.000393+00:00",
    "updated_at": null,
    "connector_id": "iqn.c",
    "extra": {},
    "type": "iqn",
    "links": [
        {
            "href": "http://127.0.0.1:28100/v1/volume/connectors/c0ffee00-0000-4000-8000-000000000011",
            "rel": "self"
        },
        {
            "href": "http://127.0.0.1:28100/volume/connectors/c0ffee00-0000-4000-8000-000000000011",
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
    "uuid": "c0ffee00-0000-4000-8000-000000000011",
    "type": "iqn",
    "connector_id": "iqn.c"
}
`

// updateRequest is the body of Update.
const updateRequest = `
[
    {
        "op": "replace",
        "path": "/type",
        "value": "wwnn"
    },
    {
        "op": "replace",
        "path": "/connector_id",
        "value": "50:01"
    }
]
`

// updatedBody answers Update.
const updatedBody = `
{
    "uuid": "c0ffee00-0000-4000-8000-000000000300",
    "created_at": "2026-11-22T04:34:53.032071+00:00",
    "updated_at": "2026-11-22T04:34:56.808175+00:00",
    "connector_id": "50:01",
    "extra": {
        "k": "v"
    },
    "type": "wwnn",
    "links": [
        {
            "href": "http://127.0.0.1:16385/v1/volume/connectors/c0ffee00-0000-4000-8000-000000000300",
            "rel": "self"
        },
        {
            "href": "http://127.0.0.1:16385/volume/connectors/c0ffee00-0000-4000-8000-000000000300",
            "rel": "bookmark"
        }
    ],
    "node_uuid": "c0ffee00-0000-4000-8000-000000000001"
}
`

// notFoundBody answers a request for what is not there.
const notFoundBody = `
{
    "error_message": "{\"faultcode\": \"Client\", \"faultstring\": \"Volume connector c0ffee00-0000-4000-8000-000000000300 could not be found.\", \"debuginfo\": null}"
}
`

var (
	create = volumeconnectors.CreateOpts{
		NodeUUID: "c0ffee00-0000-4000-8000-000000000001", UUID: "c0ffee00-0000-4000-8000-000000000011",
		Type: volumeconnectors.TypeIQN, ConnectorID: "iqn.c",
	}
	update = volumeconnectors.UpdateOpts{
		volumeconnectors.UpdateOperation{Op: volumeconnectors.ReplaceOp, Path: "/type", Value: volumeconnectors.TypeWWNN},
		volumeconnectors.UpdateOperation{Op: volumeconnectors.ReplaceOp, Path: "/connector_id", Value: "50:01"},
	}
	listed = volumeconnectors.Connector{
		UUID: "c0ffee00-0000-4000-8000-000000000011", NodeUUID: "c0ffee00-0000-4000-8000-000000000001",
		Type: "iqn", ConnectorID: "iqn.c", Links: []volumeconnectors.Link{
			{Href: "http://127.0.0.1:28100/v1/volume/connectors/c0ffee00-0000-4000-8000-000000000011", Rel: "self"},
			{Href: "http://127.0.0.1:28100/volume/connectors/c0ffee00-0000-4000-8000-000000000011", Rel: "bookmark"},
		},
	}
	detailed = volumeconnectors.Connector{
		UUID: "c0ffee00-0000-4000-8000-000000000011", NodeUUID: "c0ffee00-0000-4000-8000-000000000001",
		Type: "iqn", ConnectorID: "iqn.c", Extra: map[string]any{},
		CreatedAt: at("2026-11-29T05:30:41.000393+00:00"), Links: []volumeconnectors.Link{
			{Href: "http://127.0.0.1:28100/v1/volume/connectors/c0ffee00-0000-4000-8000-000000000011", Rel: "self"},
			{Href: "http://127.0.0.1:28100/volume/connectors/c0ffee00-0000-4000-8000-000000000011", Rel: "bookmark"},
		},
	}
	updated = volumeconnectors.Connector{
		UUID: "c0ffee00-0000-4000-8000-000000000300", NodeUUID: "c0ffee00-0000-4000-8000-000000000001",
		Type: "wwnn", ConnectorID: "50:01", Extra: map[string]any{"k": "v"},
		CreatedAt: at("2026-11-22T04:34:53.032071+00:00"), UpdatedAt: at("2026-11-22T04:34:56.808175+00:00"),
		Links: []volumeconnectors.Link{
			{Href: "http://127.0.0.1:16385/v1/volume/connectors/c0ffee00-0000-4000-8000-000000000300", Rel: "self"},
			{Href: "http://127.0.0.1:16385/volume/connectors/c0ffee00-0000-4000-8000-000000000300", Rel: "bookmark"},
		},
	}
)

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
