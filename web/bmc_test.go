package web

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ironhook/baremetal"
)

// bmc is what the BMC of every machine says, and how often it was asked.
type bmc struct {
	log     baremetal.HardwareLog
	sensors []baremetal.Reading
	err     error
	asked   atomic.Int32
}

func (b *bmc) HardwareLog(context.Context, string) (baremetal.HardwareLog, error) {
	b.asked.Add(1)
	return b.log, b.err
}

func (b *bmc) Sensors(context.Context, string) ([]baremetal.Reading, error) {
	b.asked.Add(1)
	return b.sensors, b.err
}

// withBMC is a room with a machine pc-01 that has this BMC, and one pc-02 without, for a user with a role.
func withBMC(t *testing.T, b *bmc, role baremetal.Role) *room {
	t.Helper()
	r := newRoom(t, func(w *Web) {
		w.HardwareLog, w.Sensors, w.Role = b.HardwareLog, b.Sensors, func(string) baremetal.Role { return role }
	}).enter()
	r.enroll(&baremetal.Node{UUID: "node-1", Name: "pc-01", Interfaces: baremetal.Interfaces{"management": "ipmitool"}}, "52:54:00:00:00:01")
	r.enroll(&baremetal.Node{UUID: "node-2", Name: "pc-02", Interfaces: baremetal.Interfaces{"management": "noop"}}, "52:54:00:00:00:02")
	return r
}

var bmcPages = []string{"/ui/machines/pc-01/sel", "/ui/machines/pc-01/sensors"}

// The machine's page has a button for each question, with its command; a machine without a BMC has none. Only the pages
// of the answers ask.
func TestBMCIsAskedOnDemand(t *testing.T) {
	b := &bmc{}
	r := withBMC(t, b, baremetal.RoleViewer)
	r.pagesSay("/ui/machines/pc-01", []string{`href="/ui/machines/node-1/sel" data-command="ironhook node sel pc-01"`,
		`href="/ui/machines/node-1/sensors" data-command="ironhook node sensors pc-01"`})
	r.pagesSay("/ui/machines/pc-02", nil, "node-2/sel", "node-2/sensors")
	for _, path := range []string{"/ui/", "/ui/machines/nobody/sel", "/ui/machines/nobody/sensors", "/ui/role.css"} {
		r.get(path)
	}
	if r.follow("/ui/events?machine=node-1&after=0").next(); b.asked.Load() != 0 {
		t.Errorf("the BMC was asked %d times by pages that show nothing of it", b.asked.Load())
	}
	for i, path := range bmcPages {
		if a := r.get(path); a.status != http.StatusOK || int(b.asked.Load()) != i+1 {
			t.Errorf("%s = %d, asked %d times", path, a.status, b.asked.Load())
		}
	}
}

func TestEventLogOfBMC(t *testing.T) {
	at := time.Date(2026, 5, 31, 10, 53, 52, 0, time.UTC)
	b := &bmc{log: baremetal.HardwareLog{Lost: true, Entries: []baremetal.LogEntry{
		{ID: "0001", Uptime: 12 * time.Second, Message: "log cleared"},
		{ID: "0002", At: at, Severity: baremetal.HealthCritical, Sensor: "Memory #0x02", Message: "uncorrectable <ECC>"},
	}}}
	r := withBMC(t, b, baremetal.RoleOperator)
	r.pagesSay(bmcPages[0], []string{"uncorrectable &lt;ECC&gt;", "Memory #0x02", "2026-05-31 10:53:52 UTC",
		"12.0 s after the start of the BMC", "The log is full",
		`<tr class="bad">`, `data-path="/ironhook/v1/nodes/node-1/sel" data-confirm="Clear the event log of the BMC of pc-01?`,
		`data-command="ironhook node sel pc-01 --clear"`})
	if page := r.get(bmcPages[0]).body; strings.Index(page, "0002") > strings.Index(page, "0001") {
		t.Error("the newest is not first")
	}
	b.log = baremetal.HardwareLog{}
	r.pagesSay(bmcPages[0], []string{"The log is empty."}, "The log is full")
}

// Who may not clear the log reads it.
func TestViewerClearsNoEventLog(t *testing.T) {
	b := &bmc{log: baremetal.HardwareLog{Entries: []baremetal.LogEntry{{ID: "0001", Message: "log cleared"}}}}
	withBMC(t, b, baremetal.RoleViewer).pagesSay(bmcPages[0], []string{"log cleared"}, "clear-sel", "--clear")
}

func TestSensorsOfBMC(t *testing.T) {
	b := &bmc{sensors: []baremetal.Reading{{Name: "Fan <1>", Value: 1200, Unit: "RPM", Health: baremetal.HealthWarning},
		{Name: "CPU", Value: 41.5, Unit: "Cel"}}}
	r := withBMC(t, b, baremetal.RoleViewer)
	r.pagesSay(bmcPages[1], []string{"Fan &lt;1&gt;", `<td class="num">1200</td><td>RPM</td><td>Warning</td>`, `<td class="num">41.5</td>`,
		`<tr class="warn">`}, "clear-sel")
	if page := r.get(bmcPages[1]).body; strings.Index(page, "CPU") > strings.Index(page, "Fan") {
		t.Error("the sensors are not in order")
	}
	b.sensors = nil
	r.pagesSay(bmcPages[1], []string{"The BMC names no sensors."})
}

// What is wrong with a BMC is said in its words, without a table and without a button that could not work; what is wrong
// with the appliance is for the log.
func TestBMCThatDoesNotAnswer(t *testing.T) {
	b := &bmc{}
	r := withBMC(t, b, baremetal.RoleOperator)
	for _, kind := range []error{baremetal.ErrBMC, baremetal.ErrUnsupported, baremetal.ErrInvalid, baremetal.ErrBusy} {
		b.err = baremetal.Errorf(kind, "node pc-01: BMC <10.0.0.7>: no answer; check ipmi_address")
		for _, path := range bmcPages {
			if a := r.get(path); a.status != http.StatusOK {
				t.Errorf("%s, %v = %d", path, kind, a.status)
			}
			r.pagesSay(path, []string{"node pc-01: BMC &lt;10.0.0.7&gt;: no answer; check ipmi_address", "Ask again"}, "<table", "clear-sel")
		}
	}
	b.err = context.DeadlineExceeded
	for _, path := range bmcPages {
		if a := r.get(path); a.status != http.StatusInternalServerError {
			t.Errorf("%s with an error of the appliance = %d", path, a.status)
		}
	}
	for _, path := range []string{"/ui/machines/nobody/sel", "/ui/machines/nobody/sensors"} {
		if a := r.get(path); a.status != http.StatusNotFound {
			t.Errorf("%s = %d", path, a.status)
		}
	}
}
