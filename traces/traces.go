// Package traces sends each boot of a machine as a trace of OpenTelemetry to a collector, over
// OTLP and HTTP: a span for the boot and one below it for each step. The spans are made of the
// events of the log when the boot has come up, has ended or has stood still; nothing on the way
// of a boot waits for them.
package traces

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"ironhook/baremetal"
	"ironhook/boot"
	"ironhook/store"
)

const (
	still    = 15 * time.Minute // without a step: the boot has failed, or nobody will see its end
	look     = time.Minute      // between two looks for those
	batch    = 1000             // events
	farewell = 5 * time.Second  // for the last traces at the end
)

// CheckURL reports what is wrong with the URL of a collector.
func CheckURL(text string) error {
	if text == "" {
		return nil // none
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("%q must begin with http:// or https:// and name the host of a collector", baremetal.Secrets.MaskText(text))
	}
	return nil
}

// Tracer sends traces. Its method Run is called once.
type Tracer struct {
	Store   *store.Store
	URL     string // of the collector, such as http://127.0.0.1:4318; the path /v1/traces follows
	Version string // of the program
	Host    string
	Log     *slog.Logger

	open   map[string]boot.History // the present boot of each machine, by the UUID of its node
	tracer trace.Tracer
}

// Run sends what happens from now on until ctx ends.
func (t *Tracer) Run(ctx context.Context) error {
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(t.URL+"/v1/traces"))
	if err != nil {
		return fmt.Errorf("traces: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { t.Log.Warn("send traces", "error", err) }))
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(resource.NewSchemaless(
		attribute.String("service.name", "ironhook"), attribute.String("service.version", t.Version), attribute.String("host.name", t.Host))))
	t.tracer, t.open = provider.Tracer("ironhook"), map[string]boot.History{}
	err = t.follow(ctx)
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	if err := provider.Shutdown(end); err != nil {
		t.Log.Warn("send the last traces", "error", err)
	}
	return err
}

func (t *Tracer) follow(ctx context.Context) error {
	position, err := t.newest(ctx)
	ticks := time.NewTicker(look)
	defer ticks.Stop()
	for {
		changed := t.Store.Changed()
		var events []*baremetal.Event
		if err == nil {
			err = t.Store.View(ctx, func(tx *store.Tx) (err error) {
				events, err = tx.Events(store.EventQuery{After: position, Kinds: boot.Kinds, Limit: batch})
				return err
			})
		}
		if err != nil && ctx.Err() == nil {
			t.Log.Error("read events for traces", "error", err)
		}
		for _, e := range events {
			position = e.Seq
			t.take(e)
		}
		if len(events) == batch {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case now := <-ticks.C:
			err = nil
			t.giveUp(now)
		}
	}
}

func (t *Tracer) newest(ctx context.Context) (seq int64, err error) {
	err = t.Store.View(ctx, func(tx *store.Tx) error {
		last, err := tx.Events(store.EventQuery{Last: true, Limit: 1})
		if len(last) > 0 {
			seq = last[0].Seq
		}
		return err
	})
	return seq, err
}

// take adds an event to the boot of its machine, and sends what is over by it.
func (t *Tracer) take(e *baremetal.Event) {
	if e.Node == "" {
		return
	}
	h := t.open[e.Node]
	before := len(h)
	h.Add(e)
	if len(h) > before && before > 0 {
		t.send(e.Node, h[before-1])
		h = h[before:]
	}
	t.open[e.Node] = h
	if b := h.Last(); len(h) > 0 && (b.Up() || b.Ended) {
		t.send(e.Node, b)
		delete(t.open, e.Node)
	}
	if len(h) == 0 {
		delete(t.open, e.Node)
	}
}

// giveUp sends the boots that stand still.
func (t *Tracer) giveUp(now time.Time) {
	for node, h := range t.open {
		if b := h.Last(); now.Sub(b.Latest) > still {
			t.send(node, b)
			delete(t.open, node)
		}
	}
}

// send makes the spans of a boot: a step begins where the one before it ended.
func (t *Tracer) send(node string, b *boot.Boot) {
	ctx, root := t.tracer.Start(context.Background(), "boot", trace.WithTimestamp(b.Began), trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(attribute.String("ironhook.node", node), attribute.Bool("ironhook.up", b.Up())))
	begun := b.Began
	for _, step := range b.Steps {
		if step.State != boot.StepDone {
			continue
		}
		_, span := t.tracer.Start(ctx, string(step.Kind), trace.WithTimestamp(begun),
			trace.WithAttributes(attribute.String("ironhook.detail", step.Detail)))
		span.End(trace.WithTimestamp(step.At))
		begun = step.At
	}
	if b.Reason != "" {
		root.SetStatus(codes.Error, b.Reason)
	}
	root.End(trace.WithTimestamp(b.Latest))
}
