package appliance

import (
	"context"
	"fmt"
	"slices"
	"time"

	"ironhook/baremetal"
	"ironhook/internal/limit"
)

// How often the counters of the limits are looked at, and how often one limit makes an event.
const (
	lookAtLimits = 10 * time.Second
	limitEvents  = time.Hour
)

// ordinary are the limits at which an honest peer only waits or asks again, as it does every day.
var ordinary = []limit.Name{limit.EventAnswers, limit.ISCSIPing, limit.ISCSIRate, limit.ISCSIMemory, limit.PasswordChecks,
	limit.ImagesRunning, limit.DHCPProbes}

// watchLimits writes an event for each limit that is reached, once an hour, until ctx ends.
func (a *appliance) watchLimits(ctx context.Context) error {
	news := newsOfLimits{}
	ticks := time.NewTicker(lookAtLimits)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-ticks.C:
			for _, detail := range news.take(now, limit.Counts()) {
				a.log.Warn("limit reached", "detail", detail)
				if err := a.store.Append(ctx, baremetal.Event{Kind: baremetal.EventLimit, Detail: detail}); err != nil && ctx.Err() == nil {
					a.log.Error("event not written", "detail", detail, "error", err)
				}
			}
		}
	}
}

// newsOfLimits is what was told of each limit.
type newsOfLimits map[limit.Name]told

type told struct {
	at    time.Time
	count uint64
}

// take returns what is to be told now.
func (n newsOfLimits) take(now time.Time, counts func(func(limit.Name, uint64) bool)) (details []string) {
	for name, count := range counts {
		last := n[name]
		if count == last.count || slices.Contains(ordinary, name) || !last.at.IsZero() && now.Sub(last.at) < limitEvents {
			continue
		}
		n[name] = told{now, count}
		details = append(details,
			fmt.Sprintf("Limit %s reached, %d times since it was last told. What it means is in docs/limits.md.", name, count-last.count))
	}
	slices.Sort(details)
	return details
}
