package image

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"testing"
)

// tiny makes a qcow2 file of 512-byte clusters by hand: header, L1, L2, data.
func tiny(change func(b []byte)) []byte {
	b := make([]byte, 4*512)
	be := binary.BigEndian
	copy(b, qcow2Magic)
	be.PutUint32(b[4:], 3)
	be.PutUint32(b[20:], 9)
	be.PutUint64(b[24:], 64*512) // what one L2 table covers
	be.PutUint32(b[36:], 1)
	be.PutUint64(b[40:], 512)
	be.PutUint32(b[96:], 4)
	be.PutUint32(b[100:], 104)
	be.PutUint64(b[512:], 1024|1<<63)
	be.PutUint64(b[1024+8:], 1536|1<<63)
	copy(b[1536:], bytes.Repeat([]byte("data"), 128))
	if change != nil {
		change(b)
	}
	return b
}

func TestTinyQcow2(t *testing.T) {
	d := open(t)
	if _, err := Import(t.Context(), d, "img", Request{Reader: bytes.NewReader(tiny(nil))}); err != nil {
		t.Fatal(err)
	}
	got := contents(t, d, "img")
	if len(got) != 64*512 || !bytes.Equal(got[512:1024], bytes.Repeat([]byte("data"), 128)) || len(bytes.Trim(got[1024:], "\x00")) > 0 {
		t.Error("not what is in the file")
	}
}

func TestHostileQcow2(t *testing.T) {
	put32 := func(at int, v uint32) func([]byte) {
		return func(b []byte) { binary.BigEndian.PutUint32(b[at:], v) }
	}
	put64 := func(at int, v uint64) func([]byte) {
		return func(b []byte) { binary.BigEndian.PutUint64(b[at:], v) }
	}
	for name, c := range map[string]struct {
		change func([]byte)
		want   error
	}{
		"version 4":                 {put32(4, 4), ErrUnsupported},
		"backing file":              {put64(8, 104), ErrHostile},
		"encrypted":                 {put32(32, 2), ErrUnsupported},
		"clusters of 2 bytes":       {put32(20, 1), ErrHostile},
		"clusters of 4 GiB":         {put32(20, 32), ErrHostile},
		"no size":                   {put64(24, 0), ErrTooLarge},
		"8 EiB":                     {put64(24, 1<<63-512), ErrTooLarge},
		"negative":                  {put64(24, 1<<63), ErrTooLarge},
		"L1 too short":              {put64(24, 65*512), ErrHostile},
		"L1 of 32 GiB":              {put32(36, 1<<32-1), ErrHostile},
		"L1 outside":                {put64(40, 1<<20), ErrHostile},
		"L1 not at a cluster":       {put64(40, 513), ErrHostile},
		"corrupt":                   {put64(72, 1<<1), ErrHostile},
		"external data":             {put64(72, 1<<2), ErrHostile},
		"extended L2":               {put64(72, 1<<4), ErrHostile},
		"unknown feature":           {put64(72, 1<<63), ErrHostile},
		"L2 outside":                {put64(512, 1<<40), ErrHostile},
		"data outside":              {put64(1024+8, 1<<40), ErrDamaged},
		"compressed outside":        {put64(1024+8, flagCompressed|1<<40), ErrDamaged},
		"compressed data twice":     {func(b []byte) { samePacked(b) }, ErrHostile},
		"data everywhere the same":  {func(b []byte) { sameData(b) }, ErrHostile},
		"L2 table that has L1 data": {func(b []byte) { twoTables(b) }, ErrHostile},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, Request{Reader: bytes.NewReader(tiny(c.change)), Format: Qcow2}, c.want)
		})
	}
}

// sameData points every entry at the same cluster.
func sameData(b []byte) {
	for i := range 64 {
		binary.BigEndian.PutUint64(b[1024+8*i:], 1536)
	}
}

// samePacked has a compressed cluster for two places: with more of them, a small file
// would become a large image.
func samePacked(b []byte) {
	var packed bytes.Buffer
	w, _ := flate.NewWriter(&packed, flate.BestCompression)
	w.Write(bytes.Repeat([]byte("data"), 128))
	w.Close()
	clear(b[1536:])
	copy(b[1536:], packed.Bytes())
	for i := range 2 {
		binary.BigEndian.PutUint64(b[1024+8*i:], flagCompressed|1536)
	}
}

// twoTables has the same L2 table twice.
func twoTables(b []byte) {
	binary.BigEndian.PutUint64(b[24:], 2*64*512)
	binary.BigEndian.PutUint32(b[36:], 2)
	binary.BigEndian.PutUint64(b[512+8:], 1024)
}

func FuzzQcow2(f *testing.F) {
	f.Add(tiny(nil))
	f.Add(tiny(sameData))
	f.Add(tiny(twoTables))
	f.Add(tiny(samePacked))
	f.Add(tiny(func(b []byte) { binary.BigEndian.PutUint64(b[1024:], flagCompressed|1536) }))
	f.Add(tiny(func(b []byte) { b[79] = 8; b[103] = 112; b[104] = 1 }))
	f.Fuzz(func(t *testing.T, b []byte) {
		const most = 1 << 20
		q, err := openQcow2(bytes.NewReader(b), int64(len(b)), most)
		if err != nil {
			return
		}
		last := int64(-1)
		err = q.each(t.Context(), func(p []byte, off int64) error {
			if off <= last || off+int64(len(p)) > q.size || q.size > most || len(p) == 0 {
				t.Fatalf("%d bytes at %d of %d, after %d", len(p), off, q.size, last)
			}
			last = off
			return nil
		})
		if err == nil && last >= q.size {
			t.Fatalf("the last cluster is at %d of %d", last, q.size)
		}
	})
}
