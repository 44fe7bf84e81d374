package web

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/store"
)

// pagesSay checks what a page says, and what it does not.
func (r *room) pagesSay(path string, says []string, not ...string) {
	r.Helper()
	page := r.get(path).body
	for _, want := range says {
		if !strings.Contains(page, want) {
			r.Errorf("%s has no %q", path, want)
		}
	}
	for _, bad := range not {
		if strings.Contains(page, bad) {
			r.Errorf("%s has %q", path, bad)
		}
	}
}

func TestNetworkPage(t *testing.T) {
	rival := false
	r := newRoom(t, func(w *Web) {
		w.Networks = func() []Network {
			return []Network{{
				Interface: "br0", Prefix: netip.MustParsePrefix("10.0.0.1/24"), Mode: "proxy",
				Why: "Another <one> answers.", Rival: rival}}
		}
	}).enter()
	n := r.enroll(&baremetal.Node{UUID: "node-1", Name: "pc-01"}, "52:54:00:00:00:01")
	r.update(func(tx *store.Tx) error {
		for i, mac := range []string{"52:54:00:00:00:01", "52:54:00:00:00:02"} {
			lease := &baremetal.Lease{
				MAC: mac, Address: netip.MustParseAddr(fmt.Sprintf("10.0.0.%d", 20-i)), Interface: "br0", Observed: i == 1, Expires: tx.Now()}
			if err := tx.Leases().Insert(lease); err != nil {
				return err
			}
		}
		return tx.Append(baremetal.Event{Kind: baremetal.EventNetwork, Detail: "another DHCP server, 10.0.0.9, leases addresses on br0"})
	})
	r.pagesSay("/ui/network",
		[]string{"br0", "10.0.0.1/24", "Another &lt;one&gt; answers.", `href="/ui/machines/` + n.UUID,
			"not enrolled", "another server", "another DHCP server, 10.0.0.9"},
		`class="chip bad">another DHCP server`)
	if page := r.get("/ui/network").body; strings.Index(page, "10.0.0.19") > strings.Index(page, "10.0.0.20") {
		t.Error("the addresses are not in order")
	}
	rival = true
	for _, path := range []string{"/ui/", "/ui/network", "/ui/volumes", "/ui/enrol", "/ui/machines/pc-01"} {
		r.pagesSay(path, []string{`class="chip bad">another DHCP server`})
	}
}

func TestFormsKeepSecrets(t *testing.T) {
	r := newRoom(t, func(w *Web) { w.Drivers = []string{"ipmi", baremetal.Manual} }).enter()
	r.enroll(&baremetal.Node{UUID: "node-1", Name: "pc-01", Driver: "ipmi",
		DriverInfo:   baremetal.Object{"ipmi_address": "10.0.1.1", "ipmi_password": "secret-word", "unforeseen": "other-word"},
		InstanceInfo: baremetal.Object{"image_source": "https://u:secret-word@h/disk.img?sig=other-word"}}, "52:54:00:00:00:01")
	r.update(func(tx *store.Tx) error {
		for _, i := range []*baremetal.Image{{UUID: "i-1", Name: "debian", Status: baremetal.ImageActive},
			{UUID: "i-2", Name: "broken", Status: baremetal.ImageKilled}} {
			if err := tx.Images().Insert(i); err != nil {
				return err
			}
		}
		for _, v := range []*baremetal.Volume{{UUID: "v-1", Name: "spare", Status: baremetal.VolumeAvailable},
			{UUID: "v-2", Name: "taken", Status: baremetal.VolumeAvailable}} {
			if err := tx.Volumes().Insert(v); err != nil {
				return err
			}
		}
		return tx.Targets().Insert(&baremetal.VolumeTarget{UUID: "t-1", NodeUUID: "node-1", VolumeType: "iscsi", VolumeID: "taken"})
	})
	r.pagesSay("/ui/machines/pc-01/edit",
		[]string{`value="10.0.1.1"`, "set; empty keeps it", "unforeseen", `data-path="/v1/volume/targets/t-1"`},
		"secret-word", "other-word")
	for _, path := range []string{"/ui/", "/ui/machines/pc-01"} {
		r.pagesSay(path, []string{"pc-01"}, "secret-word", "other-word")
	}
	r.pagesSay("/ui/enrol?mac=52-54-00-00-00-AB",
		[]string{`value="52:54:00:00:00:ab"`, `value="pc-0000ab"`, `value="image:debian"`,
			`value="volume:spare"`, `data-driver="ipmi"`},
		"image:broken", "volume:taken")
	r.pagesSay("/ui/enrol?mac=%3Cscript%3E", nil, "<script>al", "&lt;script")
	if a := r.get("/ui/machines/nobody/edit"); a.status != http.StatusNotFound {
		t.Errorf("settings of nobody = %d", a.status)
	}
}

func TestScriptAndExport(t *testing.T) {
	var asked string
	r := newRoom(t, func(w *Web) {
		w.Script = func(_ *store.Tx, node string) (string, error) {
			if node == "node-2" {
				return "", baremetal.Errorf(baremetal.ErrInvalid, "pc-02 has no port.")
			}
			return "#!ipxe\necho <boot>\n", nil
		}
		w.Export = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { asked = r.URL.String() })
	})
	if a := r.get("/ui/disks/v-1/file?format=raw"); a.status != 303 || asked != "" {
		t.Errorf("a disk for nobody in particular = %d, asked %q", a.status, asked)
	}
	r.enter()
	r.enroll(&baremetal.Node{UUID: "node-1", Name: "pc-01"}, "52:54:00:00:00:01")
	r.enroll(&baremetal.Node{UUID: "node-2", Name: "pc-02"}, "52:54:00:00:00:02")
	r.pagesSay("/ui/machines/pc-01/script", []string{"#!ipxe\necho &lt;boot&gt;"})
	r.pagesSay("/ui/machines/pc-02/script", []string{"pc-02 has no port."}, "#!ipxe")
	a := r.get("/ui/disks/v-1/file?format=qcow2&name=a%0d%0aSet-Cookie:%20b=c")
	if asked != "/ironhook/v1/disks/v-1/file?format=qcow2" ||
		!strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment") ||
		a.header.Get("Set-Cookie") != "" {
		t.Errorf("asked %q with %v", asked, a.header)
	}
}
