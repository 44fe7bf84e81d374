package boot

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ironhook/baremetal"
)

// packed is an image in the form in which clients send one: gzipped, in wrapped base64.
func packed(t testing.TB, image []byte) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(image); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	text := base64.StdEncoding.EncodeToString(b.Bytes())
	return text[:9] + "\n" + text[9:]
}

// drivesFrom are the drives of a node whose configdrive is this JSON.
func drivesFrom(t testing.TB, drive string) ([]Drive, error) {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(drive), &v); err != nil {
		t.Fatal(err)
	}
	return Drives(&baremetal.Node{UUID: "node-7", Name: "pc-07", InstanceInfo: baremetal.Object{"configdrive": v}})
}

func TestDrives(t *testing.T) {
	for _, c := range []struct {
		name, drive string
		want        string // labels and files
		meta        map[string]any
	}{
		{"nothing", `null`, "", nil}, {"an empty object", `{}`, "", nil}, {"an empty text", `" "`, "", nil},
		{"user data", `{"user_data": "#cloud-config"}`, "config-2: meta_data.json user_data; cidata: meta-data user-data vendor-data",
			map[string]any{"uuid": "node-7", "name": "pc-07", "hostname": "pc-07"}},
		{"all", `{"meta_data": {"uuid": "i", "name": "web", "public_keys": {"me": "ssh-rsa A"}}, "user_data": {"a": 1}, "vendor_data": {"v": ` +
			`1}, "network_data": {"links": []}}`,
			"config-2: meta_data.json network_data.json user_data vendor_data.json",
			map[string]any{"uuid": "i", "name": "web", "hostname": "web", "public_keys": map[string]any{"me": "ssh-rsa A"}}},
		{"a host name", `{"meta_data": {"name": "web", "hostname": "web.example"}}`,
			"config-2: meta_data.json; cidata: meta-data user-data vendor-data",
			map[string]any{"uuid": "node-7", "name": "web", "hostname": "web.example"}},
	} {
		drives, err := drivesFrom(t, c.drive)
		var got []string
		for _, d := range drives {
			names := slices.Sorted(maps.Keys(d.Files))
			got = append(got, d.Label+": "+strings.ReplaceAll(strings.Join(names, " "), "openstack/latest/", ""))
		}
		if err != nil || strings.Join(got, "; ") != c.want {
			t.Errorf("%s: drives %q, %v, want %q", c.name, strings.Join(got, "; "), err, c.want)
		}
		if c.meta == nil || len(drives) == 0 {
			continue
		}
		var meta map[string]any
		if err := json.Unmarshal(drives[0].Files["openstack/latest/meta_data.json"], &meta); err != nil || !reflect.DeepEqual(meta, c.meta) {
			t.Errorf("%s: meta data %v, %v, want %v", c.name, meta, err, c.meta)
		}
	}
	image := []byte("an ISO image")
	text, _ := json.Marshal(packed(t, image))
	if drives, err := drivesFrom(t, string(text)); err != nil || len(drives) != 1 || !bytes.Equal(drives[0].Image, image) {
		t.Errorf("an image: %v, %v", drives, err)
	}
}

// What cannot be a config drive is refused before a deployment, without its content.
func TestDrivesRefuse(t *testing.T) {
	whole := packed(t, bytes.Repeat([]byte("hush"), 1000))
	bomb, _ := json.Marshal(packed(t, make([]byte, maxDrive+1)))
	whole = strings.ReplaceAll(whole, "\n", "")
	cut, _ := json.Marshal(whole[:len(whole)/8*4])
	empty, _ := json.Marshal(packed(t, nil))
	for name, c := range map[string]struct{ drive, want string }{
		"another URL": {`"ftp://hush/x"`, "is a URL"}, "a URL of no host": {`"http:///hush"`, "is a URL"}, "no base64": {`"hush!"`, "no base64"},
		"not gzipped": {`"aHVzaA=="`, "not gzipped"},
		"cut off":     {string(cut), "cut off"}, "too large": {string(bomb), "bytes unpacked"}, "nothing": {string(empty), "bytes unpacked"},
		"another key": {`{"files": "hush"}`, "has files,"}, "meta data a text": {`{"meta_data": "hush"}`, "no object"},
		"a list": {`["hush"]`, "neither"},
	} {
		if _, err := drivesFrom(t, c.drive); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		f := deployedNode()
		var v any
		_ = json.Unmarshal([]byte(c.drive), &v)
		f.Node.InstanceInfo["configdrive"] = v
		if all := f.Deploy(); len(all) != 1 || !strings.Contains(all.String(), c.want) || strings.Contains(all.String(), "hush") {
			t.Errorf("%s: Deploy = %v", name, all)
		}
	}
	for _, good := range []any{map[string]any{"user_data": "x"}, " https://host/drive "} {
		f := deployedNode()
		f.Node.InstanceInfo["configdrive"] = good
		if all := f.Deploy(); len(all) > 0 {
			t.Errorf("a good one is refused: %v", all)
		}
	}
	if _, err := drivesFrom(t, `"https://hush/x"`); err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("a drive that was not fetched: %v", err)
	}
}

// What a URL gives is what one may give instead.
func TestFetchedDrive(t *testing.T) {
	image := []byte("an ISO image")
	text := packed(t, image)
	raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string][]byte{"in base64": []byte(text), "gzipped only": raw} {
		got, err := FetchedDrive(body)
		drives, err2 := Drives(&baremetal.Node{InstanceInfo: baremetal.Object{"configdrive": got}})
		if err != nil || err2 != nil || len(drives) != 1 || !bytes.Equal(drives[0].Image, image) {
			t.Errorf("%s: %v, %v, %v", name, drives, err, err2)
		}
	}
	for _, body := range []string{"<html>", "", "https://host/elsewhere", "\x1f\x8b"} {
		if got, err := FetchedDrive([]byte(body)); err == nil {
			t.Errorf("%q is taken as %q", body, got)
		}
	}
}

// FuzzDrives holds a text to an image of a bounded size or an error that does not repeat it.
func FuzzDrives(f *testing.F) {
	f.Add(packed(f, []byte("an ISO image")))
	f.Add("https://host/secret-of-a-drive")
	f.Add("H4sIAAAAAAAA/wMAAAAAAAAAAAA=")
	f.Fuzz(func(t *testing.T, text string) {
		drives, err := Drives(&baremetal.Node{UUID: "node-7", InstanceInfo: baremetal.Object{"configdrive": text}})
		switch {
		case err != nil && len(text) > 20 && strings.Contains(err.Error(), text):
			t.Fatalf("the error %q repeats the drive", err)
		case err == nil && (len(drives) > 1 || len(drives) == 1 && (len(drives[0].Image) == 0 || len(drives[0].Image) > maxDrive)):
			t.Fatalf("%d drives", len(drives))
		}
	})
}
