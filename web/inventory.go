package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"ironhook/baremetal"
	"ironhook/store"
)

// inventory is the page of what machines boot from.
type inventory struct {
	page
	Busy    bool // work is in progress: the page reloads until it is done
	Images  []item
	Volumes []item
}

// table is one of the two on the page.
type table struct {
	Title   string
	Volumes bool
	Items   []item
	Hint    string // the command that makes the first
}

// ImagesTable is the images as the page shows them.
func (s *inventory) ImagesTable() table {
	return table{"Images", false, s.Images, "ironhook image create debian --disk-format qcow2 --file debian.qcow2"}
}

// VolumesTable is the volumes as the page shows them.
func (s *inventory) VolumesTable() table {
	return table{"Volumes", true, s.Volumes, "ironhook volume create pc-07 --image debian"}
}

// item is an image or a volume.
type item struct {
	UUID, Name string
	Size       string
	Status     badge
	Note       string // progress, or what went wrong
	From       string // of a volume: the image it began as
	Users      string // of a volume: the nodes and hosts that have it now
}

func (w *Web) inventoryPage(rw http.ResponseWriter, r *http.Request) {
	found := &inventory{page: w.page("Images and volumes")}
	err := w.Store.View(r.Context(), func(tx *store.Tx) error { return w.readInventory(tx, found) })
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	if found.Busy {
		found.Anew = 2
	}
	w.render(rw, http.StatusOK, "inventory", found)
}

// inventoryTones are the tones of the statuses; a status that is not here is in progress.
var inventoryTones = map[string]string{
	"active": "good", "available": "good", "in-use": "good", "queued": "calm", "killed": "bad", "error": "bad",
}

func (w *Web) readInventory(tx *store.Tx, s *inventory) error {
	images, err := tx.Images().List(store.Query{})
	if err != nil {
		return err
	}
	names := map[string]string{}
	for _, i := range images {
		names[i.UUID] = cmp.Or(i.Name, i.UUID)
		s.Images = append(s.Images, s.item(i.UUID, i.Name, i.Size, string(i.Status), cmp.Or(w.progress(i.UUID), i.Message)))
	}
	volumes, err := tx.Volumes().List(store.Query{})
	if err != nil {
		return err
	}
	users, err := w.usersOf(tx)
	if err != nil {
		return err
	}
	for _, v := range volumes {
		status := v.Status
		if status == baremetal.VolumeAvailable && len(users[v.UUID]) > 0 {
			status = baremetal.VolumeInUse
		}
		one := s.item(v.UUID, v.Name, v.Size, string(status), v.Message)
		one.From, one.Users = names[v.ImageUUID], strings.Join(users[v.UUID], ", ")
		s.Volumes = append(s.Volumes, one)
	}
	for _, list := range [][]item{s.Images, s.Volumes} {
		slices.SortFunc(list, func(a, b item) int { return cmp.Or(natural(a.Name, b.Name), cmp.Compare(a.UUID, b.UUID)) })
	}
	return nil
}

func (s *inventory) item(uuid, name string, size int64, status, note string) item {
	tone, resting := inventoryTones[status]
	s.Busy = s.Busy || !resting
	return item{UUID: uuid, Name: cmp.Or(name, uuid), Size: space(size), Status: badge{status, cmp.Or(tone, "busy")}, Note: note}
}

// space is a number of bytes, "" for none yet.
func space(n int64) string {
	if n == 0 {
		return ""
	}
	return amount(uint64(n))
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
