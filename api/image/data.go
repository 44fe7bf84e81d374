package image

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"

	"ironhook/api/rest"
	"ironhook/baremetal"
)

// checksumHeader is one that Glance does not have: what the data must have.
const checksumHeader = "Ironhook-Checksum"

// upload is PUT .../file: the body becomes the image's data, on disk as it arrives.
func (a *API) upload(w http.ResponseWriter, r *http.Request) {
	c := &call{a, r}
	body := http.MaxBytesReader(w, r.Body, a.MaxSize)
	err := c.receive(w, body)
	if err != nil {
		discard(body)
		a.fail(w, r, missing(err, c.arg("id")))
	}
}

func (c *call) receive(w http.ResponseWriter, body io.Reader) error {
	if kind, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type")); kind != "application/octet-stream" {
		return rest.Refuse(http.StatusUnsupportedMediaType, "Content-Type must be application/octet-stream.")
	}
	if c.r.ContentLength > c.MaxSize {
		return tooLarge(c.MaxSize)
	}
	if span := c.r.Header.Get("Content-Range"); span != "" {
		return c.receivePart(w, body, span)
	}
	err := c.Pool.Upload(c.r.Context(), c.arg("id"), body, max(c.r.ContentLength, 0), c.r.Header.Get(checksumHeader))
	if errors.As(err, new(*http.MaxBytesError)) {
		return tooLarge(c.MaxSize)
	}
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
	}
	return err
}

func tooLarge(limit int64) error {
	return rest.Refuse(http.StatusRequestEntityTooLarge, "Image exceeds the storage quota: %d bytes are allowed.", limit)
}

// download is GET .../file.
func (a *API) download(w http.ResponseWriter, r *http.Request) {
	c := &call{a, r}
	i, err := c.image()
	switch {
	case err != nil:
		a.fail(w, r, missing(err, c.arg("id")))
		return
	case i.Status != baremetal.ImageActive:
		w.WriteHeader(http.StatusNoContent) // as Glance does
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Md5", i.Checksum)
	w.Header().Set("Content-Length", strconv.FormatInt(i.Size, 10))
	if err := c.Pool.Download(r.Context(), i, w); err != nil && r.Context().Err() == nil {
		a.Log.Error("send an image", "image", i.UUID, "error", err)
		panic(http.ErrAbortHandler) // the client must not take it for whole
	}
}

// importData is POST .../import: the data is fetched from elsewhere. Beside what Glance
// takes, the method may have a checksum, which the data must have when it arrives.
func importData(c *call) (answer, error) {
	var body struct {
		Method struct{ Name, URI, Checksum string }
	}
	if err := rest.Read(c.r, &body); err != nil {
		return answer{}, err
	}
	if body.Method.Name != importMethods {
		return answer{}, baremetal.Errorf(baremetal.ErrInvalid, "Unknown import method name '%.64s'.", body.Method.Name)
	}
	if _, err := baremetal.Secrets.Unmask("uri", body.Method.URI, nil); err != nil {
		return answer{}, err
	}
	err := c.Pool.Import(c.r.Context(), c.arg("id"), body.Method.URI, body.Method.Checksum)
	return answer{status: http.StatusAccepted}, missing(err, c.arg("id"))
}
