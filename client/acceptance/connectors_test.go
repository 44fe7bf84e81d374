//go:build acceptance

package acceptance

import (
	"testing"

	"ironhook/client/baremetal/v1/volumeconnectors"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/pagination"
	th "github.com/gophercloud/gophercloud/v2/testhelper"
)

func TestConnectors(t *testing.T) {
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			client := connect(t, version)
			node := createNode(t, client)
			created := createConnector(t, client, node, volumeconnectors.TypeIQN, "iqn.2017-08.org.example:"+node)
			th.AssertEquals(t, node, created.NodeUUID)
			th.AssertDeepEquals(t, map[string]any{"rack": 7.0}, created.Extra)
			th.AssertEquals(t, false, created.CreatedAt.IsZero())
			th.AssertEquals(t, true, created.UpdatedAt.IsZero())

			got, err := volumeconnectors.Get(t.Context(), client, created.UUID).Extract()
			th.AssertNoErr(t, err)
			th.AssertDeepEquals(t, created, got)

			updated, err := volumeconnectors.Update(t.Context(), client, created.UUID, volumeconnectors.UpdateOpts{
				volumeconnectors.UpdateOperation{Op: volumeconnectors.ReplaceOp, Path: "/type", Value: volumeconnectors.TypeWWPN},
				volumeconnectors.UpdateOperation{Op: volumeconnectors.ReplaceOp, Path: "/connector_id", Value: "wwpn:" + node},
				volumeconnectors.UpdateOperation{Op: volumeconnectors.AddOp, Path: "/extra/bay", Value: nil},
				volumeconnectors.UpdateOperation{Op: volumeconnectors.RemoveOp, Path: "/extra/rack"},
			}).Extract()
			th.AssertNoErr(t, err)
			th.AssertEquals(t, "wwpn", updated.Type)
			th.AssertEquals(t, "wwpn:"+node, updated.ConnectorID)
			th.AssertDeepEquals(t, map[string]any{"bay": nil}, updated.Extra)
			th.AssertEquals(t, false, updated.UpdatedAt.IsZero())

			th.AssertNoErr(t, volumeconnectors.Delete(t.Context(), client, created.UUID).ExtractErr())
			refused(t, volumeconnectors.Get(t.Context(), client, created.UUID).Err, 404)
			refused(t, volumeconnectors.Delete(t.Context(), client, created.UUID).Err, 404)
		})
	}
}

// A page that is asked for by node is followed by one of the same node.
func TestConnectorPages(t *testing.T) {
	client := connect(t, "latest")
	mine, other := createNode(t, client), createNode(t, client)
	var want []string
	for _, kind := range []string{volumeconnectors.TypeIQN, volumeconnectors.TypeIP, volumeconnectors.TypeMAC} {
		want = append(want, createConnector(t, client, mine, kind, mine).UUID)
		createConnector(t, client, other, kind, other)
	}
	opts := volumeconnectors.ListOpts{Node: mine, Limit: 1, SortKey: "created_at", SortDir: "asc"}
	for name, pager := range map[string]pagination.Pager{
		"List":       volumeconnectors.List(client, opts),
		"ListDetail": volumeconnectors.ListDetail(client, opts),
	} {
		page, err := pager.AllPages(t.Context())
		th.AssertNoErr(t, err)
		found, err := volumeconnectors.ExtractConnectors(page)
		th.AssertNoErr(t, err)
		var got []string
		for _, connector := range found {
			got = append(got, connector.UUID)
			if detailed := connector.Extra["rack"] == 7.0; detailed != (name == "ListDetail") {
				t.Errorf("%s: extra is %v", name, connector.Extra)
			}
		}
		th.AssertDeepEquals(t, want, got)
	}
	page, err := volumeconnectors.List(client, volumeconnectors.ListOpts{Node: mine, Fields: []string{"type"}}).AllPages(t.Context())
	th.AssertNoErr(t, err)
	found, err := volumeconnectors.ExtractConnectors(page)
	th.AssertNoErr(t, err)
	th.AssertEquals(t, 3, len(found))
	th.AssertEquals(t, "", found[0].UUID+found[0].ConnectorID)
}

func TestConnectorsRefused(t *testing.T) {
	client := connect(t, "latest")
	node := createNode(t, client)
	created := createConnector(t, client, node, volumeconnectors.TypeIQN, node)
	again := volumeconnectors.CreateOpts{NodeUUID: node, Type: created.Type, ConnectorID: created.ConnectorID}
	refused(t, volumeconnectors.Create(t.Context(), client, again).Err, 409)
	refused(t, volumeconnectors.Create(t.Context(), connect(t, "1.31"), again).Err, 404)
	refused(t, volumeconnectors.Update(t.Context(), client, created.UUID, volumeconnectors.UpdateOpts{
		volumeconnectors.UpdateOperation{Op: volumeconnectors.ReplaceOp, Path: "/uuid", Value: node},
	}).Err, 400)
	incomplete(t, volumeconnectors.Create(t.Context(), client, volumeconnectors.CreateOpts{NodeUUID: node, Type: "iqn"}).Err, "ConnectorID")
}

func createConnector(t *testing.T, client *gophercloud.ServiceClient, node, kind, id string) *volumeconnectors.Connector {
	t.Helper()
	connector, err := volumeconnectors.Create(t.Context(), client, volumeconnectors.CreateOpts{
		NodeUUID: node, Type: kind, ConnectorID: id, Extra: map[string]any{"rack": 7},
	}).Extract()
	th.AssertNoErr(t, err)
	return connector
}
