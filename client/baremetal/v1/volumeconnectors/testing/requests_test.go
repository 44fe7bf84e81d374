package testing

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"ironhook/client/baremetal/v1/volumeconnectors"

	"github.com/gophercloud/gophercloud/v2"
	th "github.com/gophercloud/gophercloud/v2/testhelper"
	"github.com/gophercloud/gophercloud/v2/testhelper/client"
)

func TestList(t *testing.T) {
	fakeServer := th.SetupHTTP()
	defer fakeServer.Teardown()
	handle(t, fakeServer, request{method: "GET", path: "/volume/connectors",
		query: "fields=uuid%2Cnode_uuid&limit=5&node=n&sort_dir=desc&sort_key=uuid", status: 200, answer: listBody})
	page, err := volumeconnectors.List(client.ServiceClient(fakeServer), volumeconnectors.ListOpts{
		Node: "n", Fields: []string{"uuid", "node_uuid"}, Limit: 5, SortKey: "uuid", SortDir: "desc",
	}).AllPages(context.TODO())
	th.AssertNoErr(t, err)
	actual, err := volumeconnectors.ExtractConnectors(page)
	th.AssertNoErr(t, err)
	th.CheckDeepEquals(t, []volumeconnectors.Connector{listed}, actual)
}

func TestListDetail(t *testing.T) {
	for name, opts := range map[string]volumeconnectors.ListOptsBuilder{
		"detail=true": nil, "detail=true&marker=m&node=n": volumeconnectors.ListOpts{Node: "n", Marker: "m"},
	} {
		t.Run(name, func(t *testing.T) {
			fakeServer := th.SetupHTTP()
			defer fakeServer.Teardown()
			handle(t, fakeServer, request{method: "GET", path: "/volume/connectors", query: name, status: 200, answer: listDetailBody})
			page, err := volumeconnectors.ListDetail(client.ServiceClient(fakeServer), opts).AllPages(context.TODO())
			th.AssertNoErr(t, err)
			actual, err := volumeconnectors.ExtractConnectors(page)
			th.AssertNoErr(t, err)
			th.CheckDeepEquals(t, []volumeconnectors.Connector{detailed}, actual)
		})
	}
}

func TestListEmpty(t *testing.T) {
	fakeServer := th.SetupHTTP()
	defer fakeServer.Teardown()
	handle(t, fakeServer, request{method: "GET", path: "/volume/connectors", status: 200, answer: `{"connectors": []}`})
	page, err := volumeconnectors.List(client.ServiceClient(fakeServer), nil).AllPages(context.TODO())
	th.AssertNoErr(t, err)
	actual, err := volumeconnectors.ExtractConnectors(page)
	th.AssertNoErr(t, err)
	th.AssertEquals(t, 0, len(actual))
}

// Ironic leaves the filter out of the link to the next page, and lets a full last page
// be followed by an empty one.
func TestListPages(t *testing.T) {
	fakeServer := th.SetupHTTP()
	defer fakeServer.Teardown()
	fakeServer.Mux.HandleFunc("/volume/connectors", func(w http.ResponseWriter, r *http.Request) {
		th.AssertEquals(t, "n", r.URL.Query().Get("node"))
		w.Header().Set("Content-Type", "application/json")
		switch marker := r.URL.Query().Get("marker"); marker {
		case "":
			fmt.Fprintf(w, firstPage, fakeServer.Server.URL)
		case secondPage:
			fmt.Fprint(w, `{"connectors": []}`)
		default:
			t.Errorf("a page behind %q was asked for", marker)
		}
	})
	page, err := volumeconnectors.List(client.ServiceClient(fakeServer),
		volumeconnectors.ListOpts{Node: "n", Limit: 1}).AllPages(context.TODO())
	th.AssertNoErr(t, err)
	actual, err := volumeconnectors.ExtractConnectors(page)
	th.AssertNoErr(t, err)
	th.AssertEquals(t, secondPage, actual[len(actual)-1].UUID)
}

func TestListDetailRefusesFields(t *testing.T) {
	_, err := volumeconnectors.ListOpts{Fields: []string{"uuid"}}.ToConnectorListDetailQuery()
	th.AssertEquals(t, "fields is not a valid option when getting a detailed listing of volume connectors", err.Error())
	fakeServer := th.SetupHTTP() // which expects nothing
	defer fakeServer.Teardown()
	_, err = volumeconnectors.ListDetail(client.ServiceClient(fakeServer),
		volumeconnectors.ListOpts{Fields: []string{"uuid"}}).AllPages(context.TODO())
	th.AssertErr(t, err)
}

