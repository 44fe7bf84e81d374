package image

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/storage/pool"
)

// checksumHeader is one that Glance does not have: what the data must have.
const checksumHeader = "Ironhook-Checksum"

// receiver takes the bytes of an image and answers that they are there.
type receiver func(c *call, w http.ResponseWriter, body io.Reader) error

// upload is PUT .../file: the body becomes the image's data, on disk as it arrives.
func upload(c *call, w http.ResponseWriter, body io.Reader) error {
	if span := c.r.Header.Get("Content-Range"); span != "" {
		return c.receivePart(w, body, span)
	}
	return c.done(w, c.Pool.Upload(c.r.Context(), c.arg("id"), body, max(c.r.ContentLength, 0), c.r.Header.Get(checksumHeader)))
}

// stage is PUT .../stage: the same, for an import by glance-direct.
func stage(c *call, w http.ResponseWriter, body io.Reader) error {
	return c.done(w, c.Pool.Stage(c.r.Context(), c.arg("id"), body, max(c.r.ContentLength, 0)))
}

// done answers that all bytes are there, unless err.
func (c *call) done(w http.ResponseWriter, err error) error {
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
	}
	return err
}

func (a *API) upload(to receiver) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{a, r}
		body := http.MaxBytesReader(w, r.Body, a.MaxSize)
		if err := c.receive(w, body, to); err != nil {
			a.refuse(w, r, body, missing(err, c.arg("id")))
		}
	}
}

// refuse answers while the client may still be sending. Most clients read the answer only
// when they have sent everything, and a connection that is closed before is all that they
// report: the rest of the body is read, after the answer for those that look for it.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, body io.Reader, err error) {
	control := http.NewResponseController(w)
	if control.EnableFullDuplex() != nil {
		discard(body)
		a.fail(w, r, err)
		return
	}
	w.Header().Set("Connection", "close")
	a.fail(w, r, err)
	if control.Flush() == nil {
		discard(body)
	}
}

// discard reads what is left of a body. It ends as an upload does: with the data, at the
// largest size, or when too little arrives.
func discard(r io.Reader) { _, _ = io.Copy(io.Discard, r) }

func (c *call) receive(w http.ResponseWriter, body io.Reader, to receiver) error {
	if kind, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type")); kind != "application/octet-stream" {
		return rest.Refuse(http.StatusUnsupportedMediaType, "Invalid content type %.64s: it must be application/octet-stream.", kind)
	}
	if c.r.ContentLength > c.MaxSize {
		return tooLarge(c.MaxSize)
	}
	if err := c.described(); err != nil {
		return err
	}
	err := to(c, w, body)
	if errors.As(err, new(*http.MaxBytesError)) {
		return tooLarge(c.MaxSize)
	}
	return err
}

// described refuses bytes for an image that does not say what they are. A client that
// names the container may leave the disk format to the content.
func (c *call) described() error {
	i, err := c.image()
	if err == nil && i.ContainerFormat == "" {
		err = baremetal.Errorf(baremetal.ErrInvalid, "Properties disk_format, container_format must be set prior to saving data.")
	}
	return err
}

func tooLarge(limit int64) error {
	return rest.Refuse(http.StatusRequestEntityTooLarge, "Image exceeds the storage quota: %d bytes are allowed.", limit)
}

// unstage is DELETE .../stage.
func unstage(c *call) (answer, error) {
	err := c.Pool.Unstage(c.r.Context(), c.arg("id"))
	return answer{status: http.StatusNoContent}, missing(err, c.arg("id"))
}

// download is GET .../file: the bytes as they were sent, or ranges of them. The ETag is
// their checksum, so that a client can go on with what it has (RFC 9110, section 13.1.5).
func (a *API) download(w http.ResponseWriter, r *http.Request) {
	c := &call{a, r}
	i, err := c.image()
	switch {
	case err != nil:
	case i.Status == baremetal.ImageDeactivated:
		err = baremetal.Errorf(baremetal.ErrForbidden, "The requested image has been deactivated. Image data download is forbidden.")
	case i.Status != baremetal.ImageActive:
		w.WriteHeader(http.StatusNoContent) // as Glance does
		return
	default:
		err = inRange(r.Header.Get("Range"), i.Size)
	}
	if err != nil {
		a.fail(w, r, missing(err, c.arg("id")))
		return
	}
	content, err := c.Pool.Content(i)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	defer content.Close() //nolint:errcheck // only read
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Md5", i.Checksum)
	w.Header().Set("ETag", `"`+i.Checksum+`"`)
	http.ServeContent(w, r, "", i.UpdatedAt, content)
}

// inRange refuses a single range that begins behind the end, in Glance's form.
// [http.ServeContent] decides about all others.
func inRange(header string, size int64) error {
	first, _, _ := strings.Cut(strings.TrimPrefix(header, "bytes="), "-")
	at, err := strconv.ParseInt(strings.TrimSpace(first), 10, 64)
	if err != nil || at < size {
		return nil
	}
	return rest.Refuse(http.StatusRequestedRangeNotSatisfiable, "The Range requested is not available. "+
		"Invalid start position in Range header. Start position MUST be in the inclusive range [0, %d].", size-1)
}

// importData is POST .../import: what was staged becomes active, or the data is fetched from
// elsewhere. Beside what Glance takes, the method web-download may have a checksum, which
// the data must have when it arrives.
func importData(c *call) (answer, error) {
	var body struct {
		Method *struct{ Name, URI, Checksum string }
	}
	if err := rest.Read(c.r, &body); err != nil {
		return answer{}, err
	}
	if body.Method == nil {
		return answer{}, baremetal.Errorf(baremetal.ErrInvalid, "Import request requires a 'method' field.")
	}
	var err error
	switch m := body.Method; m.Name {
	case glanceDirect:
		err = c.Pool.Release(c.r.Context(), c.arg("id"))
	case webDownload:
		if _, err = baremetal.Secrets.Unmask("uri", m.URI, nil); err == nil {
			err = c.described()
		}
		if err == nil {
			err = c.Pool.Import(c.r.Context(), c.arg("id"), m.URI, m.Checksum)
		}
	default:
		err = baremetal.Errorf(baremetal.ErrInvalid, "Unknown import method name '%.64s'.", m.Name)
	}
	return answer{status: http.StatusAccepted}, missing(err, c.arg("id"))
}

// switching is POST .../actions/deactivate and reactivate, which take no body.
func switching(do func(*pool.Pool, context.Context, string) error) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		if n, _ := io.CopyN(io.Discard, c.r.Body, 1); n > 0 {
			return answer{}, baremetal.Errorf(baremetal.ErrInvalid, "A body is not expected with this request.")
		}
		err := do(c.Pool, c.r.Context(), c.arg("id"))
		return answer{status: http.StatusNoContent}, missing(err, c.arg("id"))
	}
}
