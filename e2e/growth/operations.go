package main

import (
	"context"
	"fmt"
	"net/netip"

	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
)

// operation is one row of the table. i counts its rounds.
type operation struct {
	name string
	do   func(ctx context.Context, h *house, i int) error
}

func address(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
}

// view is an operation that reads of the i-th of some rows spread over all.
func view(read func(tx *store.Tx, at int) error) func(context.Context, *house, int) error {
	return func(ctx context.Context, h *house, i int) error {
		return h.store.View(ctx, func(tx *store.Tx) error { return read(tx, h.made*i/rounds) })
	}
}

// operations in an order in which each leaves what the next needs.
var operations = []operation{
	{"clone an image", func(ctx context.Context, h *house, i int) error {
		v, err := h.pool.CreateVolume(ctx, pool.NewVolume{Name: fmt.Sprint("fresh-", i), Image: h.image})
		h.fresh = append(h.fresh, v)
		return err
	}},
	{"snapshot", func(ctx context.Context, h *house, i int) error {
		s := &baremetal.Snapshot{VolumeUUID: h.fresh[i].UUID}
		h.snaps = append(h.snaps, s)
		return h.pool.CreateSnapshot(ctx, s, false)
	}},
	{"show a volume and its users", func(ctx context.Context, h *house, i int) error {
		_, _, err := h.pool.Volume(ctx, id("volume", h.made*i/rounds))
		return err
	}},
	{"usage of a volume", func(_ context.Context, h *house, i int) error { _, err := h.volumes.Usage(h.fresh[i].UUID); return err }},
	{"delete a snapshot", func(ctx context.Context, h *house, i int) error { return h.pool.DeleteSnapshot(ctx, h.snaps[i].UUID) }},
	{"look for layers to merge", func(ctx context.Context, h *house, _ int) error { return h.volumes.Tidy(ctx) }},
	{"delete a volume", func(ctx context.Context, h *house, i int) error {
		err := h.pool.DeleteVolume(ctx, h.fresh[i].UUID, false)
		if i == rounds-1 {
			h.fresh, h.snaps = nil, nil
		}
		return err
	}},
	{"look for what a node has left behind", func(ctx context.Context, h *house, i int) error {
		h.pool.Discard(ctx, id("node", h.made*i/rounds))
		return nil
	}},
	{"node by MAC", view(func(tx *store.Tx, at int) error {
		p, err := tx.Ports().Get(mac(at))
		if err == nil {
			_, err = tx.Nodes().Get(p.NodeUUID)
		}
		return err
	})},
	{"lease by MAC", view(func(tx *store.Tx, at int) error { _, err := tx.Leases().Get(mac(at)); return err })},
	{"grant of a login", view(func(tx *store.Tx, at int) error {
		_, err := tx.Grants().Get(pool.IQNPrefix + id("target", at))
		return err
	})},
	{"list a page of 100 nodes", func(ctx context.Context, h *house, i int) error {
		return h.store.View(ctx, func(tx *store.Tx) error { // all pages are full
			_, err := tx.Nodes().List(store.Query{Marker: id("node", max(0, h.made-100)*i/rounds), Limit: 100})
			return err
		})
	}},
	{"events of a node", view(func(tx *store.Tx, at int) error {
		_, err := tx.Events(store.EventQuery{Node: id("node", at), Limit: 20, Last: true})
		return err
	})},
	{"append an event", func(ctx context.Context, h *house, i int) error {
		return h.store.Append(ctx, baremetal.Event{Node: id("node", i), Kind: baremetal.EventNode, Detail: "measured"})
	}},
}
