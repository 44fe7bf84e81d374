package client

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

var (
	metadata    = option{name: "property", kind: remarks, field: "metadata", usage: "a property, as KEY=VALUE (repeatable)"}
	metadataKey = option{name: "property", kind: words, field: "-", usage: "remove this property (repeatable)"}
	volumeFlags = []option{
		{name: "bootable", kind: yes, field: "-", usage: "machines can boot from it"},
		{name: "non-bootable", kind: yes, field: "-", usage: "machines cannot boot from it"},
		{name: "read-only", kind: yes, field: "-", usage: "refuse all writes to it"},
		{name: "read-write", kind: yes, field: "-", usage: "who has it may write to it"},
	}
	byName = []option{{name: "name", usage: "only those of this name"}, {name: "status", usage: "only those in this status"},
		{name: "limit", kind: number, field: "-", usage: "show at most so many"}, {name: "marker", usage: "begin after the one with this UUID"},
		{name: "long", kind: yes, field: "-", usage: "show more"}}
	named = []option{{name: "name", usage: "its name"}, {name: "description", usage: "what it is for"}, metadata}

	volumeColumns = []column{{"ID", "id"}, {"Name", "name"}, {"Status", "status"}, {"Size", "size"}, {"Attached to", "attachments"}}
	volumeLong    = []column{{"ID", "id"}, {"Name", "name"}, {"Status", "status"}, {"Size", "size"}, {"Type", "volume_type"},
		{"Bootable", "bootable"},
		{"Attached to", "attachments"}, {"Properties", "metadata"}}
	snapshotColumns = []column{{"ID", "id"}, {"Name", "name"}, {"Description", "description"}, {"Status", "status"}, {"Size", "size"}}
	snapshotLong    = append(slices.Clone(snapshotColumns), column{"Created At", "created_at"}, column{"Volume", "volume_id"},
		column{"Properties", "metadata"})
)

// volumeVerbs are the commands on volumes and their snapshots.
func volumeVerbs() []verb {
	return slices.Concat([]verb{
		{"create <name>", "Make a volume: empty, or of an image, a snapshot or another volume", one, slices.Concat([]option{
			{name: "size", kind: number, usage: "in GiB; may be left out where there is an origin"},
			{name: "image", field: "-", usage: "a clone of this image, by name or UUID"},
			{name: "snapshot", field: "-", usage: "a clone of this snapshot, by name or UUID"},
			{name: "source", field: "-", usage: "a clone of this volume, by name or UUID"},
			{name: "description", usage: "what it is for"}, {name: "type", field: "volume_type", usage: "the volume type"}, metadata, waiting},
			volumeFlags), createVolume},
		{"list", "List volumes", many, byName, listThings(volumes, volumeColumns, volumeLong)},
		{"show <volume>", "Show a volume", one, nil, showThing(volumes)},
		{"set <volume>", "Set fields of a volume", nothing, slices.Concat(named, volumeFlags,
			[]option{{name: "size", kind: number, field: "-", usage: "make it larger, in GiB"}}), setVolume},
		{"unset <volume>", "Remove properties of a volume", nothing, []option{metadataKey}, unsetThing(volumes)},
		{"delete <volume>...", "Delete volumes", nothing,
			[]option{{name: "force", kind: yes, field: "-", usage: "though a node that is off, or a host that has not connected, loses them"},
				{name: "purge", kind: yes, field: "-", usage: "with their snapshots"}}, volumes.remove},
		{"extend <volume> <GiB>", "Make a volume larger", nothing, nil, func(c *call) error {
			path, err := volumes.at(c, c.args[0])
			if err != nil {
				return err
			}
			return extendTo(c, path, c.args[1])
		}},
		{"reset <volume>", "Throw away what was written since the volume was cloned from its image", nothing,
			[]option{{name: "image", field: "-", usage: "begin from this image instead, by name or UUID"}, waiting}, resetVolume},
		{"revert <snapshot>", "Take a volume back to its latest snapshot", nothing, []option{waiting}, revertVolume},
		{"snapshot create <name>", "Snapshot a volume", one,
			[]option{{name: "volume", field: "-", usage: "which, by name or UUID (default: of the snapshot's name)"},
				{name: "description", usage: "what it is for"}, {name: "force", kind: yes, usage: "though it is in use"}, metadata, waiting},
			createSnapshot},
		{"snapshot list", "List snapshots", many, append([]option{{name: "volume", field: "-",
			usage: "only those of this volume, by name or UUID"}}, byName...), listThings(snapshots, snapshotColumns, snapshotLong)},
		{"snapshot show <snapshot>", "Show a snapshot", one, nil, showThing(snapshots)},
		{"snapshot set <snapshot>", "Set fields of a snapshot", nothing, named, setThing(snapshots)},
		{"snapshot unset <snapshot>", "Remove properties of a snapshot", nothing, []option{metadataKey}, unsetThing(snapshots)},
		{"snapshot delete <snapshot>...", "Delete snapshots", nothing, nil, snapshots.remove},
		{"save <volume>", "Write what a volume is now to a file, be it in use", nothing, saving, volumes.save},
		{"snapshot save <snapshot>", "Write a snapshot to a file", nothing, saving, snapshots.save},
	}, diskVerbs(volumes, "", "<volume>"), diskVerbs(snapshots, "snapshot ", "<snapshot>"))
}

