package blockstorage

import (
	"net/http"

	"ironhook/api/rest"
)

// The one volume type, which has the name of Cinder's own default.
const (
	typeName = "__DEFAULT__"
	typeID   = "1b6d1a3e-7f0f-5d6c-9a4e-6f8f3f0b7c10"
)

// typeReference is the type in answers that refer to it.
func typeReference() map[string]any {
	return map[string]any{"id": typeID, "name": typeName, "is_public": true, "description": "Default Volume Type",
		"extra_specs": map[string]any{}, "qos_specs_id": nil}
}

// volumeType is the type with what the extension of access adds.
func volumeType() map[string]any {
	t := typeReference()
	t["os-volume-type-access:is_public"] = true
	return t
}

func listTypes(c *call) (int, any, error) {
	q, err := parseQuery(c)
	if err != nil {
		return 0, nil, err
	}
	list := []any{volumeType()}
	if public, ok := flags[q.get("is_public")]; ok && !public {
		list = []any{}
	}
	return http.StatusOK, map[string]any{"volume_types": list}, nil
}

// isType is nil for the type that there is.
func (c *call) isType() error {
	if id := c.arg("id"); id != typeID {
		return rest.Refuse(http.StatusNotFound, "Volume type %.64s could not be found.", id)
	}
	return nil
}

func showType(c *call) (int, any, error) {
	if c.arg("id") == "default" {
		return http.StatusOK, map[string]any{"volume_type": typeReference()}, nil
	}
	return http.StatusOK, map[string]any{"volume_type": volumeType()}, c.isType()
}

func extraSpecs(c *call) (int, any, error) {
	return http.StatusOK, map[string]any{"extra_specs": map[string]any{}}, c.isType()
}

// defaultTypes lists projects that have another default; there is none.
func defaultTypes(*call) (int, any, error) {
	return http.StatusOK, map[string]any{"default_types": []any{}}, nil
}
