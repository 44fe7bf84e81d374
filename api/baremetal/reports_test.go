package baremetalapi

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

// Reports come without a password, and long ones take memory: few are taken at once of one address, and
// those that do not go on give way.
func TestLongReports(t *testing.T) {
	l := newLab(t)
	const long = 2_000_000
	for range 4 * longReportsEach {
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(l.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		const begins = "POST /v1/continue_inspection HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n{"
		if _, err := fmt.Fprintf(c, begins, long); err != nil {
			t.Fatal(err)
		}
	}
	report := `{"inventory": {"interfaces": [{"mac_address": "52:54:00:99:00:01"}], "x": "` + strings.Repeat("x", long) + `"}}`
	seen := map[int]int{}
	for seen[404] == 0 && t.Context().Err() == nil { // there is no such machine
		status, body := l.do(t, "POST", "/v1/continue_inspection", report)
		if seen[status]++; status != 404 && status != 503 {
			t.Fatalf("a long report: %d %s", status, body)
		}
	}
	if seen[503] == 0 {
		t.Error("all long reports are taken at once")
	}
	const short = `{"inventory": {"interfaces": [{"mac_address": "52:54:00:99:00:01"}]}}`
	if status, body := l.do(t, "POST", "/v1/continue_inspection", short); status != 404 {
		t.Errorf("a short report: %d %s", status, body)
	}
}
