// Package disk answers what OpenStack has no words for, of volumes, snapshots and images
// alike, by their UUIDs:
//
//	GET  /ironhook/v1/disks/{id}/usage          bytes: virtual, own, shared; and users
//	POST /ironhook/v1/disks/{id}/verify         a scrub that names damage
//	GET  /ironhook/v1/disks/{id}/file?format=F  all of it, as raw or qcow2
//
// A scrub takes as long as reading the disk does. Its answer is a line of JSON for every
// second, {"progress": TEXT}, and a last one, {"damage": [...]}, or {"error": TEXT}.
package disk

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"ironhook/api/wire"
	"ironhook/baremetal"
	"ironhook/volume"
)

// API is the handler. It is safe for concurrent use, and leaves authentication to
// whoever calls it.
type API struct {
	volumes *volume.Dir
	users   Users
	tidy    func()
	log     *slog.Logger
	mux     *http.ServeMux
}

// Users lists the names of the nodes and hosts that have a disk, on or off.
type Users func(ctx context.Context, id string) ([]string, error)

// New makes the handler of everything below /ironhook/v1/disks. tidy is called when there
// may be layers to merge.
func New(volumes *volume.Dir, users Users, tidy func(), log *slog.Logger) *API {
	a := &API{volumes, users, tidy, log, http.NewServeMux()}
	a.mux.HandleFunc("GET /ironhook/v1/disks/{id}/usage", a.usage)
	a.mux.HandleFunc("POST /ironhook/v1/disks/{id}/verify", a.verify)
	a.mux.HandleFunc("GET /ironhook/v1/disks/{id}/file", a.file)
	return a
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// refuse answers with an error in the form of the Bare Metal API's older half.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	id := r.PathValue("id")
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, volume.ErrName):
		err = baremetal.Errorf(baremetal.ErrNotFound, "There is no volume, snapshot or image %.64s.", id)
	case errors.Is(err, volume.ErrFormat):
		err = baremetal.Errorf(baremetal.ErrInvalid, "%s.", err)
	}
	status, text := wire.Status(err)
	if status >= 500 {
		a.log.Error("request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	wire.Reply(w, status, map[string]any{"error": map[string]any{"code": status, "message": text}})
}

func (a *API) usage(w http.ResponseWriter, r *http.Request) {
	u, err := a.volumes.Usage(r.PathValue("id"))
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	users, err := a.users(r.Context(), r.PathValue("id"))
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	wire.Reply(w, http.StatusOK, map[string]any{"virtual": u.Virtual, "own": u.Own, "shared": u.Shared, "users": append([]string{}, users...)})
}

// counted is an answer that knows whether it has begun.
type counted struct {
	http.ResponseWriter
	sent bool
}

func (c *counted) Write(b []byte) (int, error) {
	c.sent = true
	return c.ResponseWriter.Write(b)
}

// line writes one line of JSON at once.
func line(w http.ResponseWriter, what any) error {
	err := json.NewEncoder(w).Encode(what)
	if err == nil {
		err = http.NewResponseController(w).Flush()
	}
	return err
}

// damage is what a scrub found, as it is told.
type damage struct {
	Layer  string `json:"layer"`
	Offset int64  `json:"offset"`
	Length int64  `json:"length"`
	What   string `json:"what"`
}

func (a *API) verify(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if _, err := a.volumes.Usage(id); err != nil && !errors.Is(err, volume.ErrDamaged) {
		a.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/jsonlines")
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	told := time.Now()
	found, err := a.volumes.Verify(ctx, id, func(now volume.Progress) {
		if time.Since(told) >= time.Second {
			if told = time.Now(); line(w, map[string]string{"progress": now.String()}) != nil {
				cancel() // nobody reads it any more
			}
		}
	})
	list := []damage{}
	for _, d := range found {
		list = append(list, damage{d.Layer, d.Off, d.Length, d.What})
	}
	last := map[string]any{"damage": list}
	if err != nil {
		last = map[string]any{"error": err.Error()}
	}
	_ = line(w, last) // the client is gone when this fails
}

// file sends a disk. Errors before the first byte are answered; a later one breaks the
// connection, lest the client takes what it has for whole.
func (a *API) file(w http.ResponseWriter, r *http.Request) {
	id, format := r.PathValue("id"), volume.Format(r.URL.Query().Get("format"))
	if format == "" {
		format = volume.Raw
	}
	out := &counted{ResponseWriter: w}
	defer a.tidy()
	w.Header().Set("Content-Type", "application/octet-stream")
	err := a.volumes.Export(r.Context(), id, format, out, nil)
	switch {
	case err == nil:
	case !out.sent:
		a.refuse(w, r, err)
	case r.Context().Err() == nil:
		a.log.Error("send a disk", "id", id, "error", err)
		panic(http.ErrAbortHandler)
	}
}
