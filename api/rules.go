package api

import "ironhook/fleet"

// rules are those of the records that the request's microversion knows.
func (c *call) rules() fleet.Rules {
	r := fleet.Rules{
		Enrols:           c.minor >= 11,
		TargetRAID:       c.minor >= 12,
		ChassisRemovable: c.minor >= 25,
		InspectingLocks:  c.minor >= 39,
		Backfill:         c.minor >= 58,
		AgentToken:       c.minor >= 62,
		NetworkType:      c.minor >= 64,
	}
	switch {
	case c.minor >= 10:
		r.Names = fleet.AnyNames
	case c.minor >= 5:
		r.Names = fleet.HostNames
	}
	return r
}
