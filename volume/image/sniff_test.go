package image

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
)

// sector is one with text at off.
func sector(off int, text string) []byte {
	b := make([]byte, SniffLength)
	copy(b[off:], text)
	return b
}

// disks are raw, whatever they may look like at first sight.
var rawDisks = map[string][]byte{
	"zeros": make([]byte, 2048), "short": []byte("hello"), "one byte": {0}, "boot sector": sector(0, "\xeb\x63\x90\x10\x8e\xd0"),
	"master boot record": slices.Concat(sector(0, "\xfa\x33\xc0")[:510], []byte(bootable)), "partition table": sector(512, "EFI PART"),
	"ext4": sector(0x438%SniffLength, "\x53\xef"), "squashfs": sector(0, "hsqs"),
	"ISO 9660":                    slices.Concat(make([]byte, 32769), []byte("CD001"), make([]byte, 2048)),
	"tar before a boot signature": slices.Concat(sector(257, "ustar")[:510], []byte(bootable)), "BZh only": []byte("BZh9 is no bzip2"),
	"HTML in binary": []byte("<html>\x00\x01"),
	"UEFI program":   sector(0, "MZ"), "LUKS": sector(0, "LUKS\xba\xbe"), "XFS": sector(0, "XFSB"),
	"gzip's first two bytes": sector(0, "\x1f\x8b\x00"),
}

// others are no disks, by what is said of them.
func others(t testing.TB) map[string][]byte {
	return map[string][]byte{
		"lzop": sector(0, "\x89LZO\x00\r\n\x1a\n"), "gzip -d": sector(0, "\x1f\x9d\x90"), "zstd -d": sector(0, "\x27\xb5\x2f\xfd"),
		"Linux kernel": sector(514, "HdrS"),
		"7z archive":   sector(0, "7z\xbc\xaf\x27\x1c"), "ELF": sector(0, "\x7fELF"), "qed image": sector(0, "QED\x00"),
		"HTML page": []byte("\xef\xbb\xbf\n <!DOCTYPE HTML><html>"), "XML document": []byte("<?xml version='1.0'?><Error>AccessDenied</Error>"),
		"JSON document": []byte("{\n  \"error\": \"not found\"}"), "Git LFS": []byte("version https://git-lfs.github.com/spec/v1\n"),
		"PDF":           []byte("%PDF-1.4"),
		"Windows image": sector(0, "MSWIM\x00\x00\x00"), "script": []byte("#!/bin/sh\nexit\n"),
		"cloud-init": []byte("#cloud-config\nusers: []\n"),
	}
}

func TestSniff(t *testing.T) {
	for name, b := range rawDisks {
		if k, ok := Sniff(b[:min(len(b), SniffLength)]); ok {
			t.Errorf("Sniff(%s) = %s, want a raw disk", name, k.Name)
		}
	}
	for says, b := range others(t) {
		if k, ok := Sniff(b); !ok || k.Remedy == "" || !strings.Contains(k.Name+k.Remedy, says) {
			t.Errorf("Sniff(%q) = %+v, want one that says %s", b[:min(len(b), 20)], k, says)
		}
	}
}

// TestContentDecides imports everything under every format that could be said of it, plain
// and compressed.
func TestContentDecides(t *testing.T) {
	for name, b := range rawDisks {
		for packing, pack := range packers {
			if packing != "plain" && name != "ISO 9660" {
				continue // what was compressed is looked at as what was not
			}
			for said, want := range map[Format]error{Auto: nil, Raw: nil, Qcow2: ErrUnsupported, VMDK: ErrUnsupported, VHDX: ErrUnsupported} {
				_, err := Import(t.Context(), open(t), "img", Request{Reader: bytes.NewReader(pack(t, b)), Format: said})
				if !errors.Is(err, want) {
					t.Errorf("import %s, %s, as %q: %v, want %v", name, packing, said, err, want)
				}
			}
		}
	}
	for says, b := range others(t) {
		for packing, pack := range packers {
			for _, said := range []Format{Auto, Raw, Qcow2, VHD} {
				if packing != "plain" && said != Raw {
					continue
				}
				_, err := Import(t.Context(), open(t), "img", Request{Reader: bytes.NewReader(pack(t, b)), Format: said})
				if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), says) {
					t.Errorf("import %s, %s, as %q: %v, want it refused", says, packing, said, err)
				}
			}
		}
	}
	for real, magic := range map[Format]string{Qcow2: "QFI\xfb", VMDK: "KDMV", VHD: "conectix", VHDX: "vhdxfile",
		VDI: strings.Repeat("\x00", 64) + "\x7f\x10\xda\xbe"} {
		for _, said := range []Format{Raw, Qcow2, VMDK, VHD, VHDX, VDI} {
			if said == real {
				continue
			}
			_, err := Import(t.Context(), open(t), "img", Request{Reader: bytes.NewReader(sector(0, magic)), Format: said})
			if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "--disk-format "+string(real)) {
				t.Errorf("import %s as %s: %v, want it refused with --disk-format %s", real, said, err, real)
			}
		}
	}
	twice := packers["xz"](t, packers["gz"](t, sample()))
	if _, err := Import(t.Context(), open(t), "img", Request{Reader: bytes.NewReader(twice)}); !errors.Is(err, ErrUnsupported) {
		t.Errorf("import of what is compressed twice = %v, want %v", err, ErrUnsupported)
	}
}

// TestZstdFrames has frames of something else around and between those of the image.
func TestZstdFrames(t *testing.T) {
	skip := append(binary.LittleEndian.AppendUint32(nil, 0x184D2A5E), 6, 0, 0, 0, 'h', 'e', 'l', 'l', 'o', '!')
	half := len(sample()) / 2 / 512 * 512
	first, second := packers["zst"](t, sample()[:half]), packers["zst"](t, sample()[half:])
	for name, b := range map[string][]byte{
		"first": slices.Concat(skip, first, second), "between": slices.Concat(first, skip, second), "last": slices.Concat(first, second, skip),
		"all": slices.Concat(skip, skip, first, skip, second, skip),
	} {
		d := open(t)
		if _, err := Import(context.Background(), d, "img", Request{Reader: bytes.NewReader(b)}); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !bytes.Equal(contents(t, d, "img"), sample()) {
			t.Errorf("%s: not what was imported", name)
		}
	}
}

func FuzzSniff(f *testing.F) {
	for _, b := range rawDisks {
		f.Add(b)
	}
	for _, b := range others(f) {
		f.Add(b)
	}
	for _, m := range magics {
		f.Add(sector(m.off, m.bytes))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		k, ok := Sniff(b)
		if uses := k.Format != Auto || k.open != nil || k.archive != ""; ok != (k.Name != "") || ok && uses == (k.Remedy != "") {
			t.Errorf("Sniff(%q) = %+v, %v: want it either to be read or to have a remedy", b, k, ok)
		}
		if f, err := choose(Auto, b); err == nil && f != Raw && decoders[f] == nil {
			t.Errorf("choose = %q, which nothing reads", f)
		}
	})
}
