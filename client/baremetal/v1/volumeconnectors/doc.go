/*
Package volumeconnectors manages the volume connectors of the OpenStack Bare Metal
API: what a storage system knows a node by, such as the name of its iSCSI initiator.
They need microversion 1.32 or later.

API reference: https://docs.openstack.org/api-ref/baremetal/#volume-connectors

Example to List the Volume Connectors of a Node

	pager := volumeconnectors.ListDetail(client, volumeconnectors.ListOpts{Node: "pc-07"})
	err := pager.EachPage(context.TODO(), func(_ context.Context, page pagination.Page) (bool, error) {
		connectors, err := volumeconnectors.ExtractConnectors(page)
		if err != nil {
			return false, err
		}
		for _, connector := range connectors {
			fmt.Println(connector.Type, connector.ConnectorID)
		}
		return true, nil
	})
	if err != nil {
		panic(err)
	}

Example to Create a Volume Connector

	connector, err := volumeconnectors.Create(context.TODO(), client, volumeconnectors.CreateOpts{
		NodeUUID:    "6d85703a-565d-469a-96ce-30b6de53079d",
		Type:        volumeconnectors.TypeIQN,
		ConnectorID: "iqn.2017-07.org.openstack:01:d9a51732c3f",
	}).Extract()
	if err != nil {
		panic(err)
	}

Example to Get a Volume Connector

	connector, err := volumeconnectors.Get(context.TODO(), client, "9bf93e01-d728-47a3-ad4b-5e66a835037c").Extract()
	if err != nil {
		panic(err)
	}

Example to Update a Volume Connector

	connector, err := volumeconnectors.Update(context.TODO(), client, "9bf93e01-d728-47a3-ad4b-5e66a835037c",
		volumeconnectors.UpdateOpts{
			volumeconnectors.UpdateOperation{
				Op:    volumeconnectors.ReplaceOp,
				Path:  "/connector_id",
				Value: "iqn.2017-07.org.openstack:02:10190a4153e",
			},
		}).Extract()
	if err != nil {
		panic(err)
	}

Example to Delete a Volume Connector

	err := volumeconnectors.Delete(context.TODO(), client, "9bf93e01-d728-47a3-ad4b-5e66a835037c").ExtractErr()
	if err != nil {
		panic(err)
	}
*/
package volumeconnectors
