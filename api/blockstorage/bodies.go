package blockstorage

import (
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"ironhook/api/rest"
	"ironhook/baremetal"
)

// newVolume is the body of POST /volumes.
type newVolume struct {
	Volume struct {
		Size        whole
		Name        string
		Description string
		Image       string            `json:"imageRef"`
		Snapshot    string            `json:"snapshot_id"`
		Source      string            `json:"source_volid"`
		Type        string            `json:"volume_type"`
		Zone        string            `json:"availability_zone"`
		Backup      string            `json:"backup_id"`
		Group       string            `json:"group_id"`
		Consistency string            `json:"consistencygroup_id"`
		Metadata    map[string]string `json:"metadata"`
	} `json:"volume"`
}

func (n *newVolume) check() error {
	in := &n.Volume
	sources := 0
	for _, s := range []string{in.Image, in.Snapshot, in.Source} {
		if s != "" {
			sources++
		}
	}
	for what, given := range map[string]string{"backup_id": in.Backup, "group_id": in.Group, "consistencygroup_id": in.Consistency} {
		if given != "" {
			return baremetal.Errorf(baremetal.ErrInvalid, "%s is not supported here.", what)
		}
	}
	switch {
	case sources > 1:
		return baremetal.Errorf(baremetal.ErrInvalid, "A volume can begin as an image, a snapshot or a volume, but only one of them.")
	case in.Size < 0 || in.Size > maxGiB || in.Size == 0 && sources == 0:
		return baremetal.Errorf(baremetal.ErrInvalid, "Volume size '%d' must be an integer, greater than 0 and at most %d.", in.Size, maxGiB)
	case in.Type != "" && in.Type != typeName && in.Type != typeID:
		return rest.Refuse(http.StatusNotFound, "Volume type with name %.64s could not be found.", in.Type)
	case in.Zone != "" && in.Zone != zone:
		return baremetal.Errorf(baremetal.ErrInvalid, "Availability zone '%.64s' is invalid.", in.Zone)
	}
	return checkTexts(in.Name, in.Description, in.Metadata)
}

// description is the body of PUT /volumes/{id} and /snapshots/{id}, with the names
// that older clients use.
type description struct {
	Name               *string           `json:"name"`
	Description        *string           `json:"description"`
	DisplayName        *string           `json:"display_name"`
	DisplayDescription *string           `json:"display_description"`
	Metadata           map[string]string `json:"metadata"`
}

// apply changes what was given.
func (d *description) apply(name, text *string, metadata *map[string]string) error {
	for _, from := range []*string{d.DisplayName, d.Name} {
		if from != nil {
			*name = strings.TrimSpace(*from)
		}
	}
	for _, from := range []*string{d.DisplayDescription, d.Description} {
		if from != nil {
			*text = strings.TrimSpace(*from)
		}
	}
	if d.Metadata != nil {
		*metadata = d.Metadata
	}
	return checkTexts(*name, *text, *metadata)
}

// whole is an integer that clients send as a number, as a string, or as null.
type whole int64

func (n *whole) UnmarshalJSON(b []byte) error {
	text := strings.Trim(string(b), `"`)
	if text == "null" {
		return nil
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return baremetal.Errorf(baremetal.ErrInvalid, "%.32s is not an integer.", text)
	}
	*n = whole(v)
	return nil
}

// checkTexts holds what people write to Cinder's limits.
func checkTexts(name, description string, metadata map[string]string) error {
	if utf8.RuneCountInString(name) > maxText || utf8.RuneCountInString(description) > maxText {
		return baremetal.Errorf(baremetal.ErrInvalid, "A name or description has more than %d characters.", maxText)
	}
	if len(metadata) > maxKeys {
		return baremetal.Errorf(baremetal.ErrInvalid, "More than %d metadata items.", maxKeys)
	}
	for k, v := range metadata {
		if k == "" || utf8.RuneCountInString(k) > maxText || utf8.RuneCountInString(v) > maxText {
			return baremetal.Errorf(baremetal.ErrInvalid, "Metadata property %.32q: keys have 1 to %d characters, values at most as many.", k, maxText)
		}
	}
	return nil
}
