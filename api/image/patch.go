package image

import (
	"bytes"
	"encoding/json"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"

	jsonpatch "github.com/evanphx/json-patch/v5"

	"ironhook/api/wire"
	"ironhook/baremetal"
)

// patchTypes are the media types of a patch: 2.0 had another form for the operation.
var patchTypes = []string{"application/openstack-images-v2.1-json-patch", "application/json-patch+json"}

// update applies a JSON patch (RFC 6902) to what clients see of the image, and takes
// over what has changed.
func update(c *call) (answer, error) {
	kind, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if !slices.Contains(patchTypes, kind) {
		return answer{}, wire.Refuse(http.StatusUnsupportedMediaType, "Unexpected body type. Expected one of: %s", strings.Join(patchTypes, ", "))
	}
	var raw json.RawMessage
	if err := wire.Read(c.r, &raw); err != nil {
		return answer{}, err
	}
	patch, err := jsonpatch.DecodePatch(raw)
	if err != nil || len(patch) > maxProperties+maxTags {
		return answer{}, baremetal.Errorf(baremetal.ErrInvalid, "Request body must be a JSON array of operation objects.")
	}
	i, err := c.Pool.UpdateImage(c.r.Context(), c.arg("id"), func(i *baremetal.Image) error { return c.patch(i, patch) })
	if err != nil {
		return answer{}, missing(err, c.arg("id"))
	}
	return answer{status: http.StatusOK, body: c.view(i)}, nil
}

func (c *call) patch(i *baremetal.Image, patch jsonpatch.Patch) error {
	before := c.view(i)
	document, err := json.Marshal(before)
	if err != nil {
		return err
	}
	options := jsonpatch.NewApplyOptions()
	options.AccumulatedCopySizeLimit, options.SupportNegativeIndices = 1<<20, false
	patched, err := patch.ApplyWithOptions(document, options)
	if err != nil {
		return baremetal.Errorf(baremetal.ErrConflict, "The patch does not apply: %s", err)
	}
	after, err := object(patched)
	if err != nil {
		return err
	}
	if before, err = object(document); err != nil {
		return err
	}
	i.Properties = maps.Clone(i.Properties)
	for name := range before {
		if _, kept := after[name]; !kept {
			delete(i.Properties, name)
			if lookup(name) != nil || reserved.MatchString(name) {
				return wire.Refuse(http.StatusForbidden, "Property %s may not be removed.", name)
			}
		}
	}
	changed := map[string]any{}
	for name, value := range after {
		if old, had := before[name]; !had || !same(old, value) {
			changed[name] = value
		}
	}
	return assignAll(i, changed)
}

func same(a, b any) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}
