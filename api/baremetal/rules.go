package baremetalapi

import "ironhook/fleet"

// rules are those of the records that the request's microversion knows.
func (c *call) rules() fleet.Rules {
	r := fleet.Rules{
		Enrols:           c.Minor >= 11,
		TargetRAID:       c.Minor >= 12,
		ChassisRemovable: c.Minor >= 25,
		InspectingLocks:  c.Minor >= 39,
		Backfill:         c.Minor >= 58,
		AgentToken:       c.Minor >= 62,
		NetworkType:      c.Minor >= 64,
	}
	switch {
	case c.Minor >= 10:
		r.Names = fleet.AnyNames
	case c.Minor >= 5:
		r.Names = fleet.HostNames
	}
	return r
}
