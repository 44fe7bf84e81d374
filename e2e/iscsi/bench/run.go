package main

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"ironhook/e2e/load"
)

// run puts the workload on a target.
func (w workload) run(ctx context.Context, url string, length time.Duration) (load.Reading, error) {
	each := load.Load{Block: w.block, Depth: w.depth, Random: w.random(), Write: w.writes(), Flush: w.kind == flushedWrite}
	all := make([]load.Reading, w.sessions)
	g, ctx := errgroup.WithContext(ctx)
	for n := range all {
		g.Go(func() (err error) {
			all[n], err = each.Run(ctx, url, length)
			return err
		})
	}
	err := g.Wait()
	var sum load.Reading
	for _, r := range all {
		sum.Rate += r.Rate
		sum.Client += r.Client
	}
	return sum, err
}
