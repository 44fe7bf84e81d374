package storage

import (
	"bytes"
	"fmt"

	"ironhook/baremetal"
	"ironhook/block/scsi"
)

// bound keeps persistent reservations for one grant of a volume. They end with it, also
// where nobody was there to take them away: the machine did not log in between a restart
// of ours and its end, or we were killed just then. Whoever is given the volume next
// finds nothing.
type bound struct {
	scsi.Keeper
	export string
}

// grantID tells a grant from every other one, those of the same target included.
func grantID(g *baremetal.Grant) string {
	return fmt.Sprintf("%s %d\n", g.IQN, g.CreatedAt.UnixMicro())
}

// Load returns what was last saved for this export.
func (b bound) Load() ([]byte, error) {
	data, err := b.Keeper.Load()
	rest, mine := bytes.CutPrefix(data, []byte(b.export))
	if err != nil || !mine {
		return nil, err
	}
	return rest, nil
}

// Save puts the export before the data.
func (b bound) Save(data []byte) error {
	if len(data) == 0 {
		return b.Keeper.Save(nil)
	}
	return b.Keeper.Save(append([]byte(b.export), data...))
}
