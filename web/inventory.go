package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"ironhook/baremetal"
	"ironhook/store"
)

// inventory is the page of what machines boot from: a forest of images, the volumes made of
// them, their snapshots, and so on.
type inventory struct {
	page
	Busy  bool // work is in progress: its progress is shown from second to second
	Rows  []item
	Space *Space // nil where that is not known
}

// File is a file of a disk in the directory of the volumes that has no record: a
// volume by its own name.
type File struct {
	Name string
	Size int64 // bytes
}

// Space is that on the disk of the volumes, in bytes.
type Space struct {
	Total int64
	Free  int64 // that may still be used
	Floor int64 // that is kept back for the database
}

// Used is what is in use, by whatever.
func (s *Space) Used() int64 { return max(0, s.Total-s.Free-s.Floor) }

// Usable is what may be used at most.
func (s *Space) Usable() int64 { return max(0, s.Total-s.Floor) }

// Low is from where on the space is short: nine tenths.
func (s *Space) Low() int64 { return s.Usable() / 10 * 9 }

// Short reports whether the space is short.
func (s *Space) Short() bool { return s.Used() >= s.Low() }

// Left is what is free, for a person.
func (s *Space) Left() string { return amount(uint64(max(0, s.Free))) }

// Words are for a person.
func (s *Space) Words() string {
	return fmt.Sprintf("%s free of %s; %s are kept back for the database",
		s.Left(), amount(uint64(max(0, s.Total))), amount(uint64(max(0, s.Floor))))
}

// space is nil where it is not known.
func (w *Web) space() *Space {
	if w.Space == nil {
		return nil
	}
	s, err := w.Space()
	if err != nil {
		return nil
	}
	return &s
}

// item is a row: an image, a volume, a snapshot, or a file.
type item struct {
	UUID, Name string
	Kind       string
	Lines      []string // of the tree, before the name: CSS classes
	Size       string
	Status     badge
	Note       string // progress, what went wrong, or a comment
	Users      string // the nodes and hosts that have it now
	Disk       bool   // it has bytes, that can be weighed, verified and exported
	Actions    []diskAction
	parent     string // UUID of what it was made of
	image      string // UUID of the image that a reset goes back to
	children   int
}

// diskAction is a button: one call of the Image or the Block Storage API.
type diskAction struct {
	Label, Method, Path string
	Body                string // JSON, "" for none; "$" in it is the answer, "$2" that to the second question
	Ask, Confirm, Tone  string
	First               bool   // it is used most: beside the menu
	Also                string // the second question, whose answer may be empty; "" for none
	Command             string // that does the same
}

func (w *Web) inventoryPage(rw http.ResponseWriter, r *http.Request) {
	var found *inventory
	err := w.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		if found, err = w.readInventory(tx); err != nil {
			return err
		}
		found.page, err = w.live(tx, "Images and volumes", "")
		found.Stream += "&inventory=1"
		found.Disks = true
		return err
	})
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	w.render(rw, http.StatusOK, "inventory", found)
}

// inventoryView keeps a browser's inventory up to date.
type inventoryView struct {
	web     *Web
	working bool
}

func (v *inventoryView) update(tx *store.Tx, _ []*baremetal.Event, _ bool) ([]fragment, error) {
	found, err := v.web.readInventory(tx)
	if err != nil {
		return nil, err
	}
	v.working = found.Busy
	return []fragment{{id: "inventory", template: "inventory-tree", data: found}}, nil
}

// busy reports whether the view changes without a commit.
func (v *inventoryView) busy() bool { return v.working }

// inventoryTones are the tones of the statuses; a status that is not here is in progress.
var inventoryTones = map[string]string{
	"active": "good", "available": "good", "in-use": "good", "queued": "calm", "killed": "bad", "error": "bad", "": "calm",
}

func (w *Web) readInventory(tx *store.Tx) (*inventory, error) {
	s := &inventory{}
	for _, read := range []func(*store.Tx) ([]item, error){w.imageItems, w.volumeItems, w.snapshotItems, w.fileItems} {
		list, err := read(tx)
		if err != nil {
			return nil, err
		}
		s.Rows = append(s.Rows, list...)
	}
	for i, one := range s.Rows {
		tone, resting := inventoryTones[one.Status.Text]
		s.Busy = s.Busy || !resting
		s.Rows[i].Status.Tone = cmp.Or(tone, "busy")
	}
	s.Rows = forest(s.Rows)
	for i := range s.Rows {
		s.Rows[i].act()
	}
	s.Space = w.space()
	return s, nil
}

