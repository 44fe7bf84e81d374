package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"ironhook/e2e/before"
)

// compareBefore measures the cases on this tree and on an earlier revision by turns, and
// returns the pairs. only is a part of the names of those to measure.
func compareBefore(ctx context.Context, now, earlier *server, only string, rounds int, each time.Duration) ([]before.Workload, error) {
	var all []before.Workload
	for _, k := range cases {
		for _, n := range clients {
			w := before.Workload{Name: fmt.Sprintf("%s; clients: %d", k.name, n)}
			if !strings.Contains(w.Name, only) {
				continue
			}
			for round := range rounds {
				if err := pair(ctx, &w, [2]*server{now, earlier}, k, n, round%2, each); err != nil {
					return nil, err
				}
			}
			fmt.Println(w.Row())
			all = append(all, w)
		}
	}
	return all, nil
}

// pair measures a case on both servers, beginning with the one at index first.
func pair(ctx context.Context, w *before.Workload, both [2]*server, k kase, n, first int, each time.Duration) error {
	var rate [2]float64
	for _, s := range both { // before either is measured
		if err := s.fill(ctx, k.nodes, k.targets); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	for _, i := range []int{first, 1 - first} {
		r, err := one(ctx, both[i], k, n, each)
		if err != nil {
			return err
		}
		rate[i] = r.rate()
	}
	w.Add(rate[0], rate[1])
	return nil
}
