package cli_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestMetrics: the records, what happens to them and the process, each line as Prometheus reads it.
func TestMetrics(t *testing.T) {
	r := start(t, t.TempDir())
	scrape := func() string {
		status, body := r.call(t, http.MethodGet, "/metrics", "")
		if status != http.StatusOK {
			t.Fatal(status, body)
		}
		return body
	}
	scrape() // what came before it is not counted
	for _, name := range []string{"one", "two"} {
		if status, body := r.call(t, http.MethodPost, "/v1/nodes",
			`{"driver": "fake-hardware", "name": "`+name+`"}`); status != http.StatusCreated {
			t.Fatal(status, body)
		}
	}
	scrape()
	body := scrape()
	for _, line := range []string{
		`ironhook_nodes{provision_state="enroll",power_state="",maintenance="false",fault=""} 2`, `ironhook_events_total{kind="node"} 2`,
		`ironhook_records{kind="volume"} 0`, `ironhook_tasks 0`, `ironhook_iscsi_sessions{type="normal"} 0`,
	} {
		if !strings.Contains(body, line+"\n") {
			t.Errorf("no line %s in\n%s", line, body)
		}
	}
	sample := regexp.MustCompile(`^[a-z_]+(\{([a-z_]+="[^"]*",?)*\})? [0-9.e+]+$`)
	seen := map[string]bool{}
	for line := range strings.SplitSeq(strings.TrimSpace(body), "\n") {
		if family, ok := strings.CutPrefix(line, "# TYPE "); ok {
			if seen[family] {
				t.Errorf("the family %s stands twice", family)
			}
			seen[family] = true
		}
		if !strings.HasPrefix(line, "# ") && !sample.MatchString(line) {
			t.Errorf("no sample: %q", line)
		}
	}
}
