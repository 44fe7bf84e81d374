package storage

import (
	"bytes"
	"fmt"

	"ironhook/baremetal"
	"ironhook/block/scsi"
)

// exportKeeper stores the persistent reservations of one grant of a volume. Reservations of
// an earlier grant are ignored, so the next machine never meets them, even if they could
// not be removed in time: the machine did not log in between our restart and the end of the
// grant, or we were killed just then.
type exportKeeper struct {
	scsi.Keeper
	export string
}

// grantID identifies a grant, also among those of the same target.
func grantID(g *baremetal.Grant) string {
	return fmt.Sprintf("%s %d\n", g.IQN, g.CreatedAt.UnixMicro())
}

// Load returns the data last saved for this grant.
func (k exportKeeper) Load() ([]byte, error) {
	data, err := k.Keeper.Load()
	rest, mine := bytes.CutPrefix(data, []byte(k.export))
	if err != nil || !mine {
		return nil, err
	}
	return rest, nil
}

// Save stores the data after the id of the grant.
func (k exportKeeper) Save(data []byte) error {
	if len(data) == 0 {
		return k.Keeper.Save(nil)
	}
	return k.Keeper.Save(append([]byte(k.export), data...))
}
