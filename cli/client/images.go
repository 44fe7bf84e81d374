package client

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"slices"
)

var (
	oneImage   = []option{{name: "name", usage: "its name"}}
	visibility = []string{"public", "private", "community", "shared"}
	imageText  = []option{
		{name: "comment", field: "description", usage: "words about it, kept with the image and shown on the page"},
		{name: "min-disk", kind: number, usage: "GiB a disk needs for it"},
		{name: "min-ram", kind: number, usage: "MiB a machine needs for it"},
		{name: "protected", kind: yes, usage: "it cannot be deleted"},
		{name: "unprotected", kind: no, field: "protected", usage: "it can be deleted"},
		{name: "property", kind: remarks, field: "-", usage: "a property, as KEY=VALUE (repeatable)"},
		{name: "tag", kind: words, field: "-", usage: "a tag (repeatable)"},
	}
	imageLong = []column{{"ID", "id"}, {"Name", "name"}, {"Disk Format", "disk_format"}, {"Container Format", "container_format"},
		{"Size", "size"},
		{"Checksum", "checksum"}, {"Status", "status"}, {"Visibility", "visibility"}, {"Protected", "protected"},
		{"Project", "owner"}, {"Tags", "tags"}}
)

// imageVerbs are the commands on images.
func imageVerbs() []verb {
	see := func(usage string) (all []option) {
		for _, v := range visibility {
			all = append(all, option{name: v, kind: yes, field: "-", usage: usage + v})
		}
		return all
	}
	return slices.Concat([]verb{
		{"create <name>", "Make an image of a file, of what a URL gives, or of a volume", one, slices.Concat([]option{
			{name: "file", field: "-", usage: "send this file"},
			{name: "uri", field: "-", usage: "let the appliance fetch it from this URL"},
			{name: "checksum", field: "-", usage: "what --file or --uri must have, as sha256:HEX or sha512:HEX"},
			{name: "volume", field: "-", usage: "make it of this volume, by name or UUID"},
			{name: "force", kind: yes, field: "-", usage: "with --volume: though it is in use"},
			{name: "disk-format", usage: "raw, qcow2, vmdk, vhd or vhdx (default: what the file begins with says)"},
			{name: "container-format", usage: "bare"}, {name: "id", usage: "its UUID; without one it gets a random one"}, waiting},
			imageText, see("its visibility is ")), createImage},
		{"list", "List images", many, append([]option{
			{name: "name", usage: "only those of this name"}, {name: "status", usage: "only those in this status"},
			{name: "tag", usage: "only those with this tag"},
			{name: "property", kind: remarks, field: "-", usage: "only those with this property, as KEY=VALUE"},
			{name: "limit", kind: number, field: "-", usage: "show at most so many"},
			{name: "marker", field: "-", usage: "begin after this one, by name or UUID"},
			{name: "sort", usage: "sort by FIELD or FIELD:desc (default name)"}, {name: "long", kind: yes, field: "-", usage: "show more"}},
			see("only those whose visibility is ")...), listImages},
		{"show <image>", "Show an image", one, nil, func(c *call) error {
			found, err := images.find(c, c.args[0])
			if err != nil {
				return err
			}
			return c.show(imageFindings(found))
		}},
		{"set <image>", "Set fields of an image", nothing, slices.Concat(oneImage, imageText, see("its visibility is ")), setImage},
		{"unset <image>", "Remove properties and tags of an image", nothing, []option{
			{name: "property", kind: words, field: "-", usage: "remove this property (repeatable)"},
			{name: "tag", kind: words, field: "-", usage: "remove this tag (repeatable)"}}, unsetImage},
		{"delete <image>...", "Delete images", nothing, nil, images.remove},
		{"catalog", "List well-known cloud images that boot over iSCSI, and what each needs", many,
			[]option{{name: "long", kind: yes, field: "-", usage: "show how to prepare them, too"}}, showCatalog},
		{"save <image>", "Write the file of an image, as it was sent, or its disk", nothing, []option{
			{name: "file", field: "-", usage: "where to (default the standard output)"},
			{name: "disk-format", field: "-", choices: []string{"raw", "qcow2"}, usage: "write the disk, in this format"}}, saveImage},
	}, diskVerbs(images, "", "<image>"))
}

// imageFields are the body of a new image, or what to change of one.
func (c *call) imageFields() (map[string]any, error) {
	fields, err := c.body()
	if err != nil {
		return nil, err
	}
	for _, v := range visibility {
		if c.has(v) {
			fields["visibility"] = v
		}
	}
	if made, ok := c.value("property").(map[string]any); ok {
		for key, value := range made {
			fields[key] = value
		}
	}
	if tags, ok := c.value("tag").([]string); ok {
		fields["tags"] = tags
	}
	return fields, nil
}

// source is the origin of an image: a file, a URL, a volume, or nothing yet.
type source struct{ file, uri, volume, checksum string }

func (c *call) source() (s source, err error) {
	given := 0
	for name, to := range map[string]*string{"file": &s.file, "uri": &s.uri, "volume": &s.volume} {
		var ok bool
		if *to, ok = c.value(name).(string); ok {
			given++
		}
	}
	s.checksum, _ = c.value("checksum").(string)
	switch {
	case given > 1:
		err = misuse("give one of --file, --uri and --volume")
	case s.checksum != "" && s.file == "" && s.uri == "":
		err = misuse("--checksum is of --file or --uri")
	}
	return s, err
}

