package image

import (
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"ironhook/api/rest"
	"ironhook/baremetal"
)

func show(c *call) (answer, error) {
	i, err := c.image()
	if err != nil {
		return answer{}, missing(err, c.arg("id"))
	}
	return answer{status: http.StatusOK, body: c.view(i)}, nil
}

// missing says absence in Glance's words.
func missing(err error, id string) error {
	if status, _ := rest.Status(err); status == http.StatusNotFound {
		return baremetal.Errorf(baremetal.ErrNotFound, "No image found with ID %s", id)
	}
	return err
}

func create(c *call) (answer, error) {
	body, err := rest.ReadObject(c.r)
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
	if err := c.mayPublish("", i); err != nil {
		return answer{}, err
	}
	if err := c.Pool.CreateImage(c.r.Context(), i); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusCreated, body: c.view(i), header: map[string]string{
		"Location": rest.Base(c.r) + "/image/v2/images/" + i.UUID, "OpenStack-image-import-methods": importHeader(),
	}}, nil
}

// mayPublish refuses a public image where there are no accounts: without them no client is an
// administrator. Glance without Keystone does the same.
func (c *call) mayPublish(before string, i *baremetal.Image) error {
	if i.Visibility != "public" || i.Visibility == before || baremetal.UserOf(c.r.Context()) != "" {
		return nil
	}
	return baremetal.Errorf(baremetal.ErrForbidden,
		"You are not authorized to complete publicize_image action. It needs an account; leave the image shared, which everyone here sees, too.")
}

func remove(c *call) (answer, error) {
	err := c.Pool.DeleteImage(c.r.Context(), c.arg("id"))
	if status, _ := rest.Status(err); err != nil && status == http.StatusNotFound {
		err = baremetal.Errorf(baremetal.ErrNotFound, "Failed to find image %.64s to delete", c.arg("id"))
	}
	return answer{status: http.StatusNoContent}, err
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
			return nil, rest.Refuse(http.StatusNotFound, "The tag could not be found.")
		}
		return slices.Delete(list, at, at+1), nil
	})
}
