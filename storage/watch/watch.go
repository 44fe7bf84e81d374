// Package watch shows what machines do with their disks at this moment: who has a
// session, how many commands of what kind it has had answered, how long they took and
// how many are waiting. [JSON] tells it to programs, [Metrics] to Prometheus.
//
// Nothing is sampled and nothing is kept here: each request looks at the counters that
// the sessions carry. They end with their session, and what stands for the same
// machine, initiator and unit begins again at zero; a collector takes that as it takes
// a restart.
package watch

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"

	"ironhook/block/iscsi"
)

// Session is an iSCSI session, and whose it is.
type Session struct {
	iscsi.SessionInfo
	Node, Name string // UUID and name; empty for a host that is no node, and for a discovery
	Volume     string // by its id; empty for a discovery
}

// Source returns the sessions there are now, oldest first.
type Source func(context.Context) ([]Session, error)

// serve answers with what write makes of the sessions.
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
