package boot

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"ironhook/baremetal"
)

func TestCloud(t *testing.T) {
	for _, c := range []struct {
		name  string
		drive string
		meta  map[string]any
		files Cloud // others than meta-data
	}{
		{"nothing but the node", `{"user_data": "#cloud-config\n"}`, map[string]any{"instance-id": "node-7", "local-hostname": "pc-07"},
			Cloud{"user-data": "#cloud-config\n", "vendor-data": ""}},
		{"OpenStack's names", `{"meta_data": {"uuid": "i", "hostname": "web", "name": "w", "public_keys": {"b": "ssh-b", "a": "ssh-a"}, "x": ` +
			`{"y": 1}}, "vendor_data": {"cloud-init": "v"}}`,
			map[string]any{"instance-id": "i", "local-hostname": "web", "hostname": "web", "name": "w", "uuid": "i",
				"public-keys": []any{"ssh-a", "ssh-b"},
				"public_keys": map[string]any{"b": "ssh-b", "a": "ssh-a"}, "x": map[string]any{"y": 1.0}},
			Cloud{"user-data": "", "vendor-data": `{"cloud-init":"v"}`}},
		{"a name alone", `{"meta_data": {"name": "w"}, "network_data": {}}`,
			map[string]any{"instance-id": "node-7", "local-hostname": "w", "name": "w"}, Cloud{"user-data": "", "vendor-data": ""}},
	} {
		var drive map[string]any
		if err := json.Unmarshal([]byte(c.drive), &drive); err != nil {
			t.Fatal(err)
		}
		f := loader("ramdisk", baremetal.Object{"kernel": kernelURL, "ramdisk": ramdiskURL, "configdrive": drive})
		f.Node.UUID = "node-7"
		p := Decide(f)
		if p.Refusal != nil || len(f.Deploy()) > 0 {
			t.Errorf("%s: refused: %v, %s", c.name, p.Refusal, f.Deploy())
			continue
		}
		var meta map[string]any
		if err := json.Unmarshal([]byte(p.Load.Cloud["meta-data"]), &meta); err != nil || !reflect.DeepEqual(meta, c.meta) {
			t.Errorf("%s: meta-data %v, %v, want %v", c.name, meta, err, c.meta)
		}
		c.files["meta-data"] = p.Load.Cloud["meta-data"]
		if !reflect.DeepEqual(p.Load.Cloud, c.files) {
			t.Errorf("%s: files %q, want %q", c.name, p.Load.Cloud, c.files)
		}
		if line := p.Load.Line("http://a/"); !strings.HasSuffix(line, " ds=nocloud-net;s=http://a/") {
			t.Errorf("%s: kernel arguments %q", c.name, line)
		}
	}
}

func TestCloudRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		drive any
		want  string
	}{
		"an ISO":           {"H4sIAAAA", "is no object"},
		"a URL":            {"http://x/hush", "is no object"},
		"a network":        {map[string]any{"network_data": map[string]any{"links": "hush"}}, "network_data, which NoCloud cannot express"},
		"a key of another": {map[string]any{"files": "hush"}, "files, which NoCloud cannot express"},
		"meta data a text": {map[string]any{"meta_data": "hush"}, "meta_data that are no object"},
	} {
		f := loader("ramdisk", baremetal.Object{"kernel": kernelURL, "ramdisk": ramdiskURL, "configdrive": c.drive})
		if all := f.Deploy().String(); !strings.Contains(all, c.want) || strings.Contains(all, "hush") {
			t.Errorf("%s: Deploy = %q, want %q", name, all, c.want)
		}
		f.Node.InstanceInfo = baremetal.Object{"boot_iso": kernelURL, "configdrive": map[string]any{"user_data": "hush"}}
		if all := f.Deploy().String(); !strings.Contains(all, "cannot be handed to the system of its boot_iso") {
			t.Errorf("%s: with an ISO: Deploy = %q", name, all)
		}
	}
}

// FuzzCloud holds that no value of a config drive leaves its place: what a name becomes is
// one value of the meta-data, which are one object, and user data stay as they are.
func FuzzCloud(f *testing.F) {
	f.Add("web", "#cloud-config\n", "ssh-ed25519 AAAA me")
	f.Add("web\ninstance-id: other", "--\nmeta-data: x", "a\"]\n- b")
	f.Add("\x00\u2028{}", "", "\\")
	f.Fuzz(func(t *testing.T, name, user, key string) {
		n := &baremetal.Node{UUID: "u", Name: "pc", InstanceInfo: baremetal.Object{"configdrive": map[string]any{
			"user_data": user, "meta_data": map[string]any{"hostname": name, "public_keys": map[string]any{"me": key}}}}}
		files, err := parseCloud(n)
		if err != nil {
			return
		}
		var meta struct {
			ID   string   `json:"instance-id"`
			Host string   `json:"local-hostname"`
			Keys []string `json:"public-keys"`
		}
		host := name
		if name == "" {
			host = "pc"
		}
		if err := json.Unmarshal([]byte(files["meta-data"]), &meta); err != nil || utf8.ValidString(name) && utf8.ValidString(key) &&
			(meta.ID != "u" || meta.Host != host || len(meta.Keys) != 1 || meta.Keys[0] != key) || len(files) != 3 {
			t.Errorf("meta-data of %q, %q: %s, %v", name, key, files["meta-data"], err)
		}
		if files["user-data"] != user && strings.TrimSpace(user) != "" {
			t.Errorf("user data %q became %q", user, files["user-data"])
		}
	})
}
