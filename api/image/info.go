package image

import (
	"net/http"
	"strings"

	"ironhook/api/rest"
	"ironhook/baremetal"
)

// The methods of POST .../import, by Glance's names.
const (
	glanceDirect = "glance-direct" // what was staged
	webDownload  = "web-download"  // what a URL gives
)

var importMethods = []string{glanceDirect, webDownload}

func importInfo(*call) (answer, error) {
	return answer{status: http.StatusOK, body: map[string]any{"import-methods": map[string]any{
		"description": "Import methods available.", "type": "array", "value": importMethods,
	}}}, nil
}

// importHeader is how the answer to a creation names the methods.
func importHeader() string { return strings.Join(importMethods, ",") }

// theStore is the one place where images are.
const theStore = "volumes"

func storesInfo(*call) (answer, error) {
	return answer{status: http.StatusOK, body: map[string]any{"stores": []any{map[string]any{"id": theStore, "default": "true"}}}}, nil
}

// members are none: there are no projects to share an image with.
func members(c *call) (answer, error) {
	return answer{status: http.StatusOK, body: map[string]any{"members": []any{}, "schema": "/v2/schemas/members"}},
		c.shared(http.StatusForbidden)
}

// shared refuses to speak of the members of an image that has none by its visibility.
func (c *call) shared(status int) error {
	i, err := c.image()
	if err != nil {
		return missing(err, c.arg("id"))
	}
	if i.Visibility != "shared" {
		return rest.Refuse(status, "Not allowed for the members of image %s: Only shared images have members.", i.UUID)
	}
	return nil
}

// newMember refuses what would have no effect: every account sees every image.
func newMember(c *call) (answer, error) {
	body, err := rest.ReadObject(c.r)
	if err != nil {
		return answer{}, err
	}
	if member, ok := body["member"].(string); !ok || member == "" {
		return answer{}, baremetal.Errorf(baremetal.ErrInvalid, "Member to be added not specified")
	}
	if err := c.shared(http.StatusForbidden); err != nil {
		return answer{}, err
	}
	return answer{}, baremetal.Errorf(baremetal.ErrForbidden,
		"There are no projects to share image %s with: every account here sees it already.", c.arg("id"))
}

// noMember finds no member; of an image that cannot have any, too: status is for that.
func noMember(status int) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		if err := c.shared(status); err != nil {
			return answer{}, err
		}
		return answer{}, baremetal.Errorf(baremetal.ErrNotFound, "%.64s not found in the member list of the image %s.", c.arg("member"),
			c.arg("id"))
	}
}

// changeMember checks the status that a member would get.
func changeMember(c *call) (answer, error) {
	body, err := rest.ReadObject(c.r)
	if err != nil {
		return answer{}, err
	}
	if _, ok := body["status"]; !ok {
		return answer{}, baremetal.Errorf(baremetal.ErrInvalid, "Status not specified")
	}
	return noMember(http.StatusForbidden)(c)
}

// theMemberSchema is what clients print lists of members by.
var theMemberSchema = map[string]any{"name": "member", "properties": map[string]any{
	"created_at": map[string]any{"type": "string"}, "updated_at": map[string]any{"type": "string"},
	"image_id": map[string]any{"type": "string"}, "member_id": map[string]any{"type": "string"},
	"status": map[string]any{"type": "string", "enum": []string{"pending", "accepted", "rejected"}},
	"schema": map[string]any{"type": "string", "readOnly": true},
}}

// document is a fixed one, such as a schema.
func document(body any) func(*call) (answer, error) {
	return func(*call) (answer, error) { return answer{status: http.StatusOK, body: body}, nil }
}

// collection is the schema of a list, whose answers have these links.
func collection(name string, item any, links ...string) map[string]any {
	properties := map[string]any{name: map[string]any{"type": "array", "items": item}}
	var pairs []string
	for _, link := range links {
		properties[link] = map[string]any{"type": "string"}
		pairs = append(pairs, link, link)
	}
	properties["schema"] = map[string]any{"type": "string"}
	return map[string]any{"name": name, "links": linksTo(pairs...), "properties": properties}
}

// imageTasks are none: the image itself shows how its import goes.
func imageTasks(c *call) (answer, error) {
	_, err := c.image()
	return answer{status: http.StatusOK, body: map[string]any{"tasks": []any{}}}, missing(err, c.arg("id"))
}

func tasks(*call) (answer, error) {
	return answer{status: http.StatusOK, body: map[string]any{"tasks": []any{}, "first": "/v2/tasks", "schema": "/v2/schemas/tasks"}}, nil
}

// newTask refuses what Glance has deprecated, and names what does the same.
func newTask(*call) (answer, error) {
	return answer{}, rest.Refuse(http.StatusForbidden, "Tasks are not made by clients: create an image and POST to its import.")
}

func noTask(c *call) (answer, error) {
	return answer{}, baremetal.Errorf(baremetal.ErrNotFound, "Task not found for task_id %.64s", c.arg("id"))
}