func createImage(c *call) error {
	fields, err := c.imageFields()
	if err != nil {
		return err
	}
	from, err := c.source()
	if err != nil {
		return err
	}
	if from.volume != "" {
		return imageOfVolume(c, from.volume)
	}
	var data *os.File
	if from.file != "" {
		if data, err = os.Open(from.file); err != nil {
			return misuse("--file: %w", err)
		}
		defer data.Close() //nolint:errcheck // only read
	}
	if fields["container_format"] == nil {
		fields["container_format"] = "bare"
	}
	fields["name"] = c.args[0]
	made, err := object(c.do(c.ctx, http.MethodPost, images.path, fields))
	if err != nil {
		return err
	}
	path := images.path + "/" + plain(made["id"])
	switch {
	case from.file != "":
		err = images.watch(c, made, func() error { return c.upload(path+"/file", data, from.checksum) })
	case from.uri != "":
		_, err = c.do(c.ctx, http.MethodPost, path+"/import",
			map[string]any{"method": map[string]any{"name": "web-download", "uri": from.uri, "checksum": from.checksum}})
	}
	if err != nil { // or the user interrupted
		ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), patience)
		defer cancel()
		_, undone := c.do(ctx, http.MethodDelete, path, nil)
		return errors.Join(err, undone)
	}
	if made, err = images.read(c, c.ctx, plain(made["id"])); err != nil {
		return err
	}
	if made, err = images.settle(c, made); err != nil {
		return err
	}
	return c.show(imageFindings(made))
}

func imageOfVolume(c *call, volume string) error {
	path, err := volumes.at(c, volume)
	if err != nil {
		return err
	}
	args := map[string]any{"image_name": c.args[0], "force": c.has("force"), "disk_format": "raw", "container_format": "bare"}
	if comment, ok := c.value("comment").(string); ok {
		args["description"] = comment
	}
	answer, err := object(volumes.act(c, path, "os-volume_upload_image", args))
	if err != nil {
		return err
	}
	uploaded, err := object(answer["os-volume_upload_image"], nil)
	if err != nil {
		return err
	}
	made, err := images.read(c, c.ctx, plain(uploaded["image_id"]))
	if err != nil {
		return err
	}
	if made, err = images.settle(c, made); err != nil {
		return err
	}
	return c.show(imageFindings(made))
}

// upload streams a file.
func (c *call) upload(path string, data *os.File, checksum string) error {
	header := http.Header{"Content-Type": {"application/octet-stream"}}
	if checksum != "" {
		header.Set("Ironhook-Checksum", checksum)
	}
	response, err := c.send(c.ctx, http.MethodPut, path, header, data)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

func listImages(c *call) error {
	q := c.query()
	for _, v := range visibility {
		if c.has(v) {
			q.Set("visibility", v)
		}
	}
	if wanted, ok := c.value("property").(map[string]any); ok {
		for key, value := range wanted {
			q.Set(key, plain(value))
		}
	}
	if !q.Has("sort") {
		q.Set("sort", "name:asc")
	}
	if marker, ok := c.value("marker").(string); ok {
		found, err := images.find(c, marker)
		if err != nil {
			return err
		}
		q.Set("marker", plain(found["id"]))
	}
	columns := []column{{"ID", "id"}, {"Name", "name"}, {"Status", "status"}}
	if c.has("long") {
		columns = imageLong
	}
	return images.show(c, q, columns)
}

// imageShown are the fields of an image that stand by themselves; the stock client
// puts all others together as properties.
var imageShown = []string{"status", "name", "container_format", "created_at", "size", "disk_format", "updated_at",
	"visibility", "min_disk", "protected",
	"id", "file", "checksum", "owner", "virtual_size", "min_ram", "schema", "tags"}

func imageFindings(image map[string]any) findings {
	shown, others := map[string]any{}, notes{}
	for key, value := range image {
		switch {
		case value == nil || key == "self":
		case slices.Contains(imageShown, key):
			shown[key] = dressed(key, value)
		default:
			others[key] = value
		}
	}
	if len(others) > 0 {
		shown["properties"] = others
	}
	return resource{}.findings(shown)
}

const imagePatch = "application/openstack-images-v2.1-json-patch"

func setImage(c *call) error {
	fields, err := c.imageFields()
	if err != nil {
		return err
	}
	if len(fields) == 0 {
		return misuse("say what to set; see --help")
	}
	found, err := images.find(c, c.args[0])
	if err != nil {
		return err
	}
	if tags, ok := fields["tags"].([]string); ok {
		old, _ := found["tags"].([]any)
		fields["tags"] = slices.Concat(texts(old), slices.DeleteFunc(tags, func(t string) bool { return slices.Contains(texts(old), t) }))
	}
	var patch []operation
	for key, value := range fields {
		patch = append(patch, add("/"+pointer(key), value))
	}
	_, err = c.doAs(c.ctx, http.MethodPatch, images.path+"/"+plain(found["id"]), imagePatch, patch)
	return err
}

func unsetImage(c *call) error {
	if len(c.given) == 0 {
		return misuse("say what to unset; see --help")
	}
	path, err := images.at(c, c.args[0])
	if err != nil {
		return err
	}
	tags, _ := c.value("tag").([]string)
	if err := c.each(tags, func(tag string) error {
		_, err := c.do(c.ctx, http.MethodDelete, path+"/tags/"+url.PathEscape(tag), nil)
		return err
	}); err != nil {
		return err
	}
	var patch []operation
	keys, _ := c.value("property").([]string)
	for _, key := range keys {
		patch = append(patch, remove("/"+pointer(key)))
	}
	if len(patch) > 0 {
		_, err = c.doAs(c.ctx, http.MethodPatch, path, imagePatch, patch)
	}
	return err
}

// saveImage writes the file that the image was made of, or its disk.
func saveImage(c *call) error {
	if c.value("disk-format") != nil {
		return images.save(c)
	}
	path, err := images.at(c, c.args[0])
	if err != nil {
		return err
	}
	return c.saveFrom(path + "/file")
}
