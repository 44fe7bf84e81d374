package initramfs

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// kernel is the index of a small kernel: module, what it needs.
const kernel = `kernel/drivers/net/ethernet/intel/e1000.ko:
kernel/drivers/scsi/sd_mod.ko: kernel/drivers/scsi/scsi_mod.ko kernel/lib/crc-t10dif.ko
kernel/drivers/scsi/scsi_mod.ko:
kernel/drivers/scsi/scsi_debug.ko: kernel/drivers/scsi/scsi_mod.ko
kernel/lib/crc-t10dif.ko:
kernel/drivers/scsi/lpfc/lpfc.ko: kernel/drivers/scsi/scsi_mod.ko
kernel/sound/soundcore.ko:
kernel/drivers/acpi/button.ko:
`

const aliases = "# made by depmod\nalias pci:v00008086d00000438sv*sd*bc*sc*i* e1000\n" +
	"alias scsi:t-0x00* sd-mod\nalias char-major-14-* soundcore\n"

func TestChosen(t *testing.T) {
	for _, test := range []struct {
		more []string
		want string
	}{
		{nil, "crc-t10dif e1000 scsi_mod sd_mod"},
		{[]string{"drivers/acpi/button.ko"}, "button crc-t10dif e1000 scsi_mod sd_mod"},
		{append([]string{"sound/"}, SAN...), "crc-t10dif e1000 lpfc scsi_mod sd_mod soundcore"},
		{nowhere, "crc-t10dif e1000 scsi_mod sd_mod"},
	} {
		var names []string
		for _, file := range slices.Sorted(maps.Keys(chosen(kernel, test.more))) {
			names = append(names, strings.TrimSuffix(filepath.Base(file), ".ko"))
		}
		slices.Sort(names)
		if got := strings.Join(names, " "); got != test.want {
			t.Errorf("with %q: %s; want %s", test.more, got, test.want)
		}
	}
}

// from is the directory of the small kernel's modules.
func from(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "6.1.0")
	files := map[string]string{"modules.dep": kernel, "modules.alias": aliases}
	for line := range strings.Lines(kernel) {
		file, _, _ := strings.Cut(line, ":")
		files[file] = "module " + file
	}
	for file, text := range files {
		path := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestAddModules: the system has the modules as they are, and an index of these only.
func TestAddModules(t *testing.T) {
	root := t.TempDir()
	if err := AddModules(root, from(t)); err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(root, "lib/modules/6.1.0", name))
		if err != nil {
			return err.Error()
		}
		return string(b)
	}
	if got := read("kernel/drivers/scsi/sd_mod.ko"); got != "module kernel/drivers/scsi/sd_mod.ko" {
		t.Errorf("a module is now %q", got)
	}
	if got := read("modules.alias"); strings.Count(got, "\n") != 2 ||
		!strings.Contains(got, " e1000\n") || !strings.Contains(got, " sd-mod\n") {
		t.Errorf("the aliases are %q", got)
	}
	if got := read("modules.dep"); strings.Count(got, "\n") != 4 || strings.Contains(got, "soundcore") {
		t.Errorf("the index is %q", got)
	}
	if _, err := os.Stat(filepath.Join(root, "lib/modules/6.1.0/kernel/sound")); err == nil {
		t.Error("a module that nobody wants is there")
	}
	if err := AddModules(root, t.TempDir()); err == nil {
		t.Error("modules without an index are taken")
	}
}

// TestTheSameFilesMakeTheSameArchive, whenever and wherever they were written.
func TestTheSameFilesMakeTheSameArchive(t *testing.T) {
	var made [2][]byte
	for i := range made {
		root, out := t.TempDir(), filepath.Join(t.TempDir(), "initrd")
		if err := AddModules(root, from(t)); err != nil {
			t.Fatal(err)
		}
		if err := Write(out, root); err != nil {
			t.Fatal(err)
		}
		var err error
		if made[i], err = os.ReadFile(out); err != nil || len(made[i]) == 0 {
			t.Fatalf("%d bytes, %v", len(made[i]), err)
		}
	}
	if !bytes.Equal(made[0], made[1]) {
		t.Error("two archives of the same files differ")
	}
}
