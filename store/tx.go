package store

import (
	"context"
	"database/sql/driver"
	"time"

	"ironhook/baremetal"
)

// Tx is one transaction of [Store.View] or [Store.Update]. It is for one goroutine and
// ends when the function that received it returns.
type Tx struct {
	ctx context.Context
	sql *session
	now time.Time
}

// Now is the time of the transaction: every row it writes carries the same.
func (tx *Tx) Now() time.Time { return tx.now }

// exec and query run a statement unless the context of the transaction has ended.
func (tx *Tx) exec(statement string, args ...any) (driver.Result, error) {
	if err := tx.ctx.Err(); err != nil {
		return nil, err
	}
	return tx.sql.exec(statement, args...)
}

func (tx *Tx) query(statement string, args ...any) (driver.Rows, error) {
	if err := tx.ctx.Err(); err != nil {
		return nil, err
	}
	return tx.sql.query(statement, args...)
}

// The sets of rows, one a kind.

// Nodes are identified by UUID or name.
func (tx *Tx) Nodes() Set[baremetal.Node] { return Set[baremetal.Node]{tx, nodes} }

// Ports are identified by UUID, MAC address or name.
func (tx *Tx) Ports() Set[baremetal.Port] { return Set[baremetal.Port]{tx, ports} }

// Connectors are identified by UUID.
func (tx *Tx) Connectors() Set[baremetal.VolumeConnector] {
	return Set[baremetal.VolumeConnector]{tx, connectors}
}

// Targets are identified by UUID.
func (tx *Tx) Targets() Set[baremetal.VolumeTarget] {
	return Set[baremetal.VolumeTarget]{tx, targets}
}

// Grants are identified by their IQN, or by the UUID of their volume target.
func (tx *Tx) Grants() Set[baremetal.Grant] { return Set[baremetal.Grant]{tx, grants} }

// Logins are identified by the hash of their token.
func (tx *Tx) Logins() Set[baremetal.Login] { return Set[baremetal.Login]{tx, logins} }

// Leases are identified by MAC address or by IP address.
func (tx *Tx) Leases() Set[baremetal.Lease] { return Set[baremetal.Lease]{tx, leases} }
