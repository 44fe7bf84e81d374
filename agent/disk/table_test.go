package disk

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// imageWithGPT is an image of some MiB with one EFI system partition, as a tool would make it for
// a disk of the image's own size.
func imageWithGPT(t *testing.T, mib int64) memory {
	t.Helper()
	d := make(memory, mib<<20)
	header := make([]byte, 92)
	copy(header, gptSignature)
	le := binary.LittleEndian
	le.PutUint32(header[8:], 0x10000)
	le.PutUint32(header[12:], 92)
	le.PutUint64(header[40:], 34)
	le.PutUint32(header[80:], 128)
	le.PutUint32(header[84:], 128)
	g := &gpt{sector: 512, size: int64(len(d)), header: header, entries: make([]byte, 128*128), each: 128}
	copy(g.entries, esp[:])
	copy(g.entries[16:], bytes.Repeat([]byte{7}, 16))
	le.PutUint64(g.entries[32:], 2048)
	le.PutUint64(g.entries[40:], 2048+2047)
	if err := g.write(d); err != nil {
		t.Fatal(err)
	}
	return d
}

// onto is a disk to which the image was written, with what was there before behind it.
func onto(image memory, mib int64) memory {
	d := memory(noise(int(mib << 20)))
	copy(d, image)
	return d
}

func TestMend(t *testing.T) {
	d := onto(imageWithGPT(t, 8), 32)
	size := int64(len(d))
	if err := Mend(d, size, 512); err != nil {
		t.Fatal(err)
	}
	for _, at := range []int64{512, size - 512} {
		h := bytes.Clone(d[at : at+92])
		sum := binary.LittleEndian.Uint32(h[16:])
		binary.LittleEndian.PutUint32(h[16:], 0)
		if string(h[:8]) != gptSignature || crc32.ChecksumIEEE(h) != sum || int64(binary.LittleEndian.Uint64(h[24:]))*512 != at {
			t.Errorf("the header at %d is not one: % x", at, h)
		}
	}
	p, err := FindSystemPartition(d, size, 512)
	if err != nil || p == nil || p.Number != 1 || p.First != 2048 || p.Blocks != 2048 || p.UUID[3] != 7 {
		t.Errorf("system partition %+v, %v", p, err)
	}
	sgdisk(t, d)
}

// sgdisk is a second opinion on the table, where it is installed.
func sgdisk(t *testing.T, d memory) string {
	t.Helper()
	if _, err := exec.LookPath("sgdisk"); err != nil {
		return ""
	}
	file := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(file, d, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "sgdisk", "--verify", "--print", file).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "No problems found") {
		t.Errorf("sgdisk: %v: %s", err, out)
	}
	return string(out)
}

func TestAddConfigDrive(t *testing.T) {
	drive := []byte(strings.Repeat("config drive", 1000))
	d := onto(imageWithGPT(t, 8), 32)
	n, err := AddConfigDrive(d, int64(len(d)), 512, drive)
	if err != nil || n != 2 {
		t.Fatalf("partition %d, %v", n, err)
	}
	g, err := readGPT(d, int64(len(d)), 512)
	if err != nil {
		t.Fatal(err)
	}
	first, last := g.span(1)
	if first*512%align != 0 || last > g.last() || !bytes.Equal(d[first*512:][:len(drive)], drive) {
		t.Errorf("the config drive is not in sectors %d to %d", first, last)
	}
	sgdisk(t, d)

	d = make(memory, 32<<20)
	d[510], d[511], d[446+4] = 0x55, 0xaa, 0x83
	binary.LittleEndian.PutUint32(d[446+8:], 2048)
	binary.LittleEndian.PutUint32(d[446+12:], 2048)
	if n, err := AddConfigDrive(d, int64(len(d)), 512, drive); err != nil || n != 2 {
		t.Fatalf("in a master boot record: partition %d, %v", n, err)
	}
	begin := int64(binary.LittleEndian.Uint32(d[446+16+8:])) * 512
	if begin%align != 0 || !bytes.Equal(d[begin:][:len(drive)], drive) {
		t.Errorf("the config drive is not at %d", begin)
	}
}

func TestAddConfigDriveRefuses(t *testing.T) {
	full := imageWithGPT(t, 8)
	g, _ := readGPT(full, int64(len(full)), 512)
	binary.LittleEndian.PutUint64(g.entries[40:], uint64(g.last()))
	if err := g.write(full); err != nil {
		t.Fatal(err)
	}
	damaged := imageWithGPT(t, 8)
	damaged[512+60] ^= 1
	entries := imageWithGPT(t, 8)
	entries[2*512+5] ^= 1
	four := make(memory, 8<<20)
	four[510], four[511] = 0x55, 0xaa
	for i := range 4 {
		four[446+16*i+4] = 0x83
	}
	for name, c := range map[string]struct {
		disk memory
		want string
	}{"no table": {make(memory, 8<<20), "no partition table"}, "full": {full, "no room"}, "damaged header": {damaged, "checksum is wrong"},
		"damaged entries": {entries, "checksum of its entries"}, "four partitions": {four, "four primary"}} {
		if _, err := AddConfigDrive(c.disk, int64(len(c.disk)), 512, []byte("x")); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// FuzzTable reads tables of images, which may be anybody's.
func FuzzTable(f *testing.F) {
	f.Add([]byte(gptSignature), uint16(1))
	f.Add(make([]byte, 2048), uint16(0))
	f.Fuzz(func(t *testing.T, content []byte, at uint16) {
		d := make(memory, 4<<20)
		copy(d[510:], []byte{0x55, 0xaa})
		copy(d[int(at):], content)
		_, _ = FindSystemPartition(d, int64(len(d)), 512)
		_, _ = AddConfigDrive(d, int64(len(d)), 512, []byte("x"))
	})
}

func TestBootEntry(t *testing.T) {
	vars := t.TempDir()
	set := func(name string, value ...byte) {
		if err := os.WriteFile(filepath.Join(vars, name+efiGlobal), append([]byte{7, 0, 0, 0}, value...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set("Boot0000", []byte("network")...)
	set("Boot0002", []byte("disk")...)
	set("BootOrder", 0, 0, 2, 0)
	p := SystemPartition{Number: 1, First: 2048, Blocks: 4096, UUID: [16]byte{1, 2, 3}}
	for range 2 { // the second deployment takes the entry of the first
		if err := AddBootEntry(vars, p, "x86_64"); err != nil {
			t.Fatal(err)
		}
		if order, err := variable(vars, "BootOrder"); err != nil || !bytes.Equal(order, []byte{1, 0, 0, 0, 2, 0}) {
			t.Errorf("boot order % x, %v", order, err)
		}
	}
	entry, err := variable(vars, "Boot0001")
	if err != nil || !bytes.Contains(entry, wide(`\EFI\BOOT\BOOTX64.EFI`)) || !bytes.Contains(entry, wide(entryName)) ||
		!bytes.HasSuffix(entry, []byte{0x7f, 0xff, 4, 0}) {
		t.Errorf("entry % x, %v", entry, err)
	}
	if length := int(binary.LittleEndian.Uint16(entry[4:])); length != len(entry)-6-len(wide(entryName)) {
		t.Errorf("the path has %d bytes and says %d", len(entry)-6-len(wide(entryName)), length)
	}
	if err := AddBootEntry(vars, p, "sparc"); err == nil {
		t.Error("an entry for sparc")
	}
}
