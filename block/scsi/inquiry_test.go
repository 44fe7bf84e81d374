package scsi

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// The INQUIRY data and product data pages, byte by byte.
func TestInquiry(t *testing.T) {
	r := newRig(t, Options{Serial: "vol-1", Vendor: "ACME\x01 and more", Product: "Disk", Revision: "12345"})
	text := func(s string) string { return fmt.Sprintf("%x", s) }
	for cdb, want := range map[string]string{
		"12 00 00 0060 00": "00 00 06 12 5b 08 00 02" + text("ACME and") + text("Disk            ") + text("1234") +
			strings.Repeat("00", 22) + "00a0 0460 04c0 0960" + strings.Repeat("00", 30),
		"12 00 00 0005 00": "00 00 06 12 5b",
		"12 00 00 0000 00": "",
		"12 01 00 00ff 00": "00 00 0007 00 80 83 86 b0 b1 b2",
		"12 01 80 00ff 00": "00 80 0005" + text("vol-1"),
		"12 01 83 00ff 00": "00 83 0065" +
			"01 03 00 08" + fmt.Sprintf("%x", r.lun.naa()) +
			"02 01 00 0d" + text("ACME andvol-1") +
			"51 94 00 04 00000001" +
			"53 98 00 20" + text("iqn.2026-11.test:disk,t,0x0001\x00\x00") +
			"53 a8 00 18" + text("iqn.2026-11.test:disk\x00\x00\x00"),
		"12 01 86 00ff 00": "00 86 003c 00 07 01" + strings.Repeat("00", 57),
		"12 01 b0 00ff 00": "00 b0 003c 00 ff 0008 00010000 00000800 00000000 ffffffff 00000100 00000008 80000000 " +
			"0000000000100000" + strings.Repeat("00", 20),
		"12 01 b1 00ff 00":                      "00 b1 003c 0001 00 50" + strings.Repeat("00", 56),
		"12 01 b2 00ff 00":                      "00 b2 0004 00 e4 02 00",
		"25":                                    "000003ff 00000200",
		"9e 10 0000000000000000 00000020 00 00": "00000000000003ff 00000200 0000 c000" + strings.Repeat("00", 16),
		"37 00 1d 00000000 0020 00":             "00 1d 0000",
		"b7 1d 00000000 00000020 00 00":         "00 1d 0000 00000000",
		"a3 0d 00000000 00000010 00 00":         "da000000",
	} {
		if res := r.want("good", r.nexus, cdb); !bytes.Equal(res.In, b(want)) {
			t.Errorf("%s\n got %x\nwant %x", cdb, res.In, b(want))
		}
	}
	for _, cdb := range []string{"12 00 01 00ff 00", "12 01 01 00ff 00", "12 01 84 00ff 00", "12 02 00 00ff 00"} {
		r.want("5/2400", r.nexus, cdb)
	}
}

// The world wide name is marked as locally assigned and derives from the serial number.
func TestNAA(t *testing.T) {
	name := func(serial string) string {
		return fmt.Sprintf("%x", newRig(t, Options{Serial: serial}).lun.naa())
	}
	if a := name("a"); a[0] != '3' || a != name("a") || a == name("b") {
		t.Errorf("names of a, a, b = %s, %s, %s", a, name("a"), name("b"))
	}
}

func TestCapacityOfALargeUnit(t *testing.T) {
	lun, err := NewLUN(hugeDisk{newMemDisk(8)}, Options{Serial: "huge"})
	if err != nil {
		t.Fatal(err)
	}
	lun.blocks.Store(1 << 33)
	r := newRig(t, Options{})
	r.device.SetLUN(0, lun)
	r.nexus.attention[0].take()
	if res := r.want("good", r.nexus, "25"); !bytes.Equal(res.In, b("ffffffff 00000200")) {
		t.Errorf("READ CAPACITY(10) = %x, want all ones", res.In)
	}
	if res := r.want("good", r.nexus, "9e 10 0000000000000000 0000000c 00 00"); !bytes.Equal(res.In, b("00000001ffffffff 00000200")) {
		t.Errorf("READ CAPACITY(16) = %x", res.In)
	}
	if res := r.want("good", r.nexus, "1a 00 3f 00 0c 00"); !bytes.Equal(res.In[4:12], b("ffffffff 00000200")) {
		t.Errorf("block descriptor = %x", res.In)
	}
}
