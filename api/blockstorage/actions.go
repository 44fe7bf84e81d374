package blockstorage

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"strings"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
)

// volumeActions are what POST /volumes/{id}/action can do.
var volumeActions = map[string]action{
	"os-extend":                {args: extendArgs, do: extend},
	"os-reimage":               {since: 68, least: baremetal.RoleOperator, args: reimageArgs, do: reimage},
	"revert":                   {since: 40, least: baremetal.RoleOperator, args: revertArgs, do: revert},
	"os-volume_upload_image":   {args: uploadArgs, do: uploadImage},
	"os-reset_status":          {args: resetArgs, do: resetStatus},
	"os-set_bootable":          {args: bootableArgs, do: setBootable},
	"os-update_readonly_flag":  {args: readOnlyArgs, do: setReadOnly},
	"os-force_delete":          {do: forceDelete},
	"os-set_image_metadata":    {args: setImageArgs, do: setImageMetadata},
	"os-unset_image_metadata":  {args: unsetImageArgs, do: unsetImageMetadata},
	"os-show_image_metadata":   {least: baremetal.RoleViewer, do: showImageMetadata},
	"os-reserve":               {do: reserve},
	"os-unreserve":             {do: unreserve},
	"os-begin_detaching":       {do: beginDetaching},
	"os-roll_detaching":        {do: rollDetaching},
	"os-attach":                {args: attachArgs, do: attach},
	"os-detach":                {args: detachArgs, null: true, do: detach},
	"os-force_detach":          {args: forceDetachArgs, do: forceDetach},
	"os-initialize_connection": {args: connectArgs, do: initializeConnection},
	"os-terminate_connection":  {args: disconnectArgs, do: terminateConnection},
	"os-retype":                {args: retypeArgs, do: retype},
	"os-extend_volume_completion": {since: 71, args: completionArgs,
		do: refused("No extension of this volume waits to be completed: it is done when os-extend is answered.")},
	"os-migrate_volume":               {do: refused("There is one machine; a volume has nowhere to migrate to.")},
	"os-migrate_volume_completion":    {do: refused("There is one machine; no volume migrates.")},
	"os-unmanage":                     {do: refused("A volume is managed as long as it is there. Export its bytes, or delete it.")},
	"os-update_volume_admin_metadata": {do: refused("The administrative metadata of a volume follows from how it is attached.")},
}

func volumeAction(c *call) (int, any, error) { return act(c, volumeActions) }

// refused is an action that clients know and that nothing here can do.
func refused(why string) func(*call, values) (int, any, error) {
	return func(c *call, _ values) (int, any, error) {
		if _, _, err := c.Pool.Volume(c.r.Context(), c.arg("id")); err != nil {
			return 0, nil, err
		}
		return 0, nil, baremetal.Errorf(baremetal.ErrUnsupported, "%s", why)
	}
}

// sinceOnline is the microversion of the extension of a volume in use.
const sinceOnline = 42

func extend(c *call, in values) (int, any, error) {
	size := value[int64](in, "new_size")
	if err := fits(size); err != nil {
		return 0, nil, err
	}
	_, uses, err := c.Pool.Volume(c.r.Context(), c.arg("id"))
	if err != nil {
		return 0, nil, err
	}
	if len(uses) > 0 && c.minor < sinceOnline {
		return 0, nil, baremetal.Errorf(baremetal.ErrConflict,
			"Volume %s status must be available to extend, currently in-use; a volume in use is extended by microversion 3.%d and later.",
			c.arg("id"), sinceOnline)
	}
	return http.StatusAccepted, nil, c.Pool.Extend(c.r.Context(), c.arg("id"), size*gib)
}

func reimage(c *call, in values) (int, any, error) {
	return http.StatusAccepted, nil, c.Pool.Reimage(c.r.Context(), c.arg("id"), value[string](in, "image_id"))
}

func revert(c *call, in values) (int, any, error) {
	err := c.Pool.Revert(c.r.Context(), c.arg("id"), value[string](in, "snapshot_id"))
	if errors.Is(err, baremetal.ErrConflict) {
		err = rest.Refuse(http.StatusConflict, "%s", err)
	}
	return http.StatusAccepted, nil, err
}

