package blockstorage

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
)

func createVolume(c *call) (int, any, error) {
	in, err := c.body("volume", newVolume, "OS-SCH-HNT:scheduler_hints")
	if err != nil {
		return 0, nil, err
	}
	if err := possible(in); err != nil {
		return 0, nil, err
	}
	want := pool.NewVolume{Size: value[int64](in, "size") * gib, Metadata: value[map[string]string](in, "metadata"),
		Snapshot: value[string](in, "snapshot_id"), Source: value[string](in, "source_volid")}
	in.describe(&want.Name, &want.Description)
	if ref := cmp.Or(value[string](in, "imageRef"), value[string](in, "image_id")); ref != "" {
		if want.Image, err = c.image(ref); err != nil {
			return 0, nil, err
		}
	}
	v, err := c.Pool.CreateVolume(c.r.Context(), want)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusAccepted, c.volumeBody(changed, fresh(v)), nil
}

// elsewhere are the members that name a thing of which there is none here.
var elsewhere = []struct{ member, noun string }{{"backup_id", "Backup"}, {"group_id", "Group"}, {"consistencygroup_id", "Group"}}

// possible refuses a volume that there cannot be.
func possible(in values) error {
	for _, e := range elsewhere {
		if id := value[string](in, e.member); id != "" {
			return rest.Refuse(http.StatusNotFound, "%s %.64s could not be found.", e.noun, id)
		}
	}
	sources := 0
	for _, name := range []string{"imageRef", "image_id", "snapshot_id", "source_volid"} {
		if value[string](in, name) != "" {
			sources++
		}
	}
	size, kind, az := value[int64](in, "size"), value[string](in, "volume_type"), value[string](in, "availability_zone")
	switch {
	case value[bool](in, "multiattach"):
		return baremetal.Errorf(baremetal.ErrInvalid,
			"A volume that several may write to is not made; set os-update_readonly_flag, and any number may read it.")
	case sources > 1:
		return baremetal.Errorf(baremetal.ErrInvalid, "A volume can begin as an image, a snapshot or a volume, but only one of them.")
	case size == 0 && sources == 0:
		return baremetal.Errorf(baremetal.ErrInvalid, "A volume that begins as nothing must have a size, in GiB.")
	case kind != "" && kind != typeName && kind != typeID:
		return rest.Refuse(http.StatusNotFound, "Volume type with name %.64s could not be found.", kind)
	case az != "" && az != zone:
		return baremetal.Errorf(baremetal.ErrInvalid, "Availability zone '%.64s' is invalid; there is %s.", az, zone)
	}
	return fits(size)
}

// image finds the image that a volume shall begin as: by UUID, by an address that ends
// with it, as Nova writes it, or by name.
func (c *call) image(ref string) (id string, err error) {
	err = c.Store.View(c.r.Context(), func(tx *store.Tx) error {
		for _, ident := range slices.Compact([]string{ref[strings.LastIndexByte(ref, '/')+1:], ref}) {
			i, err := tx.FindImage(ident)
			if err != nil || i != nil {
				if i != nil {
					id = i.UUID
				}
				return err
			}
		}
		return nil
	})
	switch {
	case errors.Is(err, baremetal.ErrInvalid): // several have that name
		return "", rest.Refuse(http.StatusConflict, "%s", err)
	case err == nil && id == "":
		err = baremetal.Errorf(baremetal.ErrInvalid, "Invalid image identifier or unable to access requested image.")
	}
	return id, err
}

func (c *call) volumeBody(in view, v shown) any {
	return map[string]any{"volume": render(c, volumeAttributes, in, v)}
}
