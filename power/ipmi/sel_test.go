package ipmi

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ironhook/baremetal"
	"ironhook/power/ipmi/bmctest"
	"ironhook/power/ipmi/rmcp"
)

// selRow is a record as its bytes are written in the specification, without its number: table 32-1 and its kin.
type selRow struct {
	record string
	want   baremetal.LogEntry
}

// at is 2026-05-31 10:53:52 UTC, as the records below have it.
var at = time.Unix(0x6a1c1340, 0).UTC()

var selRows = []selRow{
	{"02 40131c6a 2000 04 01 30 01 59 5f5a", baremetal.LogEntry{At: at, Severity: "Critical", Sensor: "Temperature #0x30",
		Message: "upper critical, going high (raw reading 0x5f, threshold 0x5a)"}},
	{"02 40131c6a 2000 04 01 30 81 59 5f5a", baremetal.LogEntry{At: at, Severity: "OK", Sensor: "Temperature #0x30",
		Message: "upper critical, going high, deasserted (raw reading 0x5f, threshold 0x5a)"}},
	{"02 40131c6a 2000 04 04 41 01 50 0506", baremetal.LogEntry{At: at, Severity: "Warning", Sensor: "Fan #0x41",
		Message: "lower non-critical, going low (raw reading 0x05, threshold 0x06)"}},
	{"02 40131c6a 3300 04 0c 02 6f 01 ffff",
		baremetal.LogEntry{At: at, Severity: "Critical", Sensor: "Memory #0x02", Message: "uncorrectable ECC"}},
	{"02 40131c6a 3300 04 0c 02 6f a0 0207",
		baremetal.LogEntry{At: at, Severity: "Warning", Sensor: "Memory #0x02", Message: "correctable ECC (data 0x02 0x07)"}},
	{"02 40131c6a 3300 04 0c 02 6f 80 02ff",
		baremetal.LogEntry{At: at, Severity: "Warning", Sensor: "Memory #0x02", Message: "correctable ECC (data 0x02)"}},
	{"02 40131c6a 3300 04 0c 02 6f 20 ff07", baremetal.LogEntry{At: at, Severity: "Warning", Sensor: "Memory #0x02",
		Message: "correctable ECC (third byte of data 0x07)"}},
	{"02 40131c6a 2000 04 08 51 6f 03 ffff",
		baremetal.LogEntry{At: at, Severity: "Critical", Sensor: "Power Supply #0x51", Message: "input lost (AC/DC)"}},
	{"02 40131c6a 2000 04 08 51 ef 03 ffff",
		baremetal.LogEntry{At: at, Severity: "OK", Sensor: "Power Supply #0x51", Message: "input lost (AC/DC), deasserted"}},
	{"02 40131c6a 2000 04 23 10 6f 08 ffff",
		baremetal.LogEntry{At: at, Severity: "Warning", Sensor: "Watchdog 2 #0x10", Message: "timer interrupt"}},
	{"02 40131c6a 2000 04 22 01 6f 0d ffff",
		baremetal.LogEntry{At: at, Sensor: "System ACPI Power State #0x01", Message: "event type 0x6f, offset 0xd"}},
	{"02 40131c6a 2000 04 09 01 0b 05 ffff", baremetal.LogEntry{At: at, Severity: "Critical", Sensor: "Power Unit #0x01",
		Message: "non-redundant: insufficient resources"}},
	{"02 40131c6a 2000 04 25 01 08 01 ffff",
		baremetal.LogEntry{At: at, Severity: "OK", Sensor: "Entity Presence #0x01", Message: "device inserted or present"}},
	{"02 40131c6a 2000 04 c1 77 72 83 11ff",
		baremetal.LogEntry{At: at, Sensor: "sensor type 0xc1 #0x77", Message: "event type 0x72, offset 0x3 (data 0x11)"}},
	{"02 ffffffff 2000 04 10 01 6f 02 ffff", baremetal.LogEntry{Severity: "OK", Sensor: "Event Logging #0x01", Message: "log cleared"}},
	{"02 2a000000 2000 04 10 01 6f 02 ffff",
		baremetal.LogEntry{Uptime: 42 * time.Second, Severity: "OK", Sensor: "Event Logging #0x01", Message: "log cleared"}},
	{"c1 40131c6a a20200 010203040506", baremetal.LogEntry{At: at, Message: "OEM record c1 of manufacturer 674: 010203040506"}},
	{"df 40131c6a 570100 a0a1a2a3a4a5", baremetal.LogEntry{At: at, Message: "OEM record df of manufacturer 343: a0a1a2a3a4a5"}},
	{"e0 0102030405060708090a0b0c0d", baremetal.LogEntry{Message: "OEM record e0: 0102030405060708090a0b0c0d"}},
	{"ff 0102030405060708090a0b0c0d", baremetal.LogEntry{Message: "OEM record ff: 0102030405060708090a0b0c0d"}},
	{"12 0102030405060708090a0b0c0d", baremetal.LogEntry{Message: "record 12: 0102030405060708090a0b0c0d"}},
}

