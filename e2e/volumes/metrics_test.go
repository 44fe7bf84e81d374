package volumes_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bougou/go-ipmi/pkg/types"

	"ironhook/e2e/lab"
	"ironhook/power/ipmi/bmctest"
)

var (
	metricName = regexp.MustCompile(`\b(?:ironhook|go)_[a-z0-9_]+`)
	grouping   = regexp.MustCompile(`by \(([a-z_, ]+)\)`)
	matching   = regexp.MustCompile(`([a-z_]+)(?:=|=~)"`)
)

// TestDashboard holds the queries of the dashboard for Grafana against what GET /metrics gives:
// each metric is one of ours, and so is each label.
func TestDashboard(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the program")
	}
	program, err := lab.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := &cloud{T: t, dir: t.TempDir(), options: []string{"--hardware-types", "fake-hardware,ipmi", "--sensors-every", "10s"}}
	c.serve(program, "none")
	c.withSensors()
	if status, text := c.do("POST", "/v1/nodes", `{"name": "pc", "driver": "fake-hardware"}`); status != http.StatusCreated {
		t.Fatal(text)
	}
	if status, text := c.do("PUT", "/v1/nodes/pc/states/power", `{"target": "power on"}`); status != http.StatusAccepted {
		t.Fatal(text)
	}
	text := c.sensed()
	file, err := os.ReadFile("../../docs/grafana.json")
	c.must(err)
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	c.must(json.Unmarshal(file, &board))
	queries := 0
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			queries++
			if wrong := unknown(target.Expr, text); wrong != "" {
				t.Errorf("%s: %s: %s", p.Title, target.Expr, wrong)
			}
		}
	}
	if queries < 30 {
		t.Errorf("%d queries: the dashboard is not read", queries)
	}
	if unknown(`sum by (planet) (ironhook_nodes)`, text) == "" || unknown("ironhook_nonesuch", text) == "" {
		t.Error("this test accepts everything")
	}
}

// withSensors enrols a machine with a BMC that measures.
func (c *cloud) withSensors() {
	c.Helper()
	bmc, err := bmctest.Start(bmctest.Quirks{Sensors: bmctest.Sensors{{Name: "Inlet", Celsius: 23}}}, []types.CipherSuiteID{17})
	c.must(err)
	c.Cleanup(bmc.Close)
	node := fmt.Sprintf(`{"name": "bmc", "driver": "ipmi", "driver_info": {"ipmi_address": "127.0.0.1", "ipmi_port": %d, "ipmi_username": `+
		`%q, "ipmi_password": %q}}`,
		bmc.Port, bmctest.User, bmctest.Password)
	if status, text := c.do("POST", "/v1/nodes", node); status != http.StatusCreated {
		c.Fatal(text)
	}
	if status, text := c.do("PUT", "/v1/nodes/bmc/states/provision", `{"target": "manage"}`); status != http.StatusAccepted {
		c.Fatal(text)
	}
}

// sensed are the metrics once the sensors are read.
func (c *cloud) sensed() (text string) {
	c.Helper()
	look, late := time.NewTicker(100*time.Millisecond), time.After(time.Minute)
	defer look.Stop()
	for {
		if _, text = c.do("GET", "/metrics", ""); strings.Contains(text, "\nironhook_sensor_health{") {
			return text
		}
		select {
		case <-look.C:
		case <-late:
			c.Fatalf("no sensors after a minute:\n%s", text)
		}
	}
}

// unknown is what a query names and the metrics do not have, "" for nothing.
func unknown(query, metrics string) string {
	name := metricName.FindString(query)
	family := name
	for _, suffix := range []string{"_bucket", "_count", "_sum"} {
		if base := strings.TrimSuffix(name, suffix); strings.Contains(metrics, "# TYPE "+base+" histogram\n") {
			family = base
		}
	}
	if name == "" || !strings.Contains(metrics, "# TYPE "+family+" ") {
		return fmt.Sprintf("no metric %q", name)
	}
	var labels []string
	for _, m := range grouping.FindAllStringSubmatch(query, -1) {
		labels = append(labels, strings.Split(m[1], ", ")...)
	}
	for _, m := range matching.FindAllStringSubmatch(query, -1) {
		labels = append(labels, m[1])
	}
	for _, label := range labels {
		has := regexp.MustCompile(`(?m)^` + name + `\{(?:.*,)?` + label + `=`)
		if strings.HasPrefix(name, "ironhook_iscsi_") && name != "ironhook_iscsi_sessions" {
			continue // there is a sample only while a machine is logged in
		}
		if !has.MatchString(metrics) {
			return fmt.Sprintf("no label %q of %s", label, name)
		}
	}
	return ""
}