// forest brings each row below the one it was made of, in the order of the names.
func forest(rows []item) []item {
	below, there := map[string][]item{}, map[string]bool{}
	for _, r := range rows {
		there[r.UUID] = true
	}
	for _, r := range rows {
		if !there[r.parent] || r.parent == r.UUID {
			r.parent = ""
		}
		below[r.parent] = append(below[r.parent], r)
	}
	var list []item
	var grow func(parent string, lines []string)
	grow = func(parent string, lines []string) {
		kin := below[parent]
		delete(below, parent)
		slices.SortStableFunc(kin, func(a, b item) int { return cmp.Or(natural(a.Name, b.Name), cmp.Compare(a.UUID, b.UUID)) })
		for i, r := range kin {
			r.children = len(below[r.UUID])
			here, beyond := "tee", "pipe"
			if i == len(kin)-1 {
				here, beyond = "elbow", "space"
			}
			next := []string{}
			if parent != "" {
				r.Lines, next = append(slices.Clone(lines), here), append(slices.Clone(lines), beyond)
			}
			list = append(list, r)
			grow(r.UUID, next[:min(len(next), deepest)])
		}
	}
	grow("", nil)
	return list
}

// deepest is how far rows are moved to the right.
const deepest = 6

func (w *Web) imageItems(tx *store.Tx) (list []item, err error) {
	images, err := tx.Images().List(store.Query{})
	for _, i := range images {
		list = append(list, item{
			UUID: i.UUID, Name: label(i.Name, i.UUID), Kind: "image", Size: space(max(i.Size, i.VirtualSize)),
			Status: badge{Text: string(i.Status)},
			Note:   cmp.Or(w.progress(i.UUID), i.Message, i.Properties[baremetal.ImageComment]), Disk: i.Status == baremetal.ImageActive,
		})
	}
	return list, err
}

func (w *Web) volumeItems(tx *store.Tx) (list []item, err error) {
	volumes, err := tx.Volumes().List(store.Query{})
	if err != nil {
		return nil, err
	}
	users, err := w.usersOf(tx)
	for _, v := range volumes {
		status := v.Status
		if status == baremetal.VolumeAvailable && len(users[v.UUID]) > 0 {
			status = baremetal.VolumeInUse
		}
		list = append(list, item{
			UUID: v.UUID, Name: label(v.Name, v.UUID), Kind: "volume", Size: space(v.Size), Status: badge{Text: string(status)},
			Note:  cmp.Or(v.Message, v.Description),
			Users: strings.Join(users[v.UUID], ", "), Disk: true, parent: cmp.Or(v.SnapshotUUID, v.SourceUUID, v.ImageUUID), image: v.ImageUUID,
		})
	}
	return list, err
}

func (w *Web) snapshotItems(tx *store.Tx) (list []item, err error) {
	snapshots, err := tx.Snapshots().List(store.Query{})
	for _, s := range snapshots {
		list = append(list, item{
			UUID: s.UUID, Name: label(s.Name, s.UUID), Kind: "snapshot", Size: space(s.Size), Status: badge{Text: string(s.Status)},
			Note: s.Description, Disk: true, parent: s.VolumeUUID,
		})
	}
	return list, err
}

func (w *Web) fileItems(*store.Tx) (list []item, err error) {
	if w.Files == nil {
		return nil, nil
	}
	files, err := w.Files()
	for _, f := range files {
		list = append(list, item{UUID: f.Name, Name: f.Name, Kind: "file", Size: space(f.Size), Disk: true})
	}
	return list, err
}

// progress is the progress of an image that is being made, "" where that is not known.
func (w *Web) progress(image string) string {
	if w.Progress == nil {
		return ""
	}
	return w.Progress(image)
}

// usersOf lists the nodes and other hosts that have each volume, by its UUID.
func (w *Web) usersOf(tx *store.Tx) (map[string][]string, error) {
	if w.Users == nil {
		return nil, nil
	}
	return w.Users(tx)
}

// label is how people name what has a name, and what has none.
func label(name, uuid string) string { return cmp.Or(name, uuid) }

