package scsi

import (
	"bytes"
	"errors"
	"syscall"
	"testing"
)

func TestFaultsOfTheDisk(t *testing.T) {
	for _, c := range []struct {
		cdb  string
		out  int
		err  error
		want string
	}{
		{"28 00 00000010 00 0001 00", 0, syscall.EIO, "3/1100"},
		{"2f 00 00000010 00 0001 00", 0, syscall.EIO, "3/1100"},
		{"9e 12 0000000000000000 00000018 00 00", 0, syscall.EIO, "3/1100"},
		{"2a 00 00000010 00 0001 00", 1, syscall.EIO, "3/0c00"},
		{"2a 00 00000010 00 0001 00", 1, syscall.ENOSPC, "7/2707"},
		{"2a 00 00000010 00 0001 00", 1, syscall.EDQUOT, "7/2707"},
		{"2a 08 00000010 00 0001 00", 1, syscall.EIO, "3/0c00"},
		{"35 00 00000000 00 0000 00", 0, syscall.EIO, "3/0c00"},
		{"35 00 00000000 00 0000 00", 0, syscall.ENOSPC, "7/2707"},
		{"41 00 00000000 00 0004 00", 1, syscall.ENOSPC, "7/2707"},
		{"41 08 00000000 00 0004 00", 1, syscall.EIO, "3/0c00"},
		{"42 00 00000000 00 0018 00", -1, syscall.EIO, "3/0c00"},
		{"89 00 0000000000000000 000000 01 00 00", 2, syscall.EIO, "3/1100"},
	} {
		var told []error
		r := newRig(t, Options{Fault: func(err error) { told = append(told, err) }})
		r.disk.readErr, r.disk.writeErr, r.disk.syncErr = c.err, c.err, c.err
		out := fill(0, max(c.out, 0))
		if c.out < 0 {
			out = b("0016 0010 00000000 0000000000000000 00000001 00000000")
		}
		r.want(c.want, r.nexus, c.cdb, out...)
		if len(told) == 0 || !errors.Is(told[0], c.err) {
			t.Errorf("%s: the owner was told %v, want %v", c.cdb, told, c.err)
		}
	}
}

func TestMediumErrorNamesTheBlock(t *testing.T) {
	r := newRig(t, Options{})
	r.disk.readErr = syscall.EIO
	res := r.want("3/1100", r.nexus, "28 00 00000123 00 0001 00")
	if want := b("f0 00 03 00000123"); !bytes.Equal(res.Sense[:7], want) {
		t.Errorf("sense = %x, want it to begin with %x", res.Sense, want)
	}
}

func TestReadOnly(t *testing.T) {
	r := newRig(t, Options{ReadOnly: true})
	for cdb, out := range map[string]int{
		"0a 000000 01 00":                        1,
		"2a 00 00000000 00 0001 00":              1,
		"aa 00 00000000 00000001 00 00":          1,
		"8a 00 0000000000000000 00000001 00 00":  1,
		"2e 00 00000000 00 0001 00":              1,
		"ae 00 00000000 00000001 00 00":          1,
		"8e 00 0000000000000000 00000001 00 00":  1,
		"41 00 00000000 00 0001 00":              1,
		"93 00 0000000000000000 00000001 00 00":  1,
		"8b 00 0000000000000000 00000001 00 00":  1,
		"89 00 0000000000000000 000000 01 00 00": 2,
		"42 00 00000000 00 0000 00":              0,
		"48 02 0000000000 0000 00":               0,
		"48 03 0000000000 0000 00":               0,
	} {
		r.want("7/2700", r.nexus, cdb, fill(0, out)...)
	}
	r.want("good", r.nexus, "28 00 00000000 00 0001 00")
	r.want("good", r.nexus, "35 00 00000000 00 0000 00")
	if res := r.want("good", r.nexus, "1a 08 3f 00 ff 00"); res.In[2]&0x80 == 0 {
		t.Errorf("MODE SENSE = %x, want WP", res.In)
	}
}
