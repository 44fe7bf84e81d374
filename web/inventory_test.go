package web

import (
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/store"
)

func TestInventory(t *testing.T) {
	users := map[string][]string{"volume-1": {"pc-01", "backup"}}
	r := newRoom(t, func(w *Web) {
		w.Progress = func(image string) string {
			if image == "image-2" {
				return "45% of 113.2 MiB, 30.0 MiB/s, 2s left"
			}
			return ""
		}
		w.Users = func(*store.Tx) (map[string][]string, error) { return users, nil }
	}).enter()
	if a := r.get("/ui/volumes"); !strings.Contains(a.body, "None yet") {
		t.Errorf("an empty inventory =\n%s", a.body)
	}
	n := r.enroll(&baremetal.Node{UUID: "node-1", Name: "pc-01"}, "52:54:00:00:00:01")
	r.update(func(tx *store.Tx) error {
		for _, i := range []*baremetal.Image{
			{UUID: "image-1", Name: "debian", Status: baremetal.ImageActive, Size: 3 << 30, Visibility: "shared"},
			{UUID: "image-2", Name: "<b>next", Status: baremetal.ImageImporting, Visibility: "shared"},
			{UUID: "image-3", Status: baremetal.ImageKilled, Message: "the server answered 404", Visibility: "shared"},
		} {
			if err := tx.Images().Insert(i); err != nil {
				return err
			}
		}
		if err := tx.Volumes().Insert(&baremetal.Volume{UUID: "volume-1", Name: "root", Status: baremetal.VolumeAvailable, Size: 40 << 30,
			ImageUUID: "image-1"}); err != nil {
			return err
		}
		if err := tx.Targets().Insert(&baremetal.VolumeTarget{UUID: "t-1", NodeUUID: n.UUID, VolumeType: "iscsi", VolumeID: "root"}); err != nil {
			return err
		}
		return tx.Grants().Insert(&baremetal.Grant{Target: "t-1", Node: n.UUID, IQN: "iqn.x", Initiator: "iqn.y", User: "u",
			Secret: "chap-secret", Volume: "volume-1"})
	})
	page := r.get("/ui/volumes").body
	for _, want := range []string{
		"3.0 GiB", "45% of 113.2 MiB, 30.0 MiB/s, 2s left", "the server answered 404", "&lt;b&gt;next",
		`<td>volume</td><td>40.0 GiB</td><td><span class="chip good">in-use</span></td><td>pc-01, backup</td>`,
		`title="volume-1"><span class="branch"><i class="elbow">`,
		"It is in use by pc-01, backup, so it will be refused.", "1 other disks were made of it.",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the inventory has no %q", want)
		}
	}
	if strings.Contains(page, "chap-secret") {
		t.Error("the inventory discloses a secret")
	}
	if a := r.get("/ui/"); !strings.Contains(a.body, `href="/ui/volumes"`) {
		t.Error("the dashboard does not lead to the inventory")
	}
	if t.Failed() {
		t.Log(page)
	}
}

func TestForest(t *testing.T) {
	rows := forest([]item{
		{UUID: "v10", Name: "pc-10", parent: "i"}, {UUID: "v2", Name: "pc-2", parent: "i"}, {UUID: "i", Name: "golden"},
		{UUID: "s", Name: "before", parent: "v2"},
		{UUID: "c", Name: "clone", parent: "s"}, {UUID: "o", Name: "orphan", parent: "deleted"}, {UUID: "self", Name: "self", parent: "self"},
		{UUID: "x", Name: "x", parent: "y"}, {UUID: "y", Name: "y", parent: "x"},
	})
	var got []string
	for _, r := range rows {
		got = append(got, strings.Repeat(">", len(r.Lines))+r.Name+":"+strings.Join(r.Lines, "-"))
	}
	if want := "golden: >pc-2:tee >>before:pipe-elbow >>>clone:pipe-space-elbow >pc-10:elbow orphan: self:"; strings.Join(got, " ") != want {
		t.Errorf("forest = %s, want %s", strings.Join(got, " "), want)
	}
	if rows[0].children != 2 {
		t.Errorf("golden has %d children, want 2", rows[0].children)
	}
}

// The page of machines says what is free, and that it is short.
func TestSpaceIsOnTheDashboard(t *testing.T) {
	free := int64(50 << 30)
	r := newRoom(t, func(w *Web) {
		w.Space = func() (Space, error) { return Space{Total: 101 << 30, Free: free, Floor: 1 << 30}, nil }
	}).enter()
	r.pagesSay("/ui/", []string{`<a class="chip" id="space"`, "50.0 GiB free"})
	free = 5 << 30
	r.pagesSay("/ui/", []string{`<a class="chip bad" id="space"`, "5.0 GiB free"})
	r.web.Space = nil
	r.pagesSay("/ui/", nil, `id="space"`)
}
