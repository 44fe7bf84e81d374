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

// Export is one local volume made reachable for one node: who may log in to
// what, and with which secret. It exists from attach to detach and is the only
// thing the iSCSI target asks at login.
type Export struct {
	TargetUUID string // the volume target it serves
	NodeUUID   string
	IQN        string // of the target
	Initiator  string // IQN that may log in
	User       string // CHAP
	Secret     string // CHAP; at least 12 bytes (RFC 7143 section 9.2.1)
	Volume     string // name of the local volume
	CreatedAt  time.Time
}