// space is a number of bytes, "" for none yet.
func space(n int64) string {
	if n == 0 {
		return ""
	}
	return amount(uint64(n))
}

// The collections of the APIs that the buttons call.
const (
	imagesPath    = "/image/v2/images"
	volumesPath   = "/volume/v3/standalone/volumes"
	snapshotsPath = "/volume/v3/standalone/snapshots"
)

// act gives a row its buttons.
func (i *item) act() {
	put := func(label, method, path string, body any, ask, confirm, tone, command string) {
		text := ""
		if body != nil {
			b, _ := json.Marshal(body) //nolint:errchkjson // maps of text
			text = string(b)
		}
		i.Actions = append(i.Actions, diskAction{Label: label, Method: method, Path: path, Body: text,
			Ask: ask, Confirm: confirm, Tone: tone, Command: command, First: tone == "main"})
	}
	volume := func(source string) any { return map[string]any{"volume": map[string]any{"name": "$", source: i.UUID}} }
	at := volumesPath + "/" + i.UUID + "/action"
	name := quoted(i.Name)
	resting := inventoryTones[i.Status.Text] == "good"
	switch {
	case i.Kind == "image" && resting:
		put("New volume", "POST", volumesPath, volume("imageRef"),
			"Name of the new volume of "+i.Name, "", "main", "ironhook volume create NAME --image "+name)
	case i.Kind == "snapshot" && resting:
		put("New volume", "POST", volumesPath, volume("snapshot_id"),
			"Name of the new volume of "+i.Name, "", "main", "ironhook volume create NAME --snapshot "+name)
		put("Revert to it", "POST", volumesPath+"/"+i.parent+"/action", map[string]any{"revert": map[string]any{"snapshot_id": i.UUID}}, "",
			fmt.Sprintf("Revert the volume to %s? What was written since is lost.", i.Name), "danger", "ironhook volume revert "+name)
	case i.Kind == "volume" && resting:
		put("Snapshot", "POST", snapshotsPath, map[string]any{"snapshot": map[string]any{"name": "$", "volume_id": i.UUID, "force": true}},
			"Name of the snapshot of "+i.Name, "", "main", "ironhook volume snapshot create NAME --volume "+name)
		put("Clone", "POST", volumesPath, volume("source_volid"),
			"Name of the clone of "+i.Name, "", "plain", "ironhook volume create NAME --source "+name)
		promotion := map[string]any{"image_name": "$", "description": "$2", "force": true, "disk_format": "raw", "container_format": "bare"}
		put("Promote", "POST", at, map[string]any{"os-volume_upload_image": promotion}, "Name of the image made of "+i.Name, "", "plain",
			"ironhook image create NAME --volume "+name+" --comment TEXT")
		last := &i.Actions[len(i.Actions)-1]
		last.Also, last.First = "What changed since the image before? A comment, kept with the image", true
		put("Grow", "POST", at, map[string]any{"os-extend": map[string]any{"new_size": "$"}},
			"New size of "+i.Name+" in GiB", "", "plain", "ironhook volume extend "+name+" GIB")
		if i.image != "" {
			put("Reset", "POST", at, map[string]any{"os-reimage": map[string]any{"image_id": i.image}}, "",
				fmt.Sprintf("Reset %s to its image? What was written is lost.", i.Name), "danger", "ironhook volume reset "+name)
		}
	}
	if path := map[string]string{"image": imagesPath, "volume": volumesPath, "snapshot": snapshotsPath}[i.Kind]; path != "" {
		put("Delete", "DELETE", path+"/"+i.UUID, nil, "", i.wouldBreak(), "danger", "ironhook "+deleting[i.Kind]+" "+name)
	}
}

// deleting are the commands that delete a row, by its kind.
var deleting = map[string]string{"image": "image delete", "volume": "volume delete", "snapshot": "volume snapshot delete"}

// wouldBreak asks before a deletion, with what depends on the row.
func (i *item) wouldBreak() string {
	question := fmt.Sprintf("Delete %s %s?", i.Kind, i.Name)
	if i.Users != "" {
		question += fmt.Sprintf(" It is in use by %s, so it will be refused.", i.Users)
	}
	if i.children > 0 {
		question += fmt.Sprintf(" %d other disks were made of it.", i.children)
	}
	return question
}
