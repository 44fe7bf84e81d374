package blockstorage

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"ironhook/api/rest"
	"ironhook/baremetal"
	"ironhook/storage/pool"
	"ironhook/store"
)

// action is one key of the body of POST .../action; args is its value.
type action func(c *call, args json.RawMessage) (int, any, error)

// volumeActions is what POST /volumes/{id}/action can say.
var volumeActions = map[string]action{
	"os-extend":                extend,
	"os-reimage":               reimage,
	"revert":                   revert,
	"os-volume_upload_image":   uploadImage,
	"os-reset_status":          resetStatus,
	"os-set_bootable":          setBootable,
	"os-update_readonly_flag":  setReadOnly,
	"os-force_delete":          forceDelete,
	"os-set_image_metadata":    setImageMetadata,
	"os-unset_image_metadata":  unsetImageMetadata,
	"os-show_image_metadata":   showImageMetadata,
	"os-reserve":               reserve,
	"os-unreserve":             unreserve,
	"os-begin_detaching":       noted,
	"os-roll_detaching":        noted,
	"os-attach":                attachOld,
	"os-detach":                detachOld,
	"os-force_detach":          detachOld,
	"os-initialize_connection": initializeConnection,
	"os-terminate_connection":  terminateConnection,
}

func volumeAction(c *call) (int, any, error) { return act(c, volumeActions) }

// act finds the one action that the body names.
func act(c *call, actions map[string]action) (int, any, error) {
	var body map[string]json.RawMessage
	if err := rest.Read(c.r, &body); err != nil {
		return 0, nil, err
	}
	for name, args := range body {
		if do, ok := actions[name]; ok && len(body) == 1 {
			return do(c, args)
		}
	}
	return 0, nil, rest.Refuse(http.StatusBadRequest, "There is no such action: %.64v", slices.Sorted(maps.Keys(body)))
}

// decode reads the arguments of an action; null leaves them empty.
func decode(args json.RawMessage, into any) error {
	if err := json.Unmarshal(args, into); err != nil {
		return baremetal.Errorf(baremetal.ErrInvalid, "the arguments of the action: %s", err)
	}
	return nil
}

func extend(c *call, args json.RawMessage) (int, any, error) {
	var in struct {
		Size whole `json:"new_size"`
	}
	if err := decode(args, &in); err != nil {
		return 0, nil, err
	}
	if in.Size <= 0 || in.Size > maxGiB {
		return 0, nil, baremetal.Errorf(baremetal.ErrInvalid, "new_size must be from 1 to %d.", maxGiB)
	}
	return http.StatusAccepted, nil, c.Pool.Extend(c.r.Context(), c.arg("id"), int64(in.Size)*gib)
}

func reimage(c *call, args json.RawMessage) (int, any, error) {
	var in struct {
		Image string `json:"image_id"`
	}
	if err := decode(args, &in); err != nil {
		return 0, nil, err
	}
	return http.StatusAccepted, nil, c.Pool.Reimage(c.r.Context(), c.arg("id"), in.Image)
}

func revert(c *call, args json.RawMessage) (int, any, error) {
	var in struct {
		Snapshot string `json:"snapshot_id"`
	}
	if err := decode(args, &in); err != nil {
		return 0, nil, err
	}
	return http.StatusAccepted, nil, c.Pool.Revert(c.r.Context(), c.arg("id"), in.Snapshot)
}

func uploadImage(c *call, args json.RawMessage) (int, any, error) {
	in := struct {
		Name       string `json:"image_name"`
		Force      yes
		Container  string `json:"container_format"`
		Format     string `json:"disk_format"`
		Visibility string
		Protected  yes
	}{Container: "bare", Format: "raw", Visibility: "private"}
	if err := decode(args, &in); err != nil {
		return 0, nil, err
	}
	if in.Format != "raw" || in.Container != "bare" {
		return 0, nil, baremetal.Errorf(baremetal.ErrInvalid, "Images of volumes are kept as raw and bare; ask for these formats.")
	}
	if err := checkTexts(in.Name, "", nil); err != nil {
		return 0, nil, err
	}
	image, err := c.Pool.Promote(c.r.Context(), c.arg("id"), pool.Promotion{Name: in.Name, Visibility: in.Visibility, Protected: bool(in.Protected), Force: bool(in.Force)})
	if err != nil {
		return 0, nil, err
	}
	v, _, err := c.Pool.Volume(c.r.Context(), c.arg("id"))
	if err != nil {
		return 0, nil, err
	}
	return http.StatusAccepted, map[string]any{"os-volume_upload_image": map[string]any{
		"id": v.UUID, "status": baremetal.VolumeUploading, "size": pool.GiB(v.Size), "display_description": rest.Text(v.Description),
		"updated_at": rest.Time(v.UpdatedAt, timeLayout), "volume_type": volumeType(), "image_id": image.UUID, "image_name": image.Name,
		"container_format": image.ContainerFormat, "disk_format": image.DiskFormat, "visibility": image.Visibility, "protected": image.Protected,
	}}, nil
}

