package traces

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"ironhook/baremetal"
	"ironhook/store/storetest"
)

// TestTraces: a boot that came up is one trace, one that failed says so, and both reach a
// collector that reads OTLP with the protocol's own types.
func TestTraces(t *testing.T) {
	got := make(chan *spans.Span, 100)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		var request collector.ExportTraceServiceRequest
		if err != nil || r.URL.Path != "/v1/traces" || proto.Unmarshal(text, &request) != nil {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		for _, of := range request.ResourceSpans {
			for _, scope := range of.ScopeSpans {
				for _, s := range scope.Spans {
					got <- s
				}
			}
		}
	}))
	defer server.Close()
	s := storetest.Open(t)
	tracer := &Tracer{Store: s, URL: server.URL, Version: "test", Host: "here", Log: slog.New(slog.DiscardHandler)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- tracer.Run(ctx) }()
	const up, failed = "c0ffee00-0000-4000-8000-000000000001", "c0ffee00-0000-4000-8000-000000000002"
	happen := func(node string, kinds ...baremetal.EventKind) {
		var events []baremetal.Event
		for _, kind := range kinds {
			events = append(events, baremetal.Event{Kind: kind, Node: node, Detail: "of " + node})
		}
		if err := s.Append(t.Context(), events...); err != nil {
			t.Fatal(err)
		}
	}
	// Run begins with what is newest when it looks: repeat until it has seen one.
	var all []*spans.Span
	for len(all) == 0 {
		happen(up, baremetal.EventPowerOn, baremetal.EventDiscover, baremetal.EventUp)
		select {
		case one := <-got:
			all = append(all, one)
		case <-time.After(6 * time.Second): // the batch waits for five
		}
	}
	happen(failed, baremetal.EventPowerOn)
	if err := s.Append(t.Context(),
		baremetal.Event{Kind: baremetal.EventError, Node: failed, Step: baremetal.EventDiscover, Detail: "no cable"}); err != nil {
		t.Fatal(err)
	}
	happen(failed, baremetal.EventPowerOff)
	for ended := false; !ended; {
		select {
		case one := <-got:
			all = append(all, one)
			ended = one.Status.GetMessage() == "no cable"
		case <-time.After(time.Minute):
			t.Fatal("no trace of the boot that failed")
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	roots := slices.DeleteFunc(slices.Clone(all), func(s *spans.Span) bool { return s.Name != "boot" })
	steps := slices.DeleteFunc(slices.Clone(all), func(s *spans.Span) bool {
		return string(s.TraceId) != string(roots[0].TraceId) || s.Name == "boot"
	})
	if len(roots) < 2 || len(steps) != 3 || string(steps[0].ParentSpanId) != string(roots[0].SpanId) ||
		roots[0].Status.GetCode() == spans.Status_STATUS_CODE_ERROR {
		t.Errorf("%d roots, %d steps of the first: %v", len(roots), len(steps), all)
	}
}

// TestCheckURL: what is no address of a collector is refused before the start.
func TestCheckURL(t *testing.T) {
	for url, ok := range map[string]bool{"http://127.0.0.1:4318": true, "https://otel.example.com": true, "127.0.0.1:4318": false,
		"grpc://a": false, "http://": false} {
		if err := CheckURL(url); (err == nil) != ok {
			t.Errorf("%s: %v", url, err)
		}
	}
}