func TestGet(t *testing.T) {
	fakeServer := th.SetupHTTP()
	defer fakeServer.Teardown()
	handle(t, fakeServer, request{method: "GET", path: "/volume/connectors/" + detailed.UUID, status: 200, answer: singleBody})
	actual, err := volumeconnectors.Get(context.TODO(), client.ServiceClient(fakeServer), detailed.UUID).Extract()
	th.AssertNoErr(t, err)
	th.CheckDeepEquals(t, detailed, *actual)
}

// What a caller takes for a UUID does not lead to another resource.
func TestGetEscapes(t *testing.T) {
	fakeServer := th.SetupHTTP()
	defer fakeServer.Teardown()
	fakeServer.Mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		th.AssertEquals(t, "/volume/connectors/..%2F..%2Fnodes%2Fn%3Fa", r.URL.EscapedPath())
		w.WriteHeader(http.StatusBadRequest)
	})
	err := volumeconnectors.Get(context.TODO(), client.ServiceClient(fakeServer), "../../nodes/n?a").Err
	th.AssertTrue(t, gophercloud.ResponseCodeIs(err, http.StatusBadRequest))
}

func TestCreate(t *testing.T) {
	fakeServer := th.SetupHTTP()
	defer fakeServer.Teardown()
	handle(t, fakeServer, request{method: "POST", path: "/volume/connectors", body: createRequest, status: 201, answer: singleBody})
	actual, err := volumeconnectors.Create(context.TODO(), client.ServiceClient(fakeServer), create).Extract()
	th.AssertNoErr(t, err)
	th.CheckDeepEquals(t, detailed, *actual)
}

func TestCreateNeeds(t *testing.T) {
	for missing, opts := range map[string]volumeconnectors.CreateOpts{
		"NodeUUID":    {Type: "iqn", ConnectorID: "c"},
		"Type":        {NodeUUID: "n", ConnectorID: "c"},
		"ConnectorID": {NodeUUID: "n", Type: "iqn"},
	} {
		var err gophercloud.ErrMissingInput
		if _, got := opts.ToConnectorCreateMap(); !errors.As(got, &err) || err.Argument != missing {
			t.Errorf("without %s: %v", missing, got)
		}
	}
}

func TestUpdate(t *testing.T) {
	fakeServer := th.SetupHTTP()
	defer fakeServer.Teardown()
	handle(t, fakeServer, request{method: "PATCH", path: "/volume/connectors/" +
		detailed.UUID, body: updateRequest, status: 200, answer: updatedBody})
	actual, err := volumeconnectors.Update(context.TODO(), client.ServiceClient(fakeServer), detailed.UUID, update).Extract()
	th.AssertNoErr(t, err)
	th.CheckDeepEquals(t, updated, *actual)
}

func TestUpdateNeeds(t *testing.T) {
	for missing, operation := range map[string]volumeconnectors.UpdateOperation{
		"Op": {Path: "/extra/a", Value: 1}, "Path": {Op: volumeconnectors.RemoveOp},
	} {
		var err gophercloud.ErrMissingInput
		got := volumeconnectors.Update(context.TODO(), nil, detailed.UUID, volumeconnectors.UpdateOpts{operation}).Err
		if !errors.As(got, &err) || err.Argument != missing {
			t.Errorf("without %s: %v", missing, got)
		}
	}
}

func TestDelete(t *testing.T) {
	fakeServer := th.SetupHTTP()
	defer fakeServer.Teardown()
	handle(t, fakeServer, request{method: "DELETE", path: "/volume/connectors/" + detailed.UUID, status: 204})
	th.AssertNoErr(t, volumeconnectors.Delete(context.TODO(), client.ServiceClient(fakeServer), detailed.UUID).ExtractErr())
}

func TestDeleteRefused(t *testing.T) {
	fakeServer := th.SetupHTTP()
	defer fakeServer.Teardown()
	handle(t, fakeServer, request{method: "DELETE", path: "/volume/connectors/" + detailed.UUID, status: 404, answer: notFoundBody})
	err := volumeconnectors.Delete(context.TODO(), client.ServiceClient(fakeServer), detailed.UUID).ExtractErr()
	th.AssertTrue(t, gophercloud.ResponseCodeIs(err, http.StatusNotFound))
}
