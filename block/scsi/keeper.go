package scsi

import (
	"encoding/json"
	"fmt"
)

// Keeper stores persistent reservations over a restart (APTPL, "activate persist through
// power loss"). A unit calls it one call at a time.
type Keeper interface {
	// Load returns the data last saved, empty if there is none.
	Load() ([]byte, error)
	// Save returns once data is on stable storage. Empty data removes what was saved
	// before.
	Save(data []byte) error
}

// kept is the saved form: JSON, so that an operator can read it.
type kept struct {
	Registrants []registration
	Type        kind   `json:",omitempty"`
	Holder      string `json:",omitempty"`
}

// load restores the saved state. PRGENERATION starts at zero, as after any loss of power.
func (r *reservations) load(k Keeper) error {
	r.keeper = k
	if k == nil {
		return nil
	}
	data, err := k.Load()
	if err != nil || len(data) == 0 {
		return err
	}
	var saved kept
	if err := json.Unmarshal(data, &saved); err != nil {
		return fmt.Errorf("damaged: %w", err)
	}
	if _, known := kinds[saved.Type]; saved.Type != 0 && !known {
		return fmt.Errorf("damaged: reservation of type %d", saved.Type)
	}
	r.persistent = persistent{registrants: saved.Registrants, kind: saved.Type, holder: saved.Holder, keep: true}
	return nil
}

// save saves the next state, or removes the last one if the next is not to be kept.
func (r *reservations) save(next *persistent) error {
	if !next.keep && !r.keep {
		return nil
	}
	if !next.keep {
		return r.keeper.Save(nil)
	}
	data, err := json.Marshal(kept{next.registrants, next.kind, next.holder})
	if err != nil {
		return err
	}
	return r.keeper.Save(data)
}
