package lab

import "ironhook/block/iscsi/initiatortest"

// Connection is what Cinder answers to os-initialize_connection of a volume that is reached by iSCSI (Block Storage API v3,
// "Initialize volume attachment").
type Connection struct {
	Info struct {
		Data struct {
			Portal string `json:"target_portal"` // host:port
			IQN    string `json:"target_iqn"`
			User   string `json:"auth_username"`
			Secret string `json:"auth_password"`
		}
	} `json:"connection_info"`
}

// Portal is where the target listens, host:port.
func (c Connection) Portal() string { return c.Info.Data.Portal }

// Options are how the initiator that the connection was made for logs in.
func (c Connection) Options(initiator string) initiatortest.Options {
	d := c.Info.Data
	return initiatortest.Options{Name: initiator, Target: d.IQN, User: d.User, Secret: d.Secret}
}
