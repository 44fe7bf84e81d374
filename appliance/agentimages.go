package appliance

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"ironhook/baremetal"
	"ironhook/conductor"
	"ironhook/storage"
	"ironhook/store"
)

// agentImages are the images for agents, and where they find them.
type agentImages struct {
	storage.Images
	reach func(ctx context.Context, n *baremetal.Node) (netip.Addr, error)
	url   func(a netip.Addr) string // of the API at that address of ours
}

func (i agentImages) Fetch(ctx context.Context, n *baremetal.Node) (conductor.Written, error) {
	image, sum, err := i.Images.Fetch(ctx, n)
	if err != nil {
		return conductor.Written{}, err
	}
	return conductor.Written{UUID: image.UUID, Size: image.VirtualSize, SHA256: sum}, nil
}

func (i agentImages) URL(ctx context.Context, n *baremetal.Node, key string) (string, error) {
	a, err := i.reach(ctx, n)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s/ironhook/v1/agent/%s/image/%s", i.url(a), n.UUID, key), nil
}

// newAgentImages makes the images for agents.
func (a *appliance) newAgentImages() agentImages {
	scheme, _, _ := strings.Cut(a.url, "://")
	return agentImages{storage.Images{Store: a.store, Pool: a.pool, Volumes: a.volumes}, a.boot.Portal,
		func(at netip.Addr) string { return scheme + "://" + netip.AddrPortFrom(at, portOf(a.api)).String() }}
}

// sendImage sends an agent the image that its node is to be deployed with, from any place. The
// key in the path is made of the agent's token; without the right one there is nothing here.
func (a *appliance) sendImage(w http.ResponseWriter, r *http.Request) {
	var image string
	err := a.store.View(r.Context(), func(tx *store.Tx) error {
		n, err := tx.Nodes().Find(r.PathValue("node"))
		if err != nil || n == nil {
			return err
		}
		key, deploys := conductor.ImageKey(n), n.ProvisionState == baremetal.Deploying || n.ProvisionState == baremetal.DeployWait
		if deploys && key != "" && subtle.ConstantTimeCompare([]byte(key), []byte(r.PathValue("key"))) == 1 {
			image = conductor.ImageToWrite(n)
		}
		return nil
	})
	if err != nil || image == "" {
		http.NotFound(w, r)
		return
	}
	disk, err := a.newAgentImages().Open(image)
	if err != nil {
		a.log.Error("send an image to an agent", "image", image, "error", err)
		http.Error(w, "the image cannot be read", http.StatusServiceUnavailable)
		return
	}
	defer disk.Close() //nolint:errcheck // only read
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Cache-Control", "no-store")
	http.ServeContent(w, r, "", time.Time{}, disk)
}
