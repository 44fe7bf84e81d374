package store

import "context"

type traceKey struct{}

// WithTrace returns a context under which begin is called before every transaction;
// update reports whether that is an [Store.Update]. It is called by the goroutine that
// asks for the transaction.
func WithTrace(ctx context.Context, begin func(update bool)) context.Context {
	return context.WithValue(ctx, traceKey{}, begin)
}

func trace(ctx context.Context, update bool) {
	if begin, ok := ctx.Value(traceKey{}).(func(bool)); ok {
		begin(update)
	}
}