// origins are what a volume can be cloned from: the option, the field of the API, and
// where such things are found.
var origins = []struct {
	option, field string
	thing         thing
}{
	{"image", "imageRef", images}, {"snapshot", "snapshot_id", snapshots}, {"source", "source_volid", volumes},
}

func createVolume(c *call) error {
	fields, err := c.body()
	if err != nil {
		return err
	}
	fields["name"] = c.args[0]
	for _, o := range origins {
		typed, ok := c.value(o.option).(string)
		if !ok {
			continue
		}
		origin, err := o.thing.find(c, typed)
		if err != nil {
			return err
		}
		fields[o.field] = origin["id"]
	}
	made, err := volumes.unwrap(object(c.do(c.ctx, http.MethodPost, volumes.path, volumes.enclose(fields))))
	if err != nil {
		return err
	}
	if made, err = volumes.settle(c, made); err != nil {
		return err
	}
	if err := c.flags(volumes.path + "/" + plain(made["id"])); err != nil {
		return err
	}
	return c.show(volumeFindings(made))
}

// volumeFindings are the fields of a volume or snapshot, as OpenStack's client names
// them.
func volumeFindings(one map[string]any) findings {
	one["properties"] = dressed("metadata", one["metadata"])
	if kind, ok := one["volume_type"]; ok {
		one["type"] = kind
	}
	delete(one, "metadata")
	delete(one, "volume_type")
	return resource{}.findings(one)
}

// flags sets the properties of a volume that have actions of their own.
func (c *call) flags(path string) error {
	for _, f := range []struct {
		option, action, key string
		value               bool
	}{
		{"bootable", "os-set_bootable", "bootable", true}, {"non-bootable", "os-set_bootable", "bootable", false},
		{"read-only", "os-update_readonly_flag", "readonly", true}, {"read-write", "os-update_readonly_flag", "readonly", false},
	} {
		if !c.has(f.option) {
			continue
		}
		if _, err := volumes.act(c, path, f.action, map[string]any{f.key: f.value}); err != nil {
			return err
		}
	}
	return nil
}

func listThings(t thing, columns, long []column) func(*call) error {
	return func(c *call) error {
		q := c.query()
		if volume, ok := c.value("volume").(string); ok {
			found, err := volumes.find(c, volume)
			if err != nil {
				return err
			}
			q.Set("volume_id", plain(found["id"]))
		}
		if c.has("long") {
			columns = long
		}
		return t.show(c, q, columns)
	}
}

func showThing(t thing) func(*call) error {
	return func(c *call) error {
		found, err := t.find(c, c.args[0])
		if err != nil {
			return err
		}
		return c.show(volumeFindings(found))
	}
}

