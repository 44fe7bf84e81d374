package ipxe

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// program is a PE file of no sections; size is that of its signatures.
func program(size uint32) []byte {
	b := make([]byte, 512)
	copy(b, "MZ")
	binary.LittleEndian.PutUint32(b[0x3c:], 0x40)
	copy(b[0x40:], "PE\x00\x00\x64\x86")
	binary.LittleEndian.PutUint16(b[0x40+4+16:], 240) // of the optional header
	optional := b[0x40+4+20:]
	binary.LittleEndian.PutUint16(optional, 0x20b)
	binary.LittleEndian.PutUint32(optional[108:], 16) // directories
	binary.LittleEndian.PutUint32(optional[112+4*8+4:], size)
	return b
}

// secureDir is a directory with these programs and their sums, with more lines.
func secureDir(more string, files map[string][]byte) fstest.MapFS {
	dir, sums := fstest.MapFS{}, more
	for name, content := range files {
		dir[name] = &fstest.MapFile{Data: content}
		sums += fmt.Sprintf("%x *%s\n", sha256.Sum256(content), name)
	}
	dir[sumsFile] = &fstest.MapFile{Data: []byte(sums)}
	return dir
}

func TestSigned(t *testing.T) {
	snp := append(program(8), 1)
	files, err := Signed(secureDir(strings.Repeat("0", 64)+"  undionly.kpxe\n", map[string][]byte{
		"x86_64-sb/shimx64.efi": program(8), "x86_64-sb/ipxe.efi": program(16), "x86_64-sb/snponly.efi": snp, "arm64-sb/ipxe.efi": program(8)}))
	if err != nil || len(files) != 4 || !slices.Equal(files["secure/x86_64-sb/ipxe.efi"], snp) {
		t.Fatalf("Signed = %d files, %v, want 4, and snponly.efi as what a shim asks for", len(files), err)
	}
	for arch, want := range map[Arch]string{0: "undionly.kpxe", 7: "secure/x86_64-sb/shimx64.efi", 16: "secure/x86_64-sb/shimx64.efi",
		11: "secure/arm64-sb/ipxe.efi"} {
		files["undionly.kpxe"] = nil
		if got, err := arch.Program(files, true); got != want || err != nil {
			t.Errorf("signed program of %s = %s, %v, want %s", arch, got, err, want)
		}
	}
	if got, err := Arch(7).Program(files, false); err == nil {
		t.Errorf("unsigned program = %s, want none", got)
	}
}

func TestSignedRefuses(t *testing.T) {
	one := func(content []byte) map[string][]byte { return map[string][]byte{"x86_64-sb/shimx64.efi": content} }
	unlisted := secureDir("", one(program(8)))
	unlisted["arm64-sb/ipxe.efi"] = &fstest.MapFile{Data: program(8)}
	changed := secureDir("", one(program(8)))
	changed["x86_64-sb/shimx64.efi"] = &fstest.MapFile{Data: program(9)}
	for _, c := range []struct {
		name string
		dir  fstest.MapFS
		want string
	}{
		{"no sums", fstest.MapFS{}, "it has no SHA256SUMS"},
		{"a line of something else", secureDir("hello\n", nil), "SHA256SUMS, line 1 is no line of sha256sum"},
		{"a file that is not there", secureDir(strings.Repeat("0", 64)+"  x86_64-sb/a.efi\n", nil), "x86_64-sb/a.efi of SHA256SUMS"},
		{"a file outside", secureDir(strings.Repeat("0", 64)+"  ../x86_64-sb/a.efi\n", nil), "no folder x86_64-sb or arm64-sb"},
		{"another file", changed, "SHA256SUMS says"},
		{"not signed", secureDir("", one(program(0))), "it is not signed"},
		{"no program", secureDir("", one([]byte("#!ipxe"))), "it is no UEFI program"},
		{"a file without a sum", unlisted, "arm64-sb/ipxe.efi is not in SHA256SUMS"},
		{"nothing to begin with", secureDir("", map[string][]byte{"x86_64-sb/mmx64.efi": program(8)}),
			"no folder x86_64-sb or arm64-sb in it has one of shimx64.efi"},
	} {
		if files, err := Signed(c.dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Signed = %d files, %v, want %s", c.name, len(files), err, c.want)
		}
	}
}

// FuzzSigned reads lists of sums of any content: no name of one leads out of the two folders.
func FuzzSigned(f *testing.F) {
	f.Add(strings.Repeat("0", 64) + "  x86_64-sb/a.efi\n")
	f.Add(strings.Repeat("f", 64) + " *../../x86_64-sb/a.efi\n\n#")
	f.Fuzz(func(t *testing.T, sums string) {
		dir := secureDir("", map[string][]byte{"x86_64-sb/shimx64.efi": program(8)})
		dir[sumsFile] = &fstest.MapFile{Data: append(dir[sumsFile].Data, sums...)}
		files, err := Signed(dir)
		if err == nil && len(files) != 1 {
			t.Errorf("%q gave %d files", sums, len(files))
		}
	})
}
