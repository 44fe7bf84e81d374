package watch

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"ironhook/block"
)

// Metrics answers in the text format of Prometheus, version 0.0.4.
func Metrics(s Source, log *slog.Logger) http.Handler {
	return serve(s, log, "text/plain; version=0.0.4; charset=utf-8", func(b *bytes.Buffer, sessions []Session) error {
		writeSessions(b, sessions)
		for _, f := range families {
			f.head(b)
			for _, s := range sessions {
				for _, u := range s.LUNs {
					f.write(b, labels(s, u), u)
				}
			}
		}
		return nil
	})
}

// family is one metric of a session and a unit.
type family struct {
	name, kind, help string
	samples          func(block.LUNStats) []sample // nil: the histogram
}

// sample is a value with the label that distinguishes it in its family.
type sample struct {
	label string
	value uint64
}

func one(n uint64) []sample { return []sample{{"", n}} }

var families = []family{
	{"ironhook_iscsi_commands_total", "counter", "Commands answered.", func(u block.LUNStats) []sample {
		return []sample{{`kind="read"`, u.Reads}, {`kind="write"`, u.Writes}, {`kind="other"`, u.Others}}
	}},
	{"ironhook_iscsi_bytes_total", "counter", "Bytes read and written.", func(u block.LUNStats) []sample {
		return []sample{{`direction="read"`, u.ReadBytes}, {`direction="write"`, u.WrittenBytes}}
	}},
	{"ironhook_iscsi_errors_total", "counter", "Commands not answered GOOD.", func(u block.LUNStats) []sample { return one(u.Errors) }},
	{"ironhook_iscsi_in_flight", "gauge", "Commands that wait for their answer.",
		func(u block.LUNStats) []sample { return one(uint64(u.InFlight)) }},
	{"ironhook_iscsi_latency_seconds", "histogram", "Time from the arrival of a command to its answer.", nil},
}

func (f *family) head(b *bytes.Buffer) {
	fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s %s\n", f.name, f.help, f.name, f.kind)
}

func (f *family) write(b *bytes.Buffer, labels string, u block.LUNStats) {
	if f.samples == nil {
		writeHistogram(b, f.name, labels, u)
		return
	}
	for _, s := range f.samples(u) {
		fmt.Fprintf(b, "%s{%s} %d\n", f.name, join(labels, s.label), s.value)
	}
}

// The buckets that are exposed: from 16 microseconds to 4 seconds.
const firstBucket, lastBucket = 4, 22

func writeHistogram(b *bytes.Buffer, name, labels string, u block.LUNStats) {
	var below uint64
	for i, n := range u.Latency {
		if below += n; i >= firstBucket && i <= lastBucket {
			le := strconv.FormatFloat(block.LatencyBound(i).Seconds(), 'g', -1, 64)
			fmt.Fprintf(b, "%s_bucket{%s} %d\n", name, join(labels, `le="`+le+`"`), below)
		}
	}
	fmt.Fprintf(b, "%s_bucket{%s} %d\n", name, join(labels, `le="+Inf"`), below)
	fmt.Fprintf(b, "%s_sum{%s} %g\n", name, labels, u.Time.Seconds())
	fmt.Fprintf(b, "%s_count{%s} %d\n", name, labels, below)
}

// writeSessions writes the number of sessions and the start time of each.
func writeSessions(b *bytes.Buffer, sessions []Session) {
	count := map[string]int{}
	for _, s := range sessions {
		count[kind(s)]++
	}
	(&family{name: "ironhook_iscsi_sessions", kind: "gauge", help: "Sessions that are open."}).head(b)
	for _, k := range []string{normal, discovery} {
		fmt.Fprintf(b, "ironhook_iscsi_sessions{type=%q} %d\n", k, count[k])
	}
	(&family{name: "ironhook_iscsi_session_start_time_seconds", kind: "gauge", help: "When the session began, since 1970."}).head(b)
	for _, s := range sessions {
		if kind(s) == normal {
			fmt.Fprintf(b, "ironhook_iscsi_session_start_time_seconds{%s} %.3f\n", sessionLabels(s), float64(s.Since.UnixMilli())/1000)
		}
	}
}

const normal, discovery = "normal", "discovery"

func kind(s Session) string {
	if s.Target == "" {
		return discovery
	}
	return normal
}

// sessionLabels are the labels of a normal session. They are unique at any time, and the
// same when the machine reconnects.
func sessionLabels(s Session) string {
	return fmt.Sprintf(`node="%s",name="%s",volume="%s",initiator="%s",isid="%s",target="%s"`, Escape(s.Node), Escape(s.Name),
		Escape(s.Volume), Escape(s.Initiator), isid(s.ISID), Escape(s.Target))
}

func labels(s Session, u block.LUNStats) string {
	return fmt.Sprintf(`%s,lun="%d"`, sessionLabels(s), lun(u))
}

func join(labels, more string) string {
	if more == "" {
		return labels
	}
	return labels + "," + more
}

// Escape escapes a label's value for the format, which is UTF-8.
func Escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(strings.ToValidUTF8(s, "\uFFFD"))
}
