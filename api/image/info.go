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
	_, err := c.image()
	return answer{status: http.StatusOK, body: map[string]any{"members": []any{}, "schema": "/v2/schemas/members"}}, missing(err, c.arg("id"))
}

// newMember refuses what would have no effect: every account sees every image.
func newMember(c *call) (answer, error) {
	if _, err := c.image(); err != nil {
		return answer{}, missing(err, c.arg("id"))
	}
	return answer{}, baremetal.Errorf(baremetal.ErrForbidden, "There are no projects to share image %s with: every account here sees it already.", c.arg("id"))
}

func noMember(c *call) (answer, error) {
	if _, err := c.image(); err != nil {
		return answer{}, missing(err, c.arg("id"))
	}
	return answer{}, baremetal.Errorf(baremetal.ErrNotFound, "Member %.64s of image %s could not be found.", c.arg("member"), c.arg("id"))
}

// theMemberSchema is what clients print lists of members by.
var theMemberSchema = map[string]any{"name": "member", "properties": map[string]any{
	"created_at": map[string]any{"type": "string"}, "updated_at": map[string]any{"type": "string"},
	"image_id": map[string]any{"type": "string"}, "member_id": map[string]any{"type": "string"},
	"status": map[string]any{"type": "string", "enum": []string{"pending", "accepted", "rejected"}}, "schema": map[string]any{"type": "string", "readOnly": true},
}}

func memberSchema(*call) (answer, error) {
	return answer{status: http.StatusOK, body: theMemberSchema}, nil
}

func membersSchema(*call) (answer, error) {
	return answer{status: http.StatusOK, body: map[string]any{"name": "members", "properties": map[string]any{
		"members": map[string]any{"type": "array", "items": theMemberSchema}, "schema": map[string]any{"type": "string"},
	}, "links": linksTo()}}, nil
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
