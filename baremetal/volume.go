package baremetal

import "time"

// VolumeConnector is how a node identifies itself to storage: its initiator
// IQN, an IP address, a WWPN. (Type, ConnectorID) is unique across all nodes.
type VolumeConnector struct {
	ID          int64
	UUID        string
	NodeUUID    string
	Type        string // iqn, ip, mac, wwnn, wwpn, port, portgroup
	ConnectorID string
	CreatedAt   time.Time
	UpdatedAt   time.Time
	Extra       Object
}

// VolumeTarget is one volume of a node. (NodeUUID, BootIndex) is unique; index 0
// is the one the node boots from.
type VolumeTarget struct {
	ID         int64
	UUID       string
	NodeUUID   string
	VolumeType string // iscsi, fibre_channel
	BootIndex  int64
	VolumeID   string // of the storage; for the managed interface the name of a local volume
	Properties Object // target_portal, target_iqn, target_lun, auth_method, auth_username, auth_password
	CreatedAt  time.Time
	UpdatedAt  time.Time
	Extra      Object
}
