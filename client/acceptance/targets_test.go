//go:build acceptance

package acceptance

import (
	"testing"

	"ironhook/client/baremetal/v1/volumetargets"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/pagination"
	th "github.com/gophercloud/gophercloud/v2/testhelper"
)

func TestTargets(t *testing.T) {
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			client := connect(t, version)
			node := createNode(t, client)
			created := createTarget(t, client, node, 0)
			th.AssertEquals(t, node, created.NodeUUID)
			th.AssertEquals(t, 0, created.BootIndex)
			th.AssertEquals(t, 0.0, created.Properties["target_lun"])
			th.AssertEquals(t, "******", created.Properties["auth_password"])

			got, err := volumetargets.Get(t.Context(), client, created.UUID).Extract()
			th.AssertNoErr(t, err)
			th.AssertDeepEquals(t, created, got)

			updated, err := volumetargets.Update(t.Context(), client, created.UUID, volumetargets.UpdateOpts{
				volumetargets.UpdateOperation{Op: volumetargets.ReplaceOp, Path: "/boot_index", Value: 1},
				volumetargets.UpdateOperation{Op: volumetargets.AddOp, Path: "/properties/target_lun", Value: 5},
				volumetargets.UpdateOperation{Op: volumetargets.RemoveOp, Path: "/properties/auth_password"},
			}).Extract()
			th.AssertNoErr(t, err)
			th.AssertEquals(t, 1, updated.BootIndex)
			th.AssertDeepEquals(t, map[string]any{"target_portal": "192.0.2.7:3260", "target_iqn": "iqn.2017-08.org.example:t", "target_lun": 5.0},
				updated.Properties)

			th.AssertNoErr(t, volumetargets.Delete(t.Context(), client, created.UUID).ExtractErr())
			refused(t, volumetargets.Get(t.Context(), client, created.UUID).Err, 404)
		})
	}
}

// A page that is asked for by node is followed by one of the same node.
func TestTargetPages(t *testing.T) {
	client := connect(t, "latest")
	mine, other := createNode(t, client), createNode(t, client)
	for index := range 3 {
		createTarget(t, client, mine, index)
		createTarget(t, client, other, index)
	}
	opts := volumetargets.ListOpts{Node: mine, Limit: 1, SortKey: "boot_index", SortDir: "desc"}
	for name, pager := range map[string]pagination.Pager{
		"List":       volumetargets.List(client, opts),
		"ListDetail": volumetargets.ListDetail(client, opts),
	} {
		page, err := pager.AllPages(t.Context())
		th.AssertNoErr(t, err)
		found, err := volumetargets.ExtractTargets(page)
		th.AssertNoErr(t, err)
		var got []int
		for _, target := range found {
			got = append(got, target.BootIndex)
			th.AssertEquals(t, mine, target.NodeUUID)
			if detailed := len(target.Properties) > 0; detailed != (name == "ListDetail") {
				t.Errorf("%s: properties are %v", name, target.Properties)
			}
		}
		th.AssertDeepEquals(t, []int{2, 1, 0}, got)
	}
}

func TestTargetsRefused(t *testing.T) {
	client := connect(t, "latest")
	node := createNode(t, client)
	createTarget(t, client, node, 0)
	again := volumetargets.CreateOpts{NodeUUID: node, VolumeType: "iscsi", VolumeID: "another"}
	refused(t, volumetargets.Create(t.Context(), client, again).Err, 409)
	refused(t, volumetargets.Create(t.Context(), connect(t, "1.31"), again).Err, 404)
	incomplete(t, volumetargets.Create(t.Context(), client, volumetargets.CreateOpts{NodeUUID: node, VolumeID: "v"}).Err, "VolumeType")
	_, err := volumetargets.ListDetail(client, volumetargets.ListOpts{Fields: []string{"uuid"}}).AllPages(t.Context())
	if err == nil {
		t.Error("all fields and one field were asked for at once")
	}
}

func createTarget(t *testing.T, client *gophercloud.ServiceClient, node string, index int) *volumetargets.Target {
	t.Helper()
	target, err := volumetargets.Create(t.Context(), client, volumetargets.CreateOpts{
		NodeUUID: node, VolumeType: volumetargets.VolumeTypeISCSI, BootIndex: index, VolumeID: "system",
		Properties: map[string]any{"target_portal": "192.0.2.7:3260", "target_iqn": "iqn.2017-08.org.example:t", "target_lun": 0,
			"auth_password": "hush"},
	}).Extract()
	th.AssertNoErr(t, err)
	return target
}
