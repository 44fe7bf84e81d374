package lab

import (
	"context"
	"fmt"
	"time"
)

// Listening waits until the process accepts connections at a TCP address of the lab.
func (l *Lab) Listening(ctx context.Context, p *Process, address string) error {
	return p.until(ctx, "listen at "+address, func() bool {
		conn, err := l.Dial(ctx, "tcp", address)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

// until asks again and again, with a little pause for the processor's sake,
// whether something is so; it fails when the process ends, or with ctx.
func (p *Process) until(ctx context.Context, what string, fact func() bool) error {
	for !fact() {
		select {
		case <-p.Done():
			return fmt.Errorf("%s ended (%v) before it could %s\n%s", p.Name, p.err, what, tail(p.Log.Lines()))
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s to %s: %w", p.Name, what, context.Cause(ctx))
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}
