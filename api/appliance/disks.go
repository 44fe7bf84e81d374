package applianceapi

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"time"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/volume"
)

// ofDisk words the errors of package volume about the disk that r names.
func ofDisk(r *http.Request, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, volume.ErrName):
		return baremetal.Errorf(baremetal.ErrNotFound, "There is no volume, snapshot or image %.64s.", r.PathValue("id"))
	case errors.Is(err, volume.ErrFormat):
		return baremetal.Errorf(baremetal.ErrInvalid, "%s.", err)
	}
	return err
}

func (a *API) usage(w http.ResponseWriter, r *http.Request) {
	u, err := a.Volumes.Usage(r.PathValue("id"))
	if err != nil {
		a.refuse(w, r, ofDisk(r, err))
		return
	}
	users, err := a.Users(r.Context(), r.PathValue("id"))
	if err != nil {
		a.refuse(w, r, ofDisk(r, err))
		return
	}
	rest.Reply(w, http.StatusOK, map[string]any{"virtual": u.Virtual, "own": u.Own, "shared": u.Shared, "users": append([]string{}, users...)})
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

// damage is one finding of a scrub, as a line of the answer.
type damage struct {
	Layer  string `json:"layer"`
	Offset int64  `json:"offset"`
	Length int64  `json:"length"`
	What   string `json:"what"`
}

func (a *API) verify(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if _, err := a.Volumes.Usage(id); err != nil && !errors.Is(err, volume.ErrDamaged) {
		a.refuse(w, r, ofDisk(r, err))
		return
	}
	w.Header().Set("Content-Type", "application/jsonlines")
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	told := time.Now()
	found, err := a.Volumes.Verify(ctx, id, func(now volume.Progress) {
		if time.Since(told) >= time.Second {
			if told = time.Now(); line(w, map[string]string{"progress": now.String()}) != nil {
				cancel() // the client is gone
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
// connection, so that the client does not take a part for the whole disk.
func (a *API) file(w http.ResponseWriter, r *http.Request) {
	id, format := r.PathValue("id"), volume.Format(r.URL.Query().Get("format"))
	if format == "" {
		format = volume.Raw
	}
	out := &counted{ResponseWriter: w}
	defer a.Tidy()
	w.Header().Set("Content-Type", "application/octet-stream")
	err := a.Volumes.Export(r.Context(), id, format, out, nil)
	switch {
	case err == nil:
	case !out.sent:
		a.refuse(w, r, ofDisk(r, err))
	case r.Context().Err() == nil:
		a.Log.Error("send a disk", "id", id, "error", err)
		panic(http.ErrAbortHandler)
	}
}