func setThing(t thing) func(*call) error {
	return func(c *call) error {
		if len(c.given) == 0 {
			return misuse("say what to set; see --help")
		}
		path, err := t.at(c, c.args[0])
		if err != nil {
			return err
		}
		return t.change(c, path)
	}
}

// change sets the name, the description and the properties that were given.
func (t thing) change(c *call, path string) error {
	fields, err := c.body()
	if err != nil {
		return err
	}
	if notes, ok := fields["metadata"]; ok {
		delete(fields, "metadata")
		if _, err := c.do(c.ctx, http.MethodPost, path+"/metadata", map[string]any{"metadata": notes}); err != nil {
			return err
		}
	}
	if len(fields) > 0 {
		_, err = c.do(c.ctx, http.MethodPut, path, t.enclose(fields))
	}
	return err
}

func setVolume(c *call) error {
	if len(c.given) == 0 {
		return misuse("say what to set; see --help")
	}
	path, err := volumes.at(c, c.args[0])
	if err != nil {
		return err
	}
	if size, ok := c.value("size").(int); ok {
		if err := extendTo(c, path, strconv.Itoa(size)); err != nil {
			return err
		}
	}
	if err := volumes.change(c, path); err != nil {
		return err
	}
	return c.flags(path)
}

func unsetThing(t thing) func(*call) error {
	return func(c *call) error {
		keys, _ := c.value("property").([]string)
		if len(keys) == 0 {
			return misuse("say what to unset; see --help")
		}
		path, err := t.at(c, c.args[0])
		if err != nil {
			return err
		}
		return c.each(keys, func(key string) error {
			_, err := c.do(c.ctx, http.MethodDelete, path+"/metadata/"+url.PathEscape(key), nil)
			return err
		})
	}
}

func extendTo(c *call, path, size string) error {
	n, err := strconv.Atoi(size)
	if err != nil || n <= 0 {
		return misuse("the size %q: want a whole number of GiB", size)
	}
	_, err = volumes.act(c, path, "os-extend", map[string]any{"new_size": n})
	return err
}

func resetVolume(c *call) error {
	volume, err := volumes.find(c, c.args[0])
	if err != nil {
		return err
	}
	origin, _ := volume["volume_image_metadata"].(map[string]any)
	image := plainOr(origin["image_id"], "")
	if typed, ok := c.value("image").(string); ok {
		found, err := images.find(c, typed)
		if err != nil {
			return err
		}
		image = plain(found["id"])
	}
	if image == "" {
		return misuse("volume %s was not cloned from an image; say with --image what it shall begin from", c.args[0])
	}
	path := volumes.path + "/" + plain(volume["id"])
	if _, err := volumes.act(c, path, "os-reimage", map[string]any{"image_id": image}); err != nil {
		return err
	}
	_, err = volumes.settle(c, volume)
	return err
}

func revertVolume(c *call) error {
	snapshot, err := snapshots.find(c, c.args[0])
	if err != nil {
		return err
	}
	id := plain(snapshot["volume_id"])
	if _, err := volumes.act(c, volumes.path+"/"+id, "revert", map[string]any{"snapshot_id": snapshot["id"]}); err != nil {
		return err
	}
	_, err = volumes.settle(c, map[string]any{"id": id})
	return err
}

func createSnapshot(c *call) error {
	typed, ok := c.value("volume").(string)
	if !ok {
		typed = c.args[0]
	}
	volume, err := volumes.find(c, typed)
	if err != nil {
		return err
	}
	fields, err := c.body()
	if err != nil {
		return err
	}
	fields["name"], fields["volume_id"] = c.args[0], volume["id"]
	made, err := snapshots.unwrap(object(c.do(c.ctx, http.MethodPost, snapshots.path, snapshots.enclose(fields))))
	if err != nil {
		return err
	}
	if made, err = snapshots.settle(c, made); err != nil {
		return err
	}
	return c.show(volumeFindings(made))
}