// recordOf reads the hexadecimal digits of a row.
func (r selRow) bytes(t testing.TB) (b []byte) {
	t.Helper()
	if _, err := fmt.Sscanf(strings.ReplaceAll(r.record, " ", ""), "%x", &b); err != nil || len(b) != selRecordSize-2 {
		t.Fatalf("%q has %d bytes, %v", r.record, len(b), err)
	}
	return b
}

func TestRecordsOfTheLog(t *testing.T) {
	for _, r := range selRows {
		want := r.want
		want.ID = "0307"
		if got := parseSEL(append([]byte{0x07, 0x03}, r.bytes(t)...), sensorRecords{}); got != want {
			t.Errorf("%s\n got %+v\nwant %+v", r.record, got, want)
		}
	}
}

// The tables hold no more events than an offset of four bits reaches, and a mark is before words.
func TestTablesOfTheLog(t *testing.T) {
	all := map[string][]string{}
	for event, words := range genericEvents {
		all[fmt.Sprintf("event type %#x", event)] = words
	}
	for kind, s := range sensorTypes {
		all[fmt.Sprintf("sensor type %#x", kind)] = s.events
		if s.name == "" {
			t.Errorf("sensor type %#x has no name", kind)
		}
	}
	for what, words := range all {
		if len(words) > 15 {
			t.Errorf("%s has %d events", what, len(words))
		}
		for i, w := range words {
			if rest := strings.TrimLeft(w, "!~"); len(w)-len(rest) > 1 || w != "" && strings.TrimSpace(rest) == "" ||
				strings.ContainsAny(rest, "!~\n") {
				t.Errorf("%s, offset %d: %q", what, i, w)
			}
		}
	}
}

// TestLogOfTheSimulator reads what OpenIPMI's simulator keeps, in its order, and empties it.
func TestLogOfTheSimulator(t *testing.T) {
	var emu strings.Builder
	known := slices.DeleteFunc(slices.Clone(selRows), func(r selRow) bool { return strings.HasPrefix(r.record, "12") })
	for _, r := range known {
		emu.WriteString("sel_add 0x20" + hexOf(r.bytes(t)) + "\n")
	}
	n := startSim(t, emu.String())
	d := New(hurried)
	for _, read := range []func() (baremetal.HardwareLog, error){
		func() (baremetal.HardwareLog, error) { return d.HardwareLog(t.Context(), n) },
		func() (baremetal.HardwareLog, error) { return d.ClearHardwareLog(t.Context(), n) },
	} {
		log, err := read()
		if err != nil || len(log.Entries) != len(known) || log.Lost {
			t.Fatalf("log = %v, %v, want %d entries", log, err, len(known))
		}
		for i, e := range log.Entries {
			want := known[i].want
			want.ID = e.ID
			want.At, e.At = time.Time{}, time.Time{} // it puts its own time on what is added
			want.Uptime, e.Uptime = 0, 0
			if e != want || e.ID == "" {
				t.Errorf("entry %d\n got %+v\nwant %+v", i, e, want)
			}
		}
	}
	for range 2 { // one that is empty is emptied again
		if log, err := d.HardwareLog(t.Context(), n); err != nil || len(log.Entries) != 0 {
			t.Errorf("log after it was cleared = %v, %v", log, err)
		}
		if log, err := d.ClearHardwareLog(t.Context(), n); err != nil || len(log.Entries) != 0 {
			t.Errorf("an empty log that is cleared had %v, %v", log, err)
		}
	}
}

// Sensors of the BMC itself have their names, and the units of their records; those of others have not.
func TestNamesInTheLog(t *testing.T) {
	event := func(name string, number byte, at int) []byte { // a record of another type
		r := record(number, name, unsigned, 1, 0, 1, 0, 0, 0)
		short := append(slices.Clone(r[:at+1]), name...)
		short[3], short[4], short[at] = map[int]byte{31: compactRecord, 16: eventRecord}[at], byte(len(short)-recordHead), 0xc0|byte(len(name))
		return short
	}
	var emu strings.Builder
	for _, r := range [][]byte{record(0x30, "CPU Temp", unsigned, 1, 0, 1, -40, 0, 0), event("DIMM A1", 0x02, 31), event("PSU 1", 0x51, 16)} {
		emu.WriteString("main_sdr_add 0x20" + hexOf(r) + "\n")
	}
	for _, r := range []selRow{
		{record: "02 40131c6a 2000 04 01 30 01 59 5f5a"}, {record: "02 40131c6a 2000 04 0c 02 6f 01 ffff"},
		{record: "02 40131c6a 2000 04 08 51 6f 03 ffff"},
		{record: "02 40131c6a 2c00 04 01 30 01 59 5f5a"}, {record: "02 40131c6a 2001 04 01 30 01 59 5f5a"},
	} {
		emu.WriteString("sel_add 0x20" + hexOf(r.bytes(t)) + "\n")
	}
	n := startSim(t, emu.String())
	d := New(hurried)
	for _, read := range []func(context.Context, *baremetal.Node) (baremetal.HardwareLog, error){d.HardwareLog, d.ClearHardwareLog} {
		log, err := read(t.Context(), n)
		var got []string
		for _, e := range log.Entries {
			got = append(got, e.Sensor+": "+e.Message)
		}
		want := []string{"CPU Temp (Temperature): upper critical, going high (reading 55, threshold 50 Cel)",
			"DIMM A1 (Memory): uncorrectable ECC",
			"PSU 1 (Power Supply): input lost (AC/DC)", "Temperature #0x30: upper critical, going high (raw reading 0x5f, threshold 0x5a)",
			"Temperature #0x30: upper critical, going high (raw reading 0x5f, threshold 0x5a)"}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("log = %q, %v\nwant %q", got, err, want)
		}
	}
}

