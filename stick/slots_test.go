package stick

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestState(t *testing.T) {
	fat := append([]byte{0xeb, 0x3c, 0x90}, make([]byte, 1<<20)...)
	for _, c := range []struct {
		want   state
		before []byte
		at     int
	}{
		{state{"a", "", "0"}, fat, blockAt},
		{state{"b", "a", "2"}, fat, blockAt},
		{state{"a", "b", "1"}, append(state{"a", "", "0"}.block(), fat...), 0}, // an older stick
	} {
		want, path := c.want, filepath.Join(t.TempDir(), "state")
		if err := os.WriteFile(path, c.before, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := want.write(path); err != nil {
			t.Fatal(err)
		}
		got, err := readState(path)
		if err != nil || got != want {
			t.Errorf("read %+v, %v; want %+v", got, err, want)
		}
		if b, err := os.ReadFile(path); err != nil || !strings.HasPrefix(string(b[c.at:]), signature) || c.at > 0 &&
			string(b[:3]) != string(fat[:3]) {
			t.Errorf("%+v is not at byte %d, or more is changed", want, c.at)
		}
		if b := want.block(); len(b) != blockSize || strings.TrimRight(string(b[sector:]), "#") != "" {
			t.Errorf("%+v is not in the first sector: %q", want, b)
		}
	}
}

func TestDamagedState(t *testing.T) {
	for _, text := range []string{"", "slot=a\n", signature, signature + "slot=c\n", signature + "slot=a\ntrial=a\n", signature +
		"slot=a\ntrial=x\n"} {
		if s, err := parseState([]byte(text)); !errors.Is(err, errState) {
			t.Errorf("%q is read as %+v, %v", text, s, err)
		}
	}
}

func FuzzState(f *testing.F) {
	f.Add(state{"a", "b", "2"}.block())
	f.Add([]byte(signature + "slot=a"))
	f.Fuzz(func(t *testing.T, block []byte) {
		s, err := parseState(block)
		if err != nil || len(s.Tries) > 100 {
			return
		}
		if again, err := parseState(s.block()); err != nil || again != s {
			t.Errorf("%+v is written and read as %+v, %v", s, again, err)
		}
	})
}
