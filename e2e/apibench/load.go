package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// result is what a load has shown; times are those of each piece of work.
type result struct {
	took  time.Duration
	times []time.Duration // sorted
}

func (r result) rate() float64 { return float64(len(r.times)) / r.took.Seconds() }

func (r result) p99() string {
	t := r.times[len(r.times)*99/100]
	return fmt.Sprintf("%.1f ms", float64(t.Microseconds())/1000)
}

// load does the work from n clients for a while, each client one at a time on a
// connection of its own. Work in flight at the end still counts, with its
// time.
func (s *server) load(ctx context.Context, n int, each time.Duration, do work) (result, error) {
	var count atomic.Int64
	times := make([][]time.Duration, n)
	var g errgroup.Group
	start := time.Now()
	for i := range n {
		g.Go(func() error {
			c := &client{server: s}
			defer c.close()
			for time.Since(start) < each {
				begun := time.Now()
				if err := do(ctx, c, count.Add(1)); err != nil {
					return err
				}
				times[i] = append(times[i], time.Since(begun))
			}
			return nil
		})
	}
	err := g.Wait()
	r := result{took: time.Since(start), times: slices.Sorted(slices.Values(slices.Concat(times...)))}
	if err == nil && len(r.times) == 0 {
		err = fmt.Errorf("no request was answered")
	}
	return r, err
}

// node returns the UUID of one of the nodes that fill has made.
func (s *server) node(i int64) string { return s.nodes[i%int64(len(s.nodes))] }

// fill makes nodes and volume targets until there are as many.
func (s *server) fill(ctx context.Context, nodes, targets int) error {
	c := &client{server: s}
	defer c.close()
	for len(s.nodes) < nodes {
		body, err := c.send(ctx, request{"POST", "/v1/nodes",
			fmt.Sprintf(`{"driver":"fake-hardware","name":"node-%d","properties":{"cpu_arch":"x86_64","memory_mb":8192}}`, len(s.nodes))})
		if err != nil {
			return err
		}
		var made struct{ UUID string }
		if err := json.Unmarshal(body, &made); err != nil {
			return err
		}
		s.nodes = append(s.nodes, made.UUID)
	}
	for ; s.targets < targets; s.targets++ {
		_, err := c.send(ctx, request{"POST", "/v1/volume/targets", fmt.Sprintf(
			`{"node_uuid":%q,"volume_type":"iscsi","boot_index":%d,"volume_id":"vol-%d","properties":{"target_iqn":"iqn.2026-01.test:%d",`+
				`"auth_password":"x"}}`,
			s.node(int64(s.targets)), s.targets/len(s.nodes), s.targets, s.targets)})
		if err != nil {
			return err
		}
	}
	return nil
}
