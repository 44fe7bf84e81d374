package conductor

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"ironhook/baremetal"
)

// observeHealth asks the BMC how a machine is, and records what has changed, in its history, too.
func (s *powerSync) observeHealth(ctx context.Context, n *baremetal.Node) {
	h, err := extension[Health](s.Conductor, n, "management", "get_node_health")
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	health, err := h.Health(ctx, n)
	if err != nil || health == n.Health || health == "" {
		return // the power sync tells of a BMC that does not answer
	}
	err = s.change(ctx, n.UUID, func(n *baremetal.Node, now time.Time) []baremetal.Event {
		text := fmt.Sprintf("Node health status changed: health='%s' (previously '%s')", orNone(health), orNone(n.Health))
		n.Health = health
		return []baremetal.Event{{Kind: baremetal.EventNode, Detail: text, History: baremetal.NewHistory(n, now, "monitoring", text)}}
	})
	if err != nil && ctx.Err() == nil {
		s.Log.Error("record health", "node", n.UUID, "error", err)
	}
}

func orNone(health string) string { return cmp.Or(health, "None") }

// healths asks every machine whose BMC can tell how it is.
func (s *powerSync) healths(ctx context.Context) error { return s.each(ctx, nil, s.observeHealth) }
