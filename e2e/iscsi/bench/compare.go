package main

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"ironhook/block/iscsi"
	"ironhook/e2e/load"
	"ironhook/internal/section"
)

// result is what a workload gave: the other side first, then ours.
type result struct {
	workload
	rate   [2][]float64 // requests a second
	ratios []float64
	cpu    [2][]float64 // microseconds of processor time for a request
	client []float64    // processors that the clients of ours kept busy
}

// compare runs a workload on both sides by turns.
func (p *peers) compare(ctx context.Context, w workload, rounds int, length time.Duration) (result, error) {
	r := result{workload: w}
	q, err := p.pair(ctx, w.on)
	if err != nil {
		return r, err
	}
	sides := w.sides(q, p.before != "")
	for n := range rounds {
		var got [2]load.Reading
		for k := range 2 {
			i := (n + k) % 2 // the one and the other goes first
			before, start := cpu(sides[i].process), time.Now()
			if got[i], err = sides[i].run(ctx, length); err != nil {
				return r, err
			}
			spent := cpu(sides[i].process) - before
			r.rate[i] = append(r.rate[i], got[i].Rate)
			r.cpu[i] = append(r.cpu[i], spent.Seconds()*1e6/(got[i].Rate*time.Since(start).Seconds()))
		}
		r.ratios = append(r.ratios, got[1].Rate/got[0].Rate)
		r.client = append(r.client, got[1].Client)
	}
	return r, nil
}

// sides returns what is compared: the other target and ours. Digests cost what they cost
// against ourselves without them, or against themselves in an earlier revision.
func (w workload) sides(q *pair, earlier bool) [2]side {
	switch {
	case w.digests && earlier:
		return [2]side{w.ourInitiator(q.other, "CRC32C"), w.ourInitiator(q.ours, "CRC32C")}
	case w.digests:
		return [2]side{w.ourInitiator(q.ours, "None"), w.ourInitiator(q.ours, "CRC32C")}
	}
	return [2]side{w.over(q.other), w.over(q.ours)}
}

// side is a target under a load.
type side struct {
	process *exec.Cmd
	run     func(context.Context, time.Duration) (load.Reading, error)
}

func (w workload) over(t target) side {
	return side{t.process, func(ctx context.Context, length time.Duration) (load.Reading, error) {
		return w.run(ctx, t.url, length)
	}}
}

func (w workload) ourInitiator(t target, digest string) side {
	keys := []iscsi.Pair{{Key: "HeaderDigest", Value: digest}, {Key: "DataDigest", Value: digest}}
	portal, name := t.address()
	return side{t.process, func(ctx context.Context, length time.Duration) (load.Reading, error) {
		return w.pipeline(ctx, portal, name, keys, length)
	}}
}

// row is one line of the table.
func (r result) row() string {
	want := ""
	if r.want > 0 {
		want = fmt.Sprintf("%.2f", r.want)
	}
	name, client := r.name, "-"
	if r.digests {
		name += " (beside none)"
	} else {
		client = fmt.Sprintf("%.2f", section.Median(r.client))
	}
	return fmt.Sprintf("| %s | %.0f | %.0f | **%.2f** (%.2f to %.2f) | %s | %.1f | %.1f | %s |", name, section.Median(r.rate[0]),
		section.Median(r.rate[1]),
		section.Median(r.ratios), slices.Min(r.ratios), slices.Max(r.ratios), want, section.Median(r.cpu[0]), section.Median(r.cpu[1]), client)
}

// render makes the section.
func render(results []result, memory string, rounds int, length time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Requests a second over loopback, tgt and Ironhook by turns on files of 1 GiB; medians of %d pairs of runs of %v each.\n",
		rounds, length)
	fmt.Fprintf(&b, "Reads by iscsi-perf, writes by qemu-img bench; on tmpfs where nothing else is said. %s\n\n", host())
	b.WriteString("| workload | tgt | Ironhook | ratio (least to most) | wanted | tgt us CPU/request | Ironhook us CPU/request | client of " +
		"Ironhook, CPUs |\n|---|---|---|---|---|---|---|---|\n")
	for _, r := range results {
		b.WriteString(r.row() + "\n")
	}
	fmt.Fprintf(&b, "\n%s The rows on digests have our own initiator on both sides, without and with CRC32C of headers and data.\nThe last "+
		"column is how many processors the clients kept busy: one session of either is one thread, and at 1.00 it is the client that is "+
		"measured.\n", memory)
	return b.String()
}
