/*
Package volumetargets manages the volume targets of the OpenStack Bare Metal API: the
volumes that a node boots from or uses as disks. They need microversion 1.32 or later.

API reference: https://docs.openstack.org/api-ref/baremetal/#volume-targets

Example to List the Volume Targets of a Node

	pager := volumetargets.ListDetail(client, volumetargets.ListOpts{Node: "pc-07"})
	err := pager.EachPage(context.TODO(), func(_ context.Context, page pagination.Page) (bool, error) {
		targets, err := volumetargets.ExtractTargets(page)
		if err != nil {
			return false, err
		}
		for _, target := range targets {
			fmt.Println(target.BootIndex, target.VolumeID)
		}
		return true, nil
	})
	if err != nil {
		panic(err)
	}

Example to Create a Volume Target

	target, err := volumetargets.Create(context.TODO(), client, volumetargets.CreateOpts{
		NodeUUID:   "6d85703a-565d-469a-96ce-30b6de53079d",
		VolumeType: volumetargets.VolumeTypeISCSI,
		BootIndex:  0,
		VolumeID:   "04452bed-5367-4202-8bf5-de4335ac56d2",
		Properties: map[string]any{
			"target_portal": "192.0.2.7:3260",
			"target_iqn":    "iqn.2017-08.org.example:pc-07",
			"target_lun":    0,
		},
	}).Extract()
	if err != nil {
		panic(err)
	}

Example to Get a Volume Target

	target, err := volumetargets.Get(context.TODO(), client, "bd4d008c-7d31-463d-abf9-6c23d9d55f7f").Extract()
	if err != nil {
		panic(err)
	}

Example to Update a Volume Target

	target, err := volumetargets.Update(context.TODO(), client, "bd4d008c-7d31-463d-abf9-6c23d9d55f7f",
		volumetargets.UpdateOpts{
			volumetargets.UpdateOperation{
				Op:    volumetargets.ReplaceOp,
				Path:  "/properties/target_lun",
				Value: 1,
			},
		}).Extract()
	if err != nil {
		panic(err)
	}

Example to Delete a Volume Target

	err := volumetargets.Delete(context.TODO(), client, "bd4d008c-7d31-463d-abf9-6c23d9d55f7f").ExtractErr()
	if err != nil {
		panic(err)
	}
*/
package volumetargets
