// Package limit bounds what one source, or all of them together, can make the
// appliance do. It has three types: a [Bucket] bounds a rate, a [Share] bounds what is
// held at once, and [Attempts] slows down guessing.
package limit

import (
	"context"
	"time"
)

// pause is how long a failing loop waits before it goes on.
const pause = 200 * time.Millisecond

// Backoff waits for a moment, or until ctx ends. A loop whose socket or store fails
// calls it, so that the loop does not spin while the failure lasts.
func Backoff(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(pause):
	}
}
