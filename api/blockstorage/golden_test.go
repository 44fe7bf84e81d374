package blockstorage

import (
	"testing"

	"ironhook/internal/replay"
)

// TestGolden replays every recorded exchange with a real Cinder 29 and allows no
// difference but those listed in testdata/golden/deviations.txt.
func TestGolden(t *testing.T) {
	replay.Suite{Folder: "testdata/golden", Groups: 5, Start: func(t *testing.T) string { return newLab(t).URL + "/volume" }}.Run(t)
}
