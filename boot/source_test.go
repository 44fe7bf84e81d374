package boot

import (
	"strings"
	"testing"

	"ironhook/baremetal"
)

func TestSource(t *testing.T) {
	long, short := strings.Repeat("0f", 64), strings.Repeat("0f", 32)
	for _, c := range []struct {
		info baremetal.Object
		want string // reference, or URL and checksum, or part of the refusal
	}{
		{baremetal.Object{}, ""},
		{baremetal.Object{"image_source": "debian"}, "debian"},
		{baremetal.Object{"image_source": "glance://5f3a"}, "5f3a"},
		{baremetal.Object{"image_source": "https://h/i", "image_checksum": strings.ToUpper(long)}, "https://h/i sha512:" + long},
		{baremetal.Object{"image_source": "HTTP://h/i", "image_checksum": short}, "HTTP://h/i sha256:" + short},
		{baremetal.Object{"image_source": "http://h/i", "image_checksum": "sha256:" + short}, "http://h/i sha256:" + short},
		{baremetal.Object{"image_source": "file:///srv/i", "image_os_hash_algo": "SHA512", "image_os_hash_value": long, "image_checksum": "md5"},
			"file:///srv/i sha512:" + long},
		{baremetal.Object{"image_source": "http://h/i"}, "no checksum of that file"},
		{baremetal.Object{"image_source": "http://h/i", "image_checksum": short[:32]},
			"image_checksum in instance_info is no checksum of SHA-256 or SHA-512"},
		{baremetal.Object{"image_source": "http://h/i", "image_checksum": "http://h/SHA256SUMS"},
			"image_checksum in instance_info is no checksum"},
		{baremetal.Object{"image_source": "http://h/i", "image_checksum": strings.Repeat("x", 64)},
			"image_checksum in instance_info is no checksum"},
		{baremetal.Object{"image_source": "http://h/i", "image_os_hash_algo": "sha512", "image_os_hash_value": short},
			"image_os_hash_value in instance_info is no checksum"},
		{baremetal.Object{"image_source": "http://h/i", "image_os_hash_algo": "sha512"}, "image_os_hash_value in instance_info is no checksum"},
		{baremetal.Object{"image_source": "http://h/i", "image_os_hash_algo": "md5", "image_os_hash_value": short[:32]},
			"image_os_hash_value in instance_info is no checksum"},
		{baremetal.Object{"image_source": "oci://h/i"}, `the scheme "oci", by which Ironhook fetches nothing`},
		{baremetal.Object{"image_source": "http:///i"}, "no proper URL"},
		{baremetal.Object{"image_source": "file://i"}, "no proper URL"},
		{baremetal.Object{"image_source": "http://u:hunter2@[h/i"}, "no proper URL"},
	} {
		s, r := Source(&baremetal.Node{Name: "pc-07", InstanceInfo: c.info})
		got := strings.TrimSpace(s.Reference + s.URL + " " + s.Checksum)
		if r != nil {
			got = r.String()
		}
		if r == nil && got != c.want || r != nil && (c.want == "" || !strings.Contains(got, c.want) || strings.Contains(got, "hunter2")) {
			t.Errorf("Source(%v) = %q, want %q", c.info, got, c.want)
		}
	}
}

func TestKeysAndLabels(t *testing.T) {
	a := baremetal.ImageSource{URL: "https://u:hunter2@h/d/debian.qcow2?sig=hunter2", Checksum: "sha512:00"}
	if a.Label() != "https://h/d/debian.qcow2" || a.Name() != "debian.qcow2-"+a.Key()[:8] {
		t.Errorf("Label = %s, Name = %s, want neither password nor signature", a.Label(), a.Name())
	}
	b, c, d := a, a, a
	b.URL, c.Checksum, d.Format = b.URL+"x", "sha512:01", "raw"
	for _, other := range []baremetal.ImageSource{b, c, d, {}} {
		if other.Key() == a.Key() {
			t.Errorf("%+v has the key of %+v", other, a)
		}
	}
}
