package redfish

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/power/redfish/bmctest"
)

func TestHardwareLog(t *testing.T) {
	b, d, n := startMachine(t)
	want := []baremetal.LogEntry{
		{ID: "1", At: time.Date(2026, 5, 31, 10, 0, 0, 0, time.UTC), Severity: "OK", Message: "Log.1.0.Cleared"},
		{ID: "2", At: time.Date(2026, 5, 31, 10, 53, 52, 0, time.UTC), Severity: "Critical", Sensor: "Memory #2", Message: "Uncorrectable ECC"},
	}
	if log, err := d.HardwareLog(t.Context(), n); err != nil || !reflect.DeepEqual(log.Entries, want) {
		t.Errorf("log = %+v, %v\nwant %+v", log.Entries, err, want)
	}
	if log, err := d.ClearHardwareLog(t.Context(), n); err != nil || !reflect.DeepEqual(log.Entries, want) {
		t.Errorf("what was cleared = %+v, %v\nwant %+v", log.Entries, err, want)
	}
	if log, err := d.HardwareLog(t.Context(), n); err != nil || len(log.Entries) != 0 {
		t.Errorf("log after it was cleared = %+v, %v", log.Entries, err)
	}
	if log := strings.Join(b.Log(), " "); log != "LogService.ClearLog {}" {
		t.Errorf("the BMC was asked for %q", log)
	}
}

// Where the log is: at the managers, the first of the system if none is the SEL, or nowhere.
func TestWhereTheLogIs(t *testing.T) {
	b, d, n := startMachine(t)
	b.Change(bmctest.System, bmctest.Object{"LogServices": nil})
	if _, err := d.HardwareLog(t.Context(), n); !errors.Is(err, baremetal.ErrUnsupported) ||
		!strings.Contains(err.Error(), "keeps no event log") {
		t.Errorf("a machine without a log = %v", err)
	}
	b.Change(bmctest.Manager, bmctest.Object{"LogServices": bmctest.Object{"@odata.id": bmctest.Logs}})
	if log, err := d.HardwareLog(t.Context(), n); err != nil || len(log.Entries) != 2 {
		t.Errorf("the log of the manager = %v, %v", log, err)
	}
	b.Change(bmctest.Manager, bmctest.Object{"LogServices": nil})
	b.Change(bmctest.System, bmctest.Object{"LogServices": bmctest.Object{"@odata.id": bmctest.Logs}})
	b.Change(bmctest.Logs, bmctest.Object{"Members": []any{bmctest.Object{"@odata.id": bmctest.Logs + "/Audit"}}})
	if log, err := d.HardwareLog(t.Context(), n); err != nil || len(log.Entries) != 0 {
		t.Errorf("the only log = %v, %v", log, err)
	}
	if _, err := d.ClearHardwareLog(t.Context(), n); !errors.Is(err, baremetal.ErrUnsupported) ||
		!strings.Contains(err.Error(), "clears its event log") {
		t.Errorf("a log that cannot be cleared = %v", err)
	}
}

// A log that never ends ends here, and one that cannot be cleared keeps its entries.
func TestLogWithBadManners(t *testing.T) {
	b, d, n := startMachine(t)
	entries := bmctest.Logs + "/SEL/Entries"
	b.Change(entries, bmctest.Object{"Members@odata.nextLink": entries})
	if log, err := d.HardwareLog(t.Context(), n); err != nil || len(log.Entries) != 2*maxPages {
		t.Errorf("%d entries, %v", len(log.Entries), err)
	}
	many := make([]any, maxLogEntries+1)
	for i := range many {
		many[i] = bmctest.Object{"Id": "x", "Message": strings.Repeat("\x1b[2J", 200)}
	}
	b.Change(entries, bmctest.Object{"Members": many})
	log, err := d.HardwareLog(t.Context(), n)
	if err != nil || len(log.Entries) != maxLogEntries || strings.Contains(log.Entries[0].Message, "\x1b") ||
		len(log.Entries[0].Message) != 400 {
		t.Errorf("%d entries, the first %q, %v", len(log.Entries), log.Entries[0].Message, err)
	}
	b.Refuse = func(method, path string, _ bmctest.Object) int {
		return map[bool]int{true: 403}[method == http.MethodPost && strings.HasSuffix(path, "ClearLog")]
	}
	if _, err := d.ClearHardwareLog(t.Context(), n); !errors.Is(err, baremetal.ErrBMC) {
		t.Errorf("a refusal = %v", err)
	}
}

// A BMC says what it likes; what it says in one answer is not made into millions of records.
func TestLongLists(t *testing.T) {
	b, d, n := startMachine(t)
	const many = 20_000
	devices, temperatures, settings := make([]any, many), make([]any, many), bmctest.Object{}
	for i := range many {
		devices[i] = bmctest.Object{"Name": "d"}
		temperatures[i] = bmctest.Object{"ReadingCelsius": 1}
		settings[fmt.Sprintf("s%d", i)] = 1
	}
	b.Change(bmctest.System+"/Storage/1", bmctest.Object{"Devices": devices})
	b.Change(bmctest.Chassis+"/Thermal", bmctest.Object{"Temperatures": temperatures})
	b.Change(bmctest.System+"/Bios", bmctest.Object{"Attributes": settings})
	found, err := d.Inspect(t.Context(), n)
	if disks, _ := found["disks"].([]any); err != nil || len(disks) != maxMembers+1 {
		t.Errorf("%d disks, %v, want %d", len(disks), err, maxMembers+1)
	}
	if list, err := d.Sensors(t.Context(), n); err != nil || len(list) != maxSensors {
		t.Errorf("%d sensors, %v, want %d", len(list), err, maxSensors)
	}
	if parts, err := d.BIOS(t.Context(), n); err != nil || len(parts) != maxSettings {
		t.Errorf("%d settings, %v, want %d", len(parts), err, maxSettings)
	}
}
