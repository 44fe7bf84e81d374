package watch

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"ironhook/block"
	"ironhook/block/iscsi"
)

// some are a machine that reads and writes, one whose name needs escaping, and a discovery.
func some() []Session {
	unit := block.LUNStats{Reads: 3, Writes: 2, Others: 1, ReadBytes: 1536, WrittenBytes: 8192, Errors: 1, InFlight: 4,
		Time: 1500 * time.Microsecond}
	unit.Latency[0], unit.Latency[5], unit.Latency[10], unit.Latency[23] = 1, 2, 2, 1
	info := iscsi.SessionInfo{
		Session: block.Session{
			Initiator: "iqn.2026-11.test:host", Target: "iqn.2026-11.test:disk", Remote: netip.MustParseAddrPort("10.0.0.7:49152"),
			Since: time.Unix(1700000000, 250e6), LUNs: []block.LUNStats{unit},
		},
		ISID: iscsi.ISID{0x40, 0, 0x27, 0x23, 0, 1}, Digests: iscsi.Digests{Data: true},
	}
	odd := info
	odd.ISID[5], odd.LUNs = 2, []block.LUNStats{{LUN: 3 << 48}}
	found := iscsi.SessionInfo{Session: block.Session{Initiator: "iqn.2026-11.test:host", Remote: info.Remote, Since: info.Since}}
	return []Session{{info, "uuid-7", "pc-07", "root"}, {odd, "uuid-8", "a\\b\"c\nd", "root"}, {SessionInfo: found}, {SessionInfo: found}}
}

func get(h http.Handler) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	return w
}

func source(list []Session, err error) Source {
	return func(context.Context) ([]Session, error) { return list, err }
}

const pc07 = `node="uuid-7",name="pc-07",volume="root",initiator="iqn.2026-11.test:host",isid="0x400027230001",` +
	`target="iqn.2026-11.test:disk"`

func TestMetrics(t *testing.T) {
	w := get(Metrics(source(some(), nil), slog.New(slog.DiscardHandler)))
	if got := w.Header().Get("Content-Type"); w.Code != 200 || !strings.HasPrefix(got, "text/plain; version=0.0.4") {
		t.Fatalf("%d %s", w.Code, got)
	}
	text := w.Body.String()
	for _, want := range []string{
		`ironhook_iscsi_sessions{type="normal"} 2`,
		`ironhook_iscsi_sessions{type="discovery"} 2`,
		`ironhook_iscsi_session_start_time_seconds{` + pc07 + `} 1700000000.250`,
		`ironhook_iscsi_commands_total{` + pc07 + `,lun="0",kind="read"} 3`,
		`ironhook_iscsi_commands_total{` + pc07 + `,lun="0",kind="write"} 2`,
		`ironhook_iscsi_bytes_total{` + pc07 + `,lun="0",direction="write"} 8192`,
		`ironhook_iscsi_errors_total{` + pc07 + `,lun="0"} 1`,
		`ironhook_iscsi_in_flight{` + pc07 + `,lun="0"} 4`,
		`ironhook_iscsi_latency_seconds_bucket{` + pc07 + `,lun="0",le="1.6e-05"} 1`,
		`ironhook_iscsi_latency_seconds_bucket{` + pc07 + `,lun="0",le="3.2e-05"} 3`,
		`ironhook_iscsi_latency_seconds_bucket{` + pc07 + `,lun="0",le="4.194304"} 5`,
		`ironhook_iscsi_latency_seconds_bucket{` + pc07 + `,lun="0",le="+Inf"} 6`,
		`ironhook_iscsi_latency_seconds_sum{` + pc07 + `,lun="0"} 0.0015`,
		`ironhook_iscsi_latency_seconds_count{` + pc07 + `,lun="0"} 6`,
		`name="a\\b\"c\nd"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	wellFormed(t, text)
}

// wellFormed checks a text against the format: each family once, described before its
// samples, and no sample twice.
func wellFormed(t *testing.T, text string) {
	t.Helper()
	sample := regexp.MustCompile(`^([a-z_]+?)(?:_bucket|_sum|_count)?\{([a-z]+="(?:[^"\\\n]|\\["\\n])*",?)*\} [0-9.e+-]+$`)
	described, seen, family := map[string]bool{}, map[string]bool{}, ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if rest, ok := strings.CutPrefix(line, "# HELP "); ok {
			family, _, _ = strings.Cut(rest, " ")
			if described[family] {
				t.Errorf("%s is described twice", family)
			}
			described[family] = true
			continue
		}
		if strings.HasPrefix(line, "# TYPE "+family+" ") {
			continue
		}
		if m := sample.FindStringSubmatch(line); m == nil || m[1] != family {
			t.Errorf("%q is no sample of %s", line, family)
		}
		id, _, _ := strings.Cut(line, "} ")
		if seen[id] {
			t.Errorf("twice: %s", id)
		}
		seen[id] = true
	}
}

func TestJSON(t *testing.T) {
	var got struct {
		Sessions []struct {
			Node, Name, Volume, ISID, Remote, Since string
			Digests                                 []string
			Units                                   []struct {
				LUN, Reads int
				Latency    []struct {
					Below    *float64
					Commands int
				}
			}
		}
	}
	w := get(JSON(source(some(), nil), slog.New(slog.DiscardHandler)))
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || len(got.Sessions) != 4 {
		t.Fatalf("%s: %v", w.Body, err)
	}
	s := got.Sessions[0]
	if s.Node != "uuid-7" || s.Name != "pc-07" || s.Volume != "root" || s.ISID != "0x400027230001" || s.Remote != "10.0.0.7:49152" ||
		s.Since != "2023-11-14T22:13:20.25Z" || len(s.Digests) != 1 || len(s.Units) != 1 {
		t.Errorf("session %+v", s)
	}
	u := s.Units[0]
	if u.Reads != 3 || len(u.Latency) != 4 || *u.Latency[1].Below != 32e-6 || u.Latency[1].Commands != 2 || u.Latency[3].Below != nil {
		t.Errorf("unit %+v", u)
	}
	if other := got.Sessions[1].Units[0]; other.LUN != 3 {
		t.Errorf("LUN %d, want 3", other.LUN)
	}
	if w := get(JSON(source(nil, nil), slog.New(slog.DiscardHandler))); strings.TrimSpace(w.Body.String()) != `{"sessions":[]}` {
		t.Errorf("without a session: %s", w.Body)
	}
}

// A failure is in the log, not in the answer.
func TestFailure(t *testing.T) {
	var log strings.Builder
	w := get(Metrics(source(some(), errors.New("disk I/O error at secret place")), slog.New(slog.NewTextHandler(&log, nil))))
	if w.Code != 500 || strings.Contains(w.Body.String(), "secret") || !strings.Contains(log.String(), "disk I/O error") {
		t.Errorf("%d %s; log %s", w.Code, w.Body, log.String())
	}
}
