// Package watch shows the current iSCSI sessions: which machine has which volume, how many
// commands of each kind were answered, how long they took and how many are in flight.
// [JSON] is for programs, [Metrics] for Prometheus.
//
// Nothing is sampled or stored: each request reads the counters of the sessions. Counters
// end with their session, and start at zero when the machine logs in again; a collector
// treats that as a restart.
package watch

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"

	"ironhook/block/iscsi"
)

// Session is an iSCSI session with its node and volume.
type Session struct {
	iscsi.SessionInfo
	Node, Name string // UUID and name; empty for a host that is not a node, and for a discovery
	Volume     string // by its id; empty for a discovery
}

// Source returns the current sessions, oldest first.
type Source func(context.Context) ([]Session, error)

// serve answers with the sessions in the format of write.
func serve(s Source, log *slog.Logger, contentType string, write func(*bytes.Buffer, []Session) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var b bytes.Buffer
		sessions, err := s(r.Context())
		if err == nil {
			err = write(&b, sessions)
		}
		if err != nil {
			log.Error("look at the iSCSI sessions", "path", r.URL.Path, "error", err)
			http.Error(w, "the sessions cannot be told; the log says why", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(b.Bytes()) // the client is gone when this fails
	})
}
