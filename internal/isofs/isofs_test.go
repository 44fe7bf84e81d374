package isofs

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Another implementation finds every file by its name and with its content, also when
// there are more of them than fit into one sector of a directory, and the label.
func TestImageIsReadByAnother(t *testing.T) {
	if testing.Short() {
		t.Skip("needs isoinfo and blkid")
	}
	files := map[string][]byte{
		"openstack/latest/meta_data.json": []byte(`{"uuid": "1"}`), "openstack/latest/user_data": bytes.Repeat([]byte("x"), 5000),
		"meta-data": nil, "openstack/content/0000": []byte("c"),
	}
	for i := range 50 {
		files[fmt.Sprintf("many/%s-%d", strings.Repeat("n", 50), i)] = []byte(fmt.Sprint(i))
	}
	b, err := Image("config-2", files)
	if err != nil {
		t.Fatal(err)
	}
	image := filepath.Join(t.TempDir(), "image.iso")
	if err := os.WriteFile(image, b, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := exec.CommandContext(t.Context(), "isoinfo", "-R", "-i", image, "-x", "/"+name).Output()
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%s: %d bytes, %v, want %d (isoinfo of genisoimage)", name, len(got), err, len(want))
		}
	}
	out, err := exec.CommandContext(t.Context(), "blkid", "-p", "-o", "value", "-s", "LABEL", "-s", "TYPE", image).CombinedOutput()
	if err != nil || strings.Join(strings.Fields(string(out)), " ") != "config-2 iso9660" {
		t.Errorf("blkid says %q, %v", out, err)
	}
	if again, _ := Image("config-2", files); !bytes.Equal(again, b) {
		t.Error("the same files make another image")
	}
}

func TestImageRefuses(t *testing.T) {
	one := map[string][]byte{"a": nil}
	for name, c := range map[string]struct {
		label string
		files map[string][]byte
	}{
		"no label": {"", one}, "a long label": {strings.Repeat("l", 33), one}, "no files": {"l", nil},
		"a path that climbs": {"l", map[string][]byte{"../a": nil}}, "an absolute path": {"l", map[string][]byte{"/a": nil}},
		"a long name":                {"l", map[string][]byte{strings.Repeat("n", 65): nil}},
		"a file that is a directory": {"l", map[string][]byte{"a": nil, "a/b": nil}},
	} {
		if _, err := Image(c.label, c.files); err == nil {
			t.Errorf("%s: made an image", name)
		}
	}
}
