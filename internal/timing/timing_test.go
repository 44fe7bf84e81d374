package timing

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestWrite: the buckets of a histogram are cumulative, and labels are sorted.
func TestWrite(t *testing.T) {
	s := New()
	for _, seconds := range []float64{.0005, .001, .3, 3600} {
		s.add(Key{"tftp", "read", "ok"}, seconds)
	}
	s.Since(time.Now(), Key{"dhcp", "DISCOVER", "ok"})
	var b strings.Builder
	if err := s.Write(&b); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`# TYPE ironhook_request_duration_seconds histogram`,
		`ironhook_request_duration_seconds_bucket{server="tftp",what="read",outcome="ok",le="0.001"} 2`,
		`ironhook_request_duration_seconds_bucket{server="tftp",what="read",outcome="ok",le="0.1"} 2`,
		`ironhook_request_duration_seconds_bucket{server="tftp",what="read",outcome="ok",le="0.5"} 3`,
		`ironhook_request_duration_seconds_bucket{server="tftp",what="read",outcome="ok",le="600"} 3`,
		`ironhook_request_duration_seconds_bucket{server="tftp",what="read",outcome="ok",le="+Inf"} 4`,
		`ironhook_request_duration_seconds_count{server="tftp",what="read",outcome="ok"} 4`,
		`ironhook_request_duration_seconds_sum{server="tftp",what="read",outcome="ok"} 3600.3015`,
	} {
		if !strings.Contains(b.String(), line+"\n") {
			t.Errorf("no line %s in\n%s", line, b.String())
		}
	}
	if strings.Index(b.String(), `server="dhcp"`) > strings.Index(b.String(), `server="tftp"`) {
		t.Error("not sorted")
	}
}

// TestLimit: no more labels than there is room for; a nil set takes everything.
func TestLimit(t *testing.T) {
	s := New()
	for i := range 2 * most {
		s.add(Key{Server: fmt.Sprint(i)}, 1)
	}
	if len(s.samples) != most {
		t.Errorf("%d labels, want %d", len(s.samples), most)
	}
	var none *Set
	none.Since(time.Now(), Key{})
}
