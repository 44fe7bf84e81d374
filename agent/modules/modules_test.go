package modules

import (
	"errors"
	"io"
	"io/fs"
	"reflect"
	"slices"
	"testing"
	"testing/fstest"
)

var dir = fstest.MapFS{
	"modules.dep": {Data: []byte("kernel/drivers/net/virtio_net.ko: kernel/net/core/failover.ko kernel/drivers/virtio/virtio.ko\n" +
		"kernel/net/core/failover.ko:\nkernel/drivers/virtio/virtio.ko:\nkernel/drivers/scsi/sd_mod.ko: " +
		"kernel/lib/crc-t10dif.ko\nkernel/lib/crc-t10dif.ko:\n")},
	"modules.alias": {Data: []byte("# Aliases extracted from modules themselves.\nalias virtio:d00000001v* virtio_net\n" +
		"alias scsi:t-0x00* sd_mod\nalias scsi:t-0x0[789a] sd-mod\nalias of:N*T*Cvirtio,mmio virtio\n")},
	"kernel/drivers/net/virtio_net.ko":  {Data: []byte("virtio_net")},
	"kernel/net/core/failover.ko":       {Data: []byte("failover")},
	"kernel/drivers/virtio/virtio.ko":   {Data: []byte("virtio")},
	"kernel/drivers/scsi/sd_mod.ko":     {Data: []byte("sd_mod")},
	"kernel/lib/crc-t10dif.ko":          {Data: []byte("crc_t10dif")},
	"unrelated/devices/modalias/ignore": {},
}

func loader(t *testing.T, insert func(name string) error) (*Loader, *[]string) {
	t.Helper()
	x, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	return &Loader{Index: x, Dir: dir, Insert: func(r io.Reader) error {
		b, err := io.ReadAll(r)
		order = append(order, string(b))
		return errors.Join(err, insert(string(b)))
	}}, &order
}

func TestProbe(t *testing.T) {
	l, order := loader(t, func(name string) error {
		if name == "virtio" {
			return fs.ErrExist
		}
		return nil
	})
	sys := fstest.MapFS{
		"devices/pci0/virtio0/modalias": {Data: []byte("virtio:d00000001v00001AF4\n")},
		"devices/pci0/host0/modalias":   {Data: []byte("scsi:t-0x07\n")},
		"devices/pci0/other/modalias":   {Data: []byte("pci:v00008086d\n")},
	}
	loaded, err := l.Probe(sys)
	slices.Sort(loaded)
	if want := []string{"crc_t10dif", "failover", "sd_mod", "virtio_net"}; err != nil || !reflect.DeepEqual(loaded, want) {
		t.Errorf("loaded %v, %v, want %v", loaded, err, want)
	}
	place := func(name string) int { return slices.Index(*order, name) }
	if place("virtio") > place("virtio_net") || place("failover") > place("virtio_net") || place("crc_t10dif") > place("sd_mod") {
		t.Errorf("order %v: a module before what it needs", *order)
	}
	if again, err := l.Probe(sys); err != nil || again != nil {
		t.Errorf("again: %v, %v", again, err)
	}
}

func TestOneFailureIsNotAll(t *testing.T) {
	broken := errors.New("invalid format")
	l, _ := loader(t, func(name string) error {
		if name == "failover" {
			return broken
		}
		return nil
	})
	loaded, err := l.Load("virtio_net", "nonesuch", "sd_mod")
	if !errors.Is(err, broken) || !slices.Contains(loaded, "sd_mod") {
		t.Errorf("loaded %v, %v", loaded, err)
	}
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"pci:v00008086d*sv*", "pci:v00008086d00001237sv00001AF4", true},
		{"scsi:t-0x0[789a]", "scsi:t-0x0a", true},
		{"scsi:t-0x0[7-9]", "scsi:t-0x0a", false},
		{"a?c", "abc", true},
		{"a?", "a", false},
		{"of:N*/x", "of:Na/b/x", true},
		{"[ab", "a", false},
		{"", "a", false},
		{"*", "", true},
	} {
		if got := glob(c.pattern, c.text); got != c.want {
			t.Errorf("glob(%q, %q) = %v", c.pattern, c.text, got)
		}
	}
}

func TestReadRefusesNonsense(t *testing.T) {
	for _, bad := range []fstest.MapFS{
		{},
		{"modules.dep": {Data: []byte("no colon\n")}, "modules.alias": {}},
		{"modules.dep": {}, "modules.alias": {Data: []byte("alias two\n")}},
	} {
		if _, err := Read(bad); err == nil {
			t.Errorf("%v was read", bad)
		}
	}
}
