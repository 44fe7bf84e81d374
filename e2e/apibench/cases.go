package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"
)

// kase is one kind of work. nodes and targets are what must be there first.
type kase struct {
	name    string
	nodes   int
	targets int
	work    work
	earlier bool // only beside an earlier revision, not in the table beside Ironic
}

// work is what a client does once; i is different each time.
type work func(ctx context.Context, c *client, i int64) error

// ask is the work of one request.
func ask(next func(s *server, i int64) request) work {
	return func(ctx context.Context, c *client, i int64) error {
		_, err := c.send(ctx, next(c.server, i))
		return err
	}
}

type request struct{ method, path, body string }

func get(path string) work {
	return ask(func(*server, int64) request { return request{"GET", path, ""} })
}

func getNode(s *server, i int64) request { return request{"GET", "/v1/nodes/" + s.node(i), ""} }

// names keeps the names of what is posted apart, across cases and servers.
var names atomic.Int64

var cases = []kase{
	{"GET /v1/nodes, 100 nodes", 100, 0, get("/v1/nodes"), false},
	{"GET /v1/nodes/{uuid}", 100, 0, ask(getNode), false},
	{"GET /v1/nodes, 1,000 nodes", 1000, 0, get("/v1/nodes"), false},
	{"GET /v1/volume/targets?limit=1000", 1000, 1000, get("/v1/volume/targets?limit=1000"), false},
	{"PATCH /v1/nodes/{uuid}", 1000, 1000, ask(func(s *server, i int64) request {
		return request{"PATCH", "/v1/nodes/" + s.node(i), fmt.Sprintf(`[{"op":"add","path":"/extra/bench","value":%d}]`, i)}
	}), true},
	{"POST and DELETE /v1/nodes/{uuid}", 1000, 1000, createAndDelete, true},
	{"deploy a new node", 1000, 1000, deploy, true},
	{"POST /v1/volume/targets", 1000, 1000, ask(func(s *server, i int64) request {
		n := names.Add(1)
		return request{"POST", "/v1/volume/targets", fmt.Sprintf(
			`{"node_uuid":%q,"volume_type":"iscsi","boot_index":%d,"volume_id":"v%d"}`, s.node(i), n+10, n)}
	}), false},
	{"POST /v1/nodes", 1000, 1000, ask(postNode), false},
	{"GET /v1/nodes/{uuid}, 10,000 nodes", manyNodes, manyVolumes, ask(getNode), true},
}

func postNode(*server, int64) request {
	return request{"POST", "/v1/nodes", fmt.Sprintf(`{"driver":"fake-hardware","name":"posted-%d"}`, names.Add(1))}
}

var clients = []int{1, 8, 32}

// compare measures every case on both servers and writes the table.
func compare(ctx context.Context, w io.Writer, ours, theirs *server, each time.Duration) error {
	fmt.Fprintf(w, "Requests a second, and how long the slowest hundredth took at least (p99).\n\n")
	fmt.Fprintf(w, "| request | clients | Ironhook | p99 | Ironic 21.4 | p99 | times |\n|---|---:|---:|---:|---:|---:|---:|\n")
	for _, k := range cases {
		if k.earlier {
			continue
		}
		for _, n := range clients {
			a, err := one(ctx, ours, k, n, each)
			if err != nil {
				return err
			}
			if theirs.url == "" {
				fmt.Fprintf(w, "| %s | %d | %.0f | %s | | | |\n", k.name, n, a.rate(), a.p99())
				continue
			}
			b, err := one(ctx, theirs, k, n, each)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "| %s | %d | %.0f | %s | %.1f | %s | %.0f |\n", k.name, n, a.rate(), a.p99(), b.rate(), b.p99(), a.rate()/b.rate())
		}
	}
	fmt.Fprintln(w)
	return nil
}

func one(ctx context.Context, s *server, k kase, n int, each time.Duration) (result, error) {
	if err := s.fill(ctx, k.nodes, k.targets); err != nil {
		return result{}, fmt.Errorf("%s: %w", s.name, err)
	}
	r, err := s.load(ctx, n, each, k.work)
	if err != nil {
		return r, fmt.Errorf("%s: %s with %d clients: %w", s.name, k.name, n, err)
	}
	return r, nil
}

// The size at which one node must still come quickly.
const (
	manyNodes   = 10_000
	manyVolumes = 20_000
)

// scale measures one node among many, and what memory the program has by then.
func scale(ctx context.Context, w io.Writer, s *server, each time.Duration) error {
	if err := s.fill(ctx, manyNodes, manyVolumes); err != nil {
		return err
	}
	r, err := s.load(ctx, 8, each, ask(getNode))
	if err != nil {
		return err
	}
	memory, err := s.resident()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "With %s nodes and %s volume targets, at 8 clients: GET /v1/nodes/{uuid} %.0f a second, p99 %s. "+
		"Memory of the program after all this: %.0f MB resident.\n", thousands(manyNodes), thousands(manyVolumes), r.rate(), r.p99(), memory)
	return nil
}

func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return strings.TrimPrefix(s, ",")
}
