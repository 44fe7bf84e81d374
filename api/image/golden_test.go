package image

import (
	"net/http/httptest"
	"testing"

	"ironhook/internal/replay"
)

// TestGolden replays every recorded exchange with a real Glance 33 and allows no difference
// but those listed in testdata/golden/deviations.txt.
func TestGolden(t *testing.T) {
	replay.Suite{Folder: "testdata/golden", Groups: 2, Start: func(t *testing.T) string {
		s := httptest.NewServer(newAPI(t, 0))
		t.Cleanup(s.Close)
		return s.URL + "/image"
	}}.Run(t)
}
