package image

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// published are images as their publishers pack them. The names are those of the table in
// docs/volumes.md. A script makes the file "out" of the raw disk "disk.raw"; want, if there
// is one, is what it then holds.
var published = map[string]struct {
	script string
	change func(t *testing.T, out, raw []byte) (file, want []byte)
	format Format
}{
	"OpenWrt": {script: "gzip -9nc disk.raw >out",
		change: appended("\x00\x00\x00\x00{ \"metadata_version\": \"1.1\" }\nFWx0 and a signature")},
	"Flatcar":        {script: "bzip2 -c disk.raw >out"},
	"Google Compute": {script: "tar --format=oldgnu -Sczf out disk.raw"},
	"Debian tar":     {script: "tar -cJf out disk.raw"},
	"Fedora":         {script: "xz -T2 --block-size=1MiB -c disk.raw >out"},
	"xz for x86":     {script: "xz --x86 --lzma2 -c disk.raw >out"},
	"xz for ARM":     {script: "xz --arm --lzma2 -c disk.raw >out"},
	"xz for ARM64":   {script: "xz --arm64 --delta=dist=4 --lzma2 -c disk.raw >out"},
	"pzstd":          {script: "pzstd -q -p 4 disk.raw -o out"},
	"zstd --long":    {script: "zstd -qc --long=31 <disk.raw >out"},
	"zstd --adapt":   {script: "zstd -qc disk.raw >out; zstd -qc </dev/null >>out"},
	"lz4":            {script: "lz4 -qc disk.raw >out"},
	"lz4 legacy":     {script: "lz4 -qlc disk.raw >out"},
	"lzma":           {script: "xz --format=lzma -c disk.raw >out"},
	"Windows VHDX":   {script: "qemu-img convert -O vhdx disk.raw out", change: unreplayed, format: VHDX},
	"Hyper-V zip": {script: "qemu-img convert -O vhdx disk.raw disk.vhdx; echo licence >LICENCE.txt; zip -q out.zip disk.vhdx " +
		"LICENCE.txt; mv out.zip out", format: VHDX},
	"Azure":          {script: "qemu-img convert -O vpc -o subformat=fixed,force_size=on disk.raw out", format: VHD},
	"VirtualBox VHD": {script: "qemu-img convert -O vpc -o force_size=on disk.raw out", change: fromVirtualBox, format: VHD},
	"VirtualBox VDI": {script: "qemu-img convert -O vdi disk.raw out", format: VDI},
	"Home Assistant": {script: "qemu-img convert -O vdi disk.raw haos.vdi; zip -q out.zip haos.vdi; mv out.zip out", format: VDI},
	"QNAP":           {script: "qemu-img convert -O qcow2 -o compat=0.10 disk.raw out", format: Qcow2},
	"VMware OVA": {script: "qemu-img convert -O vmdk -o subformat=streamOptimized disk.raw disk.vmdk; echo '<?xml " +
		"version=\"1.0\"?><Envelope/>' >a.ovf; tar -cf out a.ovf disk.vmdk", format: VMDK},
	"Ubuntu": {script: "qemu-img convert -c -O qcow2 disk.raw out", format: Qcow2},
	"Kali":   {script: "qemu-img convert -O qcow2 disk.raw a.qcow2; tar -cf - a.qcow2 | xz -c >out", format: Qcow2},
}

func appended(text string) func(*testing.T, []byte, []byte) ([]byte, []byte) {
	return func(_ *testing.T, out, raw []byte) ([]byte, []byte) { return append(out, text...), raw }
}