func uploadImage(c *call, in values) (int, any, error) {
	format, container := cmp.Or(value[string](in, "disk_format"), "raw"), cmp.Or(value[string](in, "container_format"), "bare")
	if format != "raw" || container != "bare" {
		return 0, nil, baremetal.Errorf(baremetal.ErrInvalid, "An image of a volume is raw and bare; ask for these formats.")
	}
	image, err := c.Pool.Promote(c.r.Context(), c.arg("id"), pool.Promotion{
		Name: value[string](in, "image_name"), Comment: value[string](in, "description"),
		Visibility: cmp.Or(value[string](in, "visibility"), "private"), Protected: value[bool](in, "protected"), Force: value[bool](in, "force"),
	})
	if err != nil {
		return 0, nil, err
	}
	v, _, err := c.Pool.Volume(c.r.Context(), c.arg("id"))
	if err != nil {
		return 0, nil, err
	}
	body := map[string]any{
		"id": v.UUID, "status": baremetal.VolumeUploading, "size": pool.GiB(v.Size), "display_description": rest.Text(v.Description),
		"updated_at": rest.Time(v.UpdatedAt, timeLayout), "volume_type": typeReference(), "image_id": image.UUID, "image_name": image.Name,
		"container_format": image.ContainerFormat, "disk_format": image.DiskFormat,
	}
	if c.minor >= 1 {
		body["visibility"], body["protected"] = image.Visibility, image.Protected
	}
	return http.StatusAccepted, map[string]any{"os-volume_upload_image": body}, nil
}

// resettable are the statuses that an operator may declare: those from which the work of
// the pool can go on.
func resettable(status string) (baremetal.VolumeStatus, error) {
	switch to := baremetal.VolumeStatus(strings.ToLower(status)); to {
	case baremetal.VolumeAvailable, baremetal.VolumeError:
		return to, nil
	}
	return "", baremetal.Errorf(baremetal.ErrInvalid, "The status can be reset to available or error; what else there is follows from facts.")
}

func resetStatus(c *call, in values) (int, any, error) {
	if value[string](in, "attach_status") != "" || value[string](in, "migration_status") != "" {
		return 0, nil, baremetal.Errorf(baremetal.ErrInvalid,
			"The status of an attachment follows from who has the volume; delete the attachment to end it.")
	}
	to, err := resettable(value[string](in, "status"))
	if err != nil {
		return 0, nil, err
	}
	return http.StatusAccepted, nil, c.Pool.ResetStatus(c.r.Context(), c.arg("id"), to)
}

func setBootable(c *call, in values) (int, any, error) {
	_, err := c.Pool.UpdateVolume(c.r.Context(), c.arg("id"), func(_ *store.Tx, v *baremetal.Volume) error {
		v.Bootable = value[bool](in, "bootable")
		return nil
	})
	return http.StatusOK, nil, err
}

func setReadOnly(c *call, in values) (int, any, error) {
	return http.StatusAccepted, nil, c.Pool.SetReadOnly(c.r.Context(), c.arg("id"), value[bool](in, "readonly"))
}

// forceDelete deletes a volume with its snapshots though a node that is off has it, or a
// host that has not connected; an event names what that breaks. There is no force that
// takes a disk from a machine that runs.
func forceDelete(c *call, _ values) (int, any, error) {
	return http.StatusAccepted, nil, c.Pool.ForceDelete(c.r.Context(), c.arg("id"))
}

// retype changes nothing when the type is the one that there is.
func retype(c *call, in values) (int, any, error) {
	if _, _, err := c.Pool.Volume(c.r.Context(), c.arg("id")); err != nil {
		return 0, nil, err
	}
	if name := value[string](in, "new_type"); name != typeName && name != typeID {
		return 0, nil, baremetal.Errorf(baremetal.ErrInvalid, "Volume type %.64q could not be found; there is one, %s.", name, typeName)
	}
	return 0, nil, baremetal.Errorf(baremetal.ErrInvalid, "The volume is of type %s already, and there is no other.", typeName)
}

func setImageMetadata(c *call, in values) (int, any, error) {
	v, err := c.Pool.UpdateVolume(c.r.Context(), c.arg("id"), func(_ *store.Tx, v *baremetal.Volume) error {
		merged := maps.Clone(notNil(v.ImageMetadata))
		maps.Copy(merged, value[map[string]string](in, "metadata"))
		v.ImageMetadata = merged
		return few(merged)
	})
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, map[string]any{"metadata": v.ImageMetadata}, nil
}

func unsetImageMetadata(c *call, in values) (int, any, error) {
	key := value[string](in, "key")
	_, err := c.Pool.UpdateVolume(c.r.Context(), c.arg("id"), func(_ *store.Tx, v *baremetal.Volume) error {
		if _, ok := v.ImageMetadata[key]; !ok {
			return baremetal.Errorf(baremetal.ErrNotFound, "Volume %s has no image metadata with key %.64s.", v.UUID, key)
		}
		delete(v.ImageMetadata, key)
		return nil
	})
	return http.StatusOK, nil, err
}

func showImageMetadata(c *call, _ values) (int, any, error) {
	v, _, err := c.Pool.Volume(c.r.Context(), c.arg("id"))
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, map[string]any{"metadata": notNil(v.ImageMetadata)}, nil
}
