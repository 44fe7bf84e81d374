package lab

import (
	"bytes"
	"testing"
)

func TestTag(t *testing.T) {
	plain := append(bytes.Repeat([]byte{0x52}, 12), 0x08, 0x00, 'i', 'p', 4, 5)
	frame := addTag(bytes.Clone(plain), 100)
	if want := append(bytes.Repeat([]byte{0x52}, 12), 0x81, 0, 0, 100, 0x08, 0x00, 'i', 'p', 4, 5); !bytes.Equal(frame, want) {
		t.Errorf("with its tag %x, want %x", frame, want)
	}
	if got := untag(bytes.Clone(frame), 100); !bytes.Equal(got, plain) {
		t.Errorf("without its tag %x, want %x", got, plain)
	}
	for name, other := range map[string][]byte{"another VLAN": addTag(plain, 101), "no tag": plain, "a short frame": frame[:17]} {
		if got := untag(other, 100); got != nil {
			t.Errorf("%s: %x was taken", name, got)
		}
	}
	if addTag(plain[:13], 100) != nil {
		t.Error("a short frame got a tag")
	}
}
