package appliance

import (
	"maps"
	"strings"
	"testing"
	"time"

	"ironhook/internal/limit"
)

// TestNewsOfLimits: a limit is told once an hour, however often it is reached; a wait of an honest peer never.
func TestNewsOfLimits(t *testing.T) {
	news := newsOfLimits{}
	begun := time.Now()
	for _, c := range []struct {
		after  time.Duration
		counts map[limit.Name]uint64
		want   string
	}{
		{0, map[limit.Name]uint64{limit.TFTPTransfers: 0}, ""},
		{0, map[limit.Name]uint64{limit.TFTPTransfers: 2, limit.ImagesRunning: 5}, "Limit tftp_transfers reached, 2 times"},
		{10 * time.Second, map[limit.Name]uint64{limit.TFTPTransfers: 5000}, ""},
		{20 * time.Second, map[limit.Name]uint64{limit.TFTPTransfers: 5000, limit.APIRequests: 1},
			"Limit api_requests_of_client reached, 1 times"},
		{time.Hour, map[limit.Name]uint64{limit.TFTPTransfers: 9000}, "Limit tftp_transfers reached, 8998 times"},
		{3 * time.Hour, map[limit.Name]uint64{limit.TFTPTransfers: 9000}, ""},
	} {
		got := strings.Join(news.take(begun.Add(c.after), maps.All(c.counts)), "\n")
		if !strings.HasPrefix(got, c.want) || (c.want == "") != (got == "") {
			t.Errorf("after %v: %q, want %q", c.after, got, c.want)
		}
	}
}
