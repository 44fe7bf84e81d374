package iscsi

import (
	"bytes"
	"encoding/hex"
	"io"
	"strings"
	"testing"
)

func readerOf(b []byte) io.Reader { return bytes.NewReader(b) }

// A READ(10) as libiscsi sent it, with its fields.
const capturedRead = "01c10000 00000000 0000000000000000 00000005 00001000 00000003 00000002 28000000 00800000 08000000 00000000"

func TestCapturedCommand(t *testing.T) {
	b, err := hex.DecodeString(strings.ReplaceAll(capturedRead, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	p, err := ReadPDU(bytes.NewReader(b), Digests{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	var m SCSICommand
	m.Decode(p.Header)
	want := SCSICommand{
		RequestFields: RequestFields{ITT: 5, CmdSN: 3, ExpStatSN: 2}, Final: true, Direction: FlagRead, Attribute: Simple, EDTL: 4096,
		CDB: [16]byte{0x28, 5: 0x80, 8: 8},
	}
	if m != want {
		t.Errorf("Decode(%s) = %+v, want %+v", capturedRead, m, want)
	}
	if cdb, err := appendCDB(nil, &m, p.AHS); err != nil || cdb[0] != 0x28 || len(cdb) != 16 {
		t.Errorf("appendCDB = %x, %v", cdb, err)
	}
	if out := AppendPDU(nil, p, Digests{}); !bytes.Equal(out, b) {
		t.Errorf("AppendPDU = %x, want %x", out, b)
	}
}

// CRC32C against the vectors of RFC 7143 Appendix A.
func TestDigestVectors(t *testing.T) {
	counting, falling := make([]byte, 32), make([]byte, 32)
	for i := range 32 {
		counting[i], falling[i] = byte(i), byte(31-i)
	}
	for name, tt := range map[string]struct {
		data []byte
		want string
	}{
		"zeros":      {make([]byte, 32), "aa36918a"},
		"ones":       {bytes.Repeat([]byte{0xff}, 32), "43aba862"},
		"increasing": {counting, "4e79dd46"},
		"decreasing": {falling, "5cdb3f11"},
	} {
		if got := hex.EncodeToString(appendDigest(nil, tt.data)); got != tt.want {
			t.Errorf("digest of %s = %s, want %s", name, got, tt.want)
		}
	}
}

func TestExtendedCDB(t *testing.T) {
	var m SCSICommand
	for i := range 16 {
		m.CDB[i] = byte(i)
	}
	ahs := []byte{0, 5, extendedCDB, 0, 16, 17, 18, 19, 0, 0, 0, 0}
	cdb, err := appendCDB(nil, &m, ahs[:8])
	if err != nil || len(cdb) != 20 || cdb[15] != 15 || cdb[19] != 19 {
		t.Errorf("appendCDB = %d, %v, want 0 to 19", cdb, err)
	}
	for name, bad := range map[string][]byte{"no length": {0, 0, 1, 0}, "too long": {0, 50, 1, 0}} {
		if cdb, err := appendCDB(nil, &m, bad); err == nil {
			t.Errorf("%s: appendCDB = %d, want an error", name, cdb)
		}
	}
}

func TestReadPDUBounds(t *testing.T) {
	h := make(Header, HeaderLen)
	h.setDataLen(8193)
	if _, err := ReadPDU(bytes.NewReader(h), Digests{}, 8192); err == nil {
		t.Error("a data segment above the limit was taken")
	}
	h.setDataLen(0)
	h[4] = 255
	if _, err := ReadPDU(bytes.NewReader(h), Digests{}, 8192); err == nil {
		t.Error("additional headers above the limit were taken")
	}
}

func TestSerialNumbers(t *testing.T) {
	for _, tt := range []struct {
		lo, n, hi uint32
		want      bool
	}{
		{1, 1, 1, true}, {1, 2, 1, false}, {1, 0, 5, false}, {0xfffffffe, 0, 3, true}, {0xfffffffe, 4, 3, false},
		{0xfffffffe, 0xfffffffd, 3, false},
		{5, 5, 4, false}, // a closed window
	} {
		if got := between(tt.lo, tt.n, tt.hi); got != tt.want {
			t.Errorf("between(%#x, %#x, %#x) = %v, want %v", tt.lo, tt.n, tt.hi, got, tt.want)
		}
	}
}

func TestBinaryValues(t *testing.T) {
	for in, want := range map[string]string{"0x00ff": "00ff", "0XfF": "ff", "0x123": "0123", "0b/+8=": "ffef", "0bAAAA": "000000", "12": "",
		"0xzz": "", "0b!": "", "": ""} {
		got, ok := parseBinary(in)
		if hex.EncodeToString(got) != want || ok != (want != "") {
			t.Errorf("parseBinary(%q) = %x, %v, want %s", in, got, ok, want)
		}
	}
}
