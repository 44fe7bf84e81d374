package appliance

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"ironhook/internal/limit"
	"ironhook/internal/pace"
)

// maxClients is how many connections the API and the pages hold at once, perClient how
// many of them may come from one address, which may be that of a proxy.
const (
	maxClients = 1024
	perClient  = 256
)

// patience is how long a client may keep the server waiting: for the next part of a body, or
// to take the next part of an answer.
const patience = time.Minute

// limited returns l with those bounds.
func limited(l net.Listener) net.Listener {
	return limit.NewConns(perClient, maxClients, limit.SourceOf, limit.APIConnections, limit.APISilence).Listener(l)
}

// sparing hands on as many records as a bucket allows: any client can make the server complain of it.
type sparing struct {
	slog.Handler
	lines *limit.Bucket
}

func (s sparing) Handle(ctx context.Context, r slog.Record) error {
	ok, leftOut := s.lines.TakeCounting(r.Time)
	if !ok {
		return nil
	}
	if leftOut > 0 {
		r.AddAttrs(slog.Int("left out before", leftOut))
	}
	return s.Handler.Handle(ctx, r)
}

// serveHTTP serves until ctx ends, then lets running requests finish. farewell
// ends the streams, which would not finish by themselves.
func serveHTTP(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger, farewell func()) error {
	server := &http.Server{
		Handler:           pace.Handler(h, patience),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       patience, // until the handler is called; then [pace.Handler] has its own
		WriteTimeout:      patience,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		// of failed TLS handshakes, and panics
		ErrorLog: slog.NewLogLogger(sparing{log.Handler(), limit.NewBucket(limit.HTTPErrorLines)}, slog.LevelWarn),
	}
	limit.Attend(server)
	server.RegisterOnShutdown(farewell)
	done := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		end, cancel := context.WithTimeout(context.Background(), drainTime)
		defer cancel()
		err := server.Shutdown(end)
		if errors.Is(err, context.DeadlineExceeded) {
			err = server.Close() // connections that are still busy have had their time
		}
		done <- err
	})
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-done
}