// unreplayed writes a change into the log of a VHDX file, as a writer leaves it that is cut
// off: the first block of the disk becomes other data.
func unreplayed(t *testing.T, file, raw []byte) (out, want []byte) {
	le := binary.LittleEndian
	at := 64 << 10
	if le.Uint64(file[128<<10+8:]) > le.Uint64(file[at+8:]) {
		at = 128 << 10
	}
	guid := bytes.Repeat([]byte{7}, 16)
	header := file[at : at+4096]
	copy(header[48:], guid)
	sign(header)
	log := le.Uint64(header[72:])
	block := bytes.Index(file, raw[100<<10:101<<10]) - 100<<10
	if block < 1<<20 {
		t.Fatalf("the disk lies at %d of the VHDX file", block)
	}
	data := bytes.Repeat([]byte("L"), 4096)
	entry := file[log : log+8192]
	clear(entry)
	copy(entry, "loge")
	le.PutUint32(entry[8:], 8192)
	le.PutUint64(entry[16:], 1)
	le.PutUint32(entry[24:], 1)
	copy(entry[32:], guid)
	le.PutUint64(entry[48:], uint64(len(file)))
	le.PutUint64(entry[56:], uint64(len(file)))
	d := entry[64:]
	copy(d, "desc")
	copy(d[4:], data[4092:])
	copy(d[8:], data[:8])
	le.PutUint64(d[16:], uint64(block))
	le.PutUint64(d[24:], 1)
	s := entry[4096:]
	copy(s, "data")
	copy(s[8:4092], data[8:])
	le.PutUint32(s[4092:], 1)
	sign(entry)
	return file, append(data, raw[4096:]...)
}

// sign writes the checksum of a structure of a VHDX file.
func sign(b []byte) {
	clear(b[4:8])
	binary.LittleEndian.PutUint32(b[4:], crc32.Checksum(b, castagnoli))
}

// fromVirtualBox makes the creator one that qemu-img does not know, and the geometry smaller
// than the disk, as its rounding may make it.
func fromVirtualBox(_ *testing.T, file, raw []byte) (out, want []byte) {
	for _, at := range []int{0, len(file) - 512} {
		f := file[at : at+512]
		copy(f[28:], "vbox")
		binary.BigEndian.PutUint16(f[56:], binary.BigEndian.Uint16(f[56:])-2)
		clear(f[64:68])
		sum := uint32(0)
		for _, v := range f {
			sum += uint32(v)
		}
		binary.BigEndian.PutUint32(f[64:], ^sum)
	}
	return file, raw
}

func TestPublished(t *testing.T) {
	if testing.Short() {
		t.Skip("needs bzip2, lz4, qemu-utils, xz-utils, zip and zstd")
	}
	for name, p := range published {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			raw := sample()
			if err := os.WriteFile(filepath.Join(dir, "disk.raw"), raw, 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), "sh", "-ec", p.script)
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v: %s", p.script, err, out)
			}
			file, err := os.ReadFile(filepath.Join(dir, "out"))
			if err != nil {
				t.Fatal(err)
			}
			want := raw
			if p.change != nil {
				file, want = p.change(t, file, raw)
			}
			d := open(t)
			res, err := Import(t.Context(), d, "img", Request{Reader: bytes.NewReader(file)})
			if err != nil {
				t.Fatal(err)
			}
			got := contents(t, d, "img")
			if len(got) < len(want) || !bytes.Equal(got[:len(want)], want) || !isZeros(got[len(want):]) {
				t.Errorf("imported %d bytes that are not the %d of the disk", len(got), len(want))
			}
			if format := p.format; res.Format != format && !(format == Auto && res.Format == Raw) {
				t.Errorf("format = %s, want %s", res.Format, format)
			}
			if damage, err := d.Verify(t.Context(), "img", nil); err != nil || len(damage) > 0 {
				t.Errorf("Verify = %v, %v", damage, err)
			}
		})
	}
}

// TestPublishedIsDocumented holds the table of the documentation against the one above.
func TestPublishedIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/volumes.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "\n### Images as they are published\n")
	table, _, _ = strings.Cut(table, "\n#")
	rows := regexp.MustCompile(`(?m)^\| ([^|]+?) \|.*\|$`).FindAllStringSubmatch(table, -1)
	shown := map[string]bool{}
	for _, row := range rows[min(1, len(rows)):] {
		if shown[row[1]] = true; published[row[1]].script == "" {
			t.Errorf("docs/volumes.md has a row %q that no test runs", row[1])
		}
	}
	for name := range published {
		if !shown[name] {
			t.Errorf("docs/volumes.md has no row for %q", name)
		}
	}
}
