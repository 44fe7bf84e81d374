package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
	"ironhook/volume"
)

// house is a store and a pool with an image, and what was made last.
type house struct {
	dir     string
	store   *store.Store
	volumes *volume.Dir
	pool    *pool.Pool
	image   string
	made    int // nodes and volumes
	fresh   []*baremetal.Volume
	snaps   []*baremetal.Snapshot
}

func open(ctx context.Context, root string) (h *house, err error) {
	h = &house{}
	if h.dir, err = os.MkdirTemp(os.Getenv("IRONHOOK_LAB_SCRATCH"), "growth-"); err != nil {
		return nil, err
	}
	schema, err := os.ReadFile(filepath.Join(root, "schema.sql"))
	if err == nil {
		h.store, err = store.Open(ctx, filepath.Join(h.dir, "ironhook.db"), string(schema))
	}
	if err == nil {
		h.volumes, err = volume.Open(filepath.Join(h.dir, "volumes"))
	}
	if err != nil {
		return nil, err
	}
	h.pool = pool.New(pool.Config{Store: h.store, Volumes: h.volumes, Log: slog.New(slog.DiscardHandler)})
	i := &baremetal.Image{Name: "golden", DiskFormat: "raw", ContainerFormat: "bare", Visibility: "shared"}
	if err := h.pool.CreateImage(ctx, i); err != nil {
		return nil, err
	}
	h.image = i.UUID
	return h, h.pool.Upload(ctx, i.UUID, strings.NewReader(strings.Repeat("golden..", 1<<10)), 0, "")
}

func (h *house) close() {
	err := errors.Join(h.pool.Close(), h.store.Close(), h.volumes.Close(), os.RemoveAll(h.dir))
	if err != nil {
		fmt.Fprintln(os.Stderr, "growth:", err)
	}
}

// id is the UUID of the n-th node, volume or target.
func id(kind string, n int) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%s %d", kind, n)).String()
}

func mac(n int) string { return fmt.Sprintf("52:54:00:%02x:%02x:%02x", n>>16, n>>8&255, n&255) }

// fill makes nodes and volumes until there are n, a hundred in a transaction.
func (h *house) fill(ctx context.Context, n int) error {
	for h.made < n {
		end := min(h.made+100, n)
		for i := h.made; i < end; i++ {
			if err := h.volumes.Clone(h.image, id("volume", i), 0); err != nil {
				return err
			}
		}
		err := h.store.Update(ctx, func(tx *store.Tx) (err error) {
			for i := h.made; i < end; i++ {
				err = errors.Join(err, insert(tx, i, h.image))
			}
			return err
		})
		if err != nil {
			return err
		}
		h.made = end
	}
	return nil
}

// insert makes a deployed node with a port, a lease, and a volume that it has.
func insert(tx *store.Tx, i int, image string) error {
	node, volume, target := id("node", i), id("volume", i), id("target", i)
	return errors.Join(
		tx.Nodes().Insert(&baremetal.Node{UUID: node, Name: fmt.Sprint("node-", i), Driver: "fake-hardware", ProvisionState: baremetal.Active}),
		tx.Ports().Insert(&baremetal.Port{UUID: id("port", i), NodeUUID: node, Address: mac(i)}),
		tx.Leases().Insert(&baremetal.Lease{MAC: mac(i), Address: address(i), Interface: "eth0", Expires: tx.Now().Add(time.Hour)}),
		tx.Volumes().Insert(&baremetal.Volume{UUID: volume, Name: fmt.Sprint("volume-", i), Status: baremetal.VolumeAvailable, Size: 8192,
			ImageUUID: image, NodeUUID: node}),
		tx.Targets().Insert(&baremetal.VolumeTarget{UUID: target, NodeUUID: node, VolumeType: baremetal.ISCSI, VolumeID: volume}),
		tx.Grants().Insert(&baremetal.Grant{IQN: pool.IQNPrefix + target, Target: target, Node: node, Volume: volume, Serial: volume,
			Initiator: "iqn.2026-01.test:" + node, User: node, Secret: pool.NewSecret()}),
		tx.Append(baremetal.Event{Node: node, MAC: mac(i), Kind: baremetal.EventNode, Detail: "made"}))
}