// hexOf writes bytes as the simulator reads them.
func hexOf(b []byte) string {
	text := ""
	for _, c := range b {
		text += fmt.Sprintf(" %#02x", c)
	}
	return text
}

var fanFails = []byte{0x02, 0x40, 0x13, 0x1c, 0x6a, 0x20, 0x00, 0x04, 0x04, 0x41, 0x01, 0x52, 0x05, 0x06}

// startLog starts a BMC whose log has so many entries.
func startLog(t *testing.T, entries int, q bmctest.LogQuirks) (*bmctest.BMC, *baremetal.Node) {
	t.Helper()
	q.Event = fanFails
	m, n := startQuirky(t, bmctest.Quirks{Log: q}, both)
	for i := range entries {
		e := append([]byte{}, fanFails...)
		e[9] = byte(i)
		m.Log.Add(e...)
	}
	return m, n
}

// A long log is read in several sessions, so that other calls have their turn between them.
func TestLongLog(t *testing.T) {
	m, n := startLog(t, 3*selSession+1, bmctest.LogQuirks{})
	log, err := New(hurried).HardwareLog(t.Context(), n)
	if err != nil || len(log.Entries) != 3*selSession+1 {
		t.Fatalf("%d entries, %v", len(log.Entries), err)
	}
	for i, e := range log.Entries {
		if want := fmt.Sprintf("Fan #%#02x", byte(i)); e.Sensor != want || e.ID != fmt.Sprintf("%04x", i+1) {
			t.Errorf("entry %d is %s of %s, want %s", i, e.ID, e.Sensor, want)
		}
	}
	if got := m.Calls("level"); got != 4+1 { // and one to look for the names of sensors
		t.Errorf("%d sessions, want 5", got)
	}
}

// A log whose last entry names the first ends all the same.
func TestLogThatGoesRound(t *testing.T) {
	_, n := startLog(t, 3, bmctest.LogQuirks{Round: true})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if log, err := New(hurried).HardwareLog(ctx, n); err != nil || len(log.Entries) != 3 {
		t.Errorf("log = %v, %v", log, err)
	}
}

// Events that come in while a log is cleared are among those that are returned; a log in which they do not
// cease keeps all.
func TestClearLosesNothing(t *testing.T) {
	for _, interrupts := range []int{0, 1, clearTries - 1} {
		m, n := startLog(t, 2, bmctest.LogQuirks{Interrupt: interrupts, Erasing: 2})
		log, err := New(hurried).ClearHardwareLog(t.Context(), n)
		if err != nil || len(log.Entries) != 2+interrupts || m.Log.Len() != 0 {
			t.Errorf("with %d events: %d entries, %v; %d are left", interrupts, len(log.Entries), err, m.Log.Len())
		}
		seen := map[string]bool{}
		for _, e := range log.Entries {
			if seen[e.ID] {
				t.Errorf("entry %s twice", e.ID)
			}
			seen[e.ID] = true
		}
	}
	m, n := startLog(t, 2, bmctest.LogQuirks{Interrupt: 1000})
	pace := hurried
	pace.Patience = time.Millisecond
	_, err := New(pace).ClearHardwareLog(t.Context(), n)
	if !errors.Is(err, rmcp.ErrBusy) || !strings.Contains(err.Error(), "events come in") || m.Log.Len() != 2+clearTries {
		t.Errorf("a log that does not rest: %v; %d are left", err, m.Log.Len())
	}
}

// FuzzSEL: whatever a BMC has in its log is one line for a person.
func FuzzSEL(f *testing.F) {
	for _, r := range selRows {
		f.Add(append([]byte{1, 0}, r.bytes(f)...))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < selRecordSize {
			return
		}
		e := parseSEL(b[:selRecordSize],
			sensorRecords{[]sdr{{number: 0x30, unit: "Cel", factors: factors{m: 1}}}, map[byte]string{0x30: "CPU Temp"}})
		if e.ID == "" || e.Message == "" || strings.ContainsFunc(e.Message+e.Sensor, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Fatalf("%x: %+v", b, e)
		}
		if !e.At.IsZero() && e.Uptime != 0 || e.Uptime < 0 {
			t.Fatalf("%x: at %v and after %v", b, e.At, e.Uptime)
		}
		switch e.Severity {
		case "", baremetal.HealthOK, baremetal.HealthWarning, baremetal.HealthCritical:
		default:
			t.Fatalf("%x: severity %q", b, e.Severity)
		}
	})
}