// resettable are the statuses that an operator may declare: those that the work of
// the pool can go on from.
func resettable(status string) error {
	if status != string(baremetal.VolumeAvailable) && status != string(baremetal.VolumeError) {
		return baremetal.Errorf(baremetal.ErrInvalid, "The status can be reset to available or error; what else there is follows from facts.")
	}
	return nil
}

func resetStatus(c *call, args json.RawMessage) (int, any, error) {
	var in struct {
		Status    string
		Attach    string `json:"attach_status"`
		Migration string `json:"migration_status"`
	}
	if err := decode(args, &in); err != nil {
		return 0, nil, err
	}
	if in.Attach != "" || in.Migration != "" {
		return 0, nil, baremetal.Errorf(baremetal.ErrInvalid, "The status of an attachment follows from who has the volume; delete the attachment to end it.")
	}
	if err := resettable(in.Status); err != nil {
		return 0, nil, err
	}
	return http.StatusAccepted, nil, c.Pool.ResetStatus(c.r.Context(), c.arg("id"), baremetal.VolumeStatus(in.Status))
}

func setBootable(c *call, args json.RawMessage) (int, any, error) {
	var in struct{ Bootable *yes }
	if err := decode(args, &in); err != nil || in.Bootable == nil {
		return 0, nil, baremetal.Errorf(baremetal.ErrInvalid, "bootable must be true or false.")
	}
	_, err := c.Pool.UpdateVolume(c.r.Context(), c.arg("id"), func(_ *store.Tx, v *baremetal.Volume) error {
		v.Bootable = bool(*in.Bootable)
		return nil
	})
	return http.StatusOK, nil, err
}

func setReadOnly(c *call, args json.RawMessage) (int, any, error) {
	var in struct{ ReadOnly *yes }
	if err := decode(args, &in); err != nil || in.ReadOnly == nil {
		return 0, nil, baremetal.Errorf(baremetal.ErrInvalid, "readonly must be true or false.")
	}
	return http.StatusAccepted, nil, c.Pool.SetReadOnly(c.r.Context(), c.arg("id"), bool(*in.ReadOnly))
}

// forceDelete deletes a volume with its snapshots though it is in use, unless a running
// machine or host would lose its disk by that.
func forceDelete(c *call, _ json.RawMessage) (int, any, error) {
	return http.StatusAccepted, nil, c.Pool.ForceDelete(c.r.Context(), c.arg("id"))
}

func setImageMetadata(c *call, args json.RawMessage) (int, any, error) {
	var in struct{ Metadata map[string]string }
	if err := decode(args, &in); err != nil {
		return 0, nil, err
	}
	v, err := c.Pool.UpdateVolume(c.r.Context(), c.arg("id"), func(_ *store.Tx, v *baremetal.Volume) error {
		merged := map[string]string{}
		maps.Copy(merged, v.ImageMetadata)
		maps.Copy(merged, in.Metadata)
		v.ImageMetadata = merged
		return checkTexts("", "", merged)
	})
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, map[string]any{"metadata": v.ImageMetadata}, nil
}

func unsetImageMetadata(c *call, args json.RawMessage) (int, any, error) {
	var in struct{ Key string }
	if err := decode(args, &in); err != nil {
		return 0, nil, err
	}
	_, err := c.Pool.UpdateVolume(c.r.Context(), c.arg("id"), func(_ *store.Tx, v *baremetal.Volume) error {
		if _, ok := v.ImageMetadata[in.Key]; !ok {
			return baremetal.Errorf(baremetal.ErrNotFound, "Metadata item %.64s was not found.", in.Key)
		}
		delete(v.ImageMetadata, in.Key)
		return nil
	})
	return http.StatusOK, nil, err
}

func showImageMetadata(c *call, _ json.RawMessage) (int, any, error) {
	v, _, err := c.Pool.Volume(c.r.Context(), c.arg("id"))
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, map[string]any{"metadata": notNil(v.ImageMetadata)}, nil
}
