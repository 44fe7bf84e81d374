package client

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// references look for the images and volumes that the machines of a file name. A dry run does that; applying does
// not, for they may be made after the machines, up to the deployment.
type references struct {
	*call
	lists map[string][]map[string]any // what there is, by the word for it
}

// check returns all that is wrong with what a machine names.
func (r references) check(name string, node map[string]any) error {
	instance, _ := node["instance_info"].(map[string]any)
	all := []error{r.image(localImage(plainOr(instance["image_source"], "")))}
	volumes, err := r.exported(name, node)
	for _, volume := range volumes {
		all = append(all, r.volume(volume))
	}
	all = slices.DeleteFunc(append(all, err), func(err error) bool { return err == nil })
	for i := range all {
		all[i] = fmt.Errorf("%s: %w", name, all[i])
	}
	return errors.Join(all...)
}

// localImage is the image that an image_source names, "" for one elsewhere, which is fetched when it is needed.
func localImage(source string) string {
	scheme, rest, isURL := strings.Cut(source, "://")
	switch {
	case !isURL:
		return source
	case strings.EqualFold(scheme, "glance"):
		return rest
	}
	return ""
}

// exported are what a machine's volume targets name of the appliance's own: not volumes of another array, or Cinder's.
func (r references) exported(name string, node map[string]any) (all []string, err error) {
	targets, _ := node["volume_targets"].([]any)
	for _, t := range targets {
		target, _ := t.(map[string]any)
		if id := plainOr(target["volume_id"], ""); id != "" && target["volume_type"] == "iscsi" {
			all = append(all, id)
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	storage, err := r.storage(name, node)
	if err != nil || storage != "iscsi" {
		return nil, err
	}
	return all, nil
}

// storage is the storage interface of a machine: what the file does not say is as the machine has it or, of a new
// one, as its driver wants it.
func (r references) storage(name string, node map[string]any) (string, error) {
	if storage := plainOr(node["storage_interface"], ""); storage != "" {
		return storage, nil
	}
	now, err := r.get(r.ctx, "/v1/nodes/"+url.PathEscape(name))
	if !isMissing(err) {
		return plainOr(now["storage_interface"], ""), err
	}
	driver, err := r.get(r.ctx, "/v1/drivers/"+url.PathEscape(plainOr(node["driver"], "")))
	if isMissing(err) {
		return "", nil // the machine itself is refused for this
	}
	return plainOr(driver["default_storage_interface"], ""), err
}

// called are those of a kind with this UUID or name. known is false where the server keeps none: another Ironic.
func (r references) called(t thing, ident string) (found []map[string]any, known bool, err error) {
	list, asked := r.lists[t.word]
	if !asked {
		all := *r.call
		all.given = nil
		list, err = all.pages(t.path+t.detail, t.list, url.Values{})
		if err != nil && !isMissing(err) {
			return nil, false, err
		}
		if err == nil && list == nil {
			list = []map[string]any{}
		}
		r.lists[t.word] = list
	}
	for _, one := range list {
		if one["id"] == ident || one["name"] == ident && (t.word != images.word || one["status"] == "active") {
			found = append(found, one)
		}
	}
	return found, list != nil, nil
}

// image is what is wrong with a name or UUID as that of an image.
func (r references) image(ident string) error {
	if ident == "" {
		return nil
	}
	found, known, err := r.called(images, ident)
	switch {
	case err != nil || !known:
		return err
	case len(found) == 0:
		return fmt.Errorf("there is no active image %s", ident)
	case len(found) > 1:
		return fmt.Errorf("%d images are called %s; give the UUID", len(found), ident)
	case found[0]["status"] != "active":
		return fmt.Errorf("the image %s is %s", ident, plain(found[0]["status"]))
	}
	return nil
}

// volume is the same of a volume_id, which may also name an image or a raw file among the volumes.
func (r references) volume(ident string) error {
	found, known, err := r.called(volumes, ident)
	switch {
	case err != nil || !known || len(found) == 1:
		return err
	case len(found) > 1:
		return fmt.Errorf("%d volumes are called %s; give the UUID", len(found), ident)
	}
	if _, err = r.get(r.ctx, "/ironhook/v1/disks/"+url.PathEscape(ident)+"/usage"); !isMissing(err) {
		return err
	}
	if images, _, err := r.called(images, ident); err != nil || len(images) > 0 {
		return err
	}
	return fmt.Errorf("there is no volume %s", ident)
}

// isMissing reports whether the server has no such thing.
func isMissing(err error) bool {
	var r *refusal
	return errors.As(err, &r) && r.status == http.StatusNotFound
}
