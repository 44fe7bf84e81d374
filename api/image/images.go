package image

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"ironhook/api/wire"
	"ironhook/baremetal"
)

// image is the one that the path names.
func (c *call) image() (*baremetal.Image, error) { return c.Pool.Image(c.r.Context(), c.arg("id")) }

func show(c *call) (answer, error) {
	i, err := c.image()
	if err != nil {
		return answer{}, missing(err, c.arg("id"))
	}
	return answer{status: http.StatusOK, body: c.view(i)}, nil
}

// missing says absence in Glance's words.
func missing(err error, id string) error {
	if status, _ := wire.Status(err); status == http.StatusNotFound {
		return baremetal.Errorf(baremetal.ErrNotFound, "No image found with ID %s", id)
	}
	return err
}

// readObject decodes a body, keeping numbers as they are written.
func (c *call) readObject() (map[string]any, error) {
	var raw json.RawMessage
	if err := wire.Read(c.r, &raw); err != nil {
		return nil, err
	}
	return object(raw)
}

func object(raw []byte) (body map[string]any, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&body); err != nil || body == nil {
		return nil, baremetal.Errorf(baremetal.ErrInvalid, "Malformed JSON in request body: an object was expected.")
	}
	return body, nil
}

func create(c *call) (answer, error) {
	body, err := c.readObject()
	if err != nil {
		return answer{}, err
	}
	i := &baremetal.Image{Visibility: "shared"}
	if id, ok := body["id"].(string); ok {
		if _, err := uuid.Parse(id); err != nil || len(id) != 36 || id != strings.ToLower(id) {
			return answer{}, wrong(id, "a UUID")
		}
		i.UUID = id
		delete(body, "id")
	}
	if err := assignAll(i, body); err != nil {
		return answer{}, err
	}
	if err := c.Pool.CreateImage(c.r.Context(), i); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusCreated, body: c.view(i), header: map[string]string{
		"Location": wire.Base(c.r) + "/image/v2/images/" + i.UUID, "OpenStack-image-import-methods": importMethods,
	}}, nil
}

func remove(c *call) (answer, error) {
	err := c.Pool.DeleteImage(c.r.Context(), c.arg("id"))
	return answer{status: http.StatusNoContent}, missing(err, c.arg("id"))
}

func (c *call) setTags(change func([]string) ([]string, error)) (answer, error) {
	_, err := c.Pool.UpdateImage(c.r.Context(), c.arg("id"), func(i *baremetal.Image) error {
		list, err := change(slices.Clone(i.Tags))
		if err != nil {
			return err
		}
		items := make([]any, len(list))
		for n, tag := range list {
			items[n] = tag
		}
		return tags(i, items)
	})
	return answer{status: http.StatusNoContent}, missing(err, c.arg("id"))
}

func addTag(c *call) (answer, error) {
	return c.setTags(func(list []string) ([]string, error) { return append(list, c.arg("tag")), nil })
}

func deleteTag(c *call) (answer, error) {
	return c.setTags(func(list []string) ([]string, error) {
		at := slices.Index(list, c.arg("tag"))
		if at < 0 {
			return nil, wire.Refuse(http.StatusNotFound, "The tag could not be found.")
		}
		return slices.Delete(list, at, at+1), nil
	})
}

// discard reads what is left of a body, so that a client that is still sending reads
// our answer.
func discard(r io.Reader) { _, _ = io.CopyN(io.Discard, r, 1<<20) }
