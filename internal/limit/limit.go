// Package limit bounds what one source, or all of them together, can make the
// appliance do. A [Bucket] bounds a rate; a [Share], [Places] and [Conns] bound what is held
// at once; [Attempts] slows down guessing.
package limit

import (
	"context"
	"time"
)

// backoff is how long a failing loop waits before it goes on.
const backoff = 200 * time.Millisecond

// rest is how many times as long as its last look a loop rests.
const rest = 100

// Rest waits as a loop does that looks at something after each change of the store: its
// looks, the last of which took look, take one hundredth of a processor at most, however
// many changes there are. The error is that of ctx if ctx ends first.
func Rest(ctx context.Context, look time.Duration) error { return Pause(ctx, rest*look) }

// Pause waits for d, not at all if that is over. The error is that of ctx if ctx ends first.
func Pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Backoff waits for a moment, or until ctx ends. A loop whose socket or store fails
// calls it, so that the loop does not spin while the failure lasts.
func Backoff(ctx context.Context) {
	_ = Pause(ctx, backoff) // the loop looks at ctx itself
}
