package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestUnknownVariables(t *testing.T) {
	got := unknownVariables([]string{"PATH=/bin", "IRONHOOK_DHCP=off", "IRONHOOK_DHPC_RANGE=a-b", "IRONHOOK_CONFIG=c", "IRONHOOK_PORT=tcp://10.0.0.1:6385", "IRONHOOK_URL=x"})
	if want := []string{"IRONHOOK_DHPC_RANGE", "IRONHOOK_PORT"}; !slices.Equal(got, want) {
		t.Errorf("unknownVariables = %q, want %q", got, want)
	}
}

// What the system says of the data directory becomes a line with a remedy; what is no
// fault of the directory stays as it is.
func TestExplain(t *testing.T) {
	c := &Config{Data: "/srv/d"}
	for _, test := range []struct {
		err    error
		remedy string // "" for none
	}{
		{&fs.PathError{Op: "open", Path: "/srv/d/lock", Err: unix.EACCES}, "give a directory that you may write to"},
		{&fs.PathError{Op: "mkdir", Path: "/srv/d", Err: unix.EROFS}, "give a directory that you may write to"},
		{fmt.Errorf("make admin password: %w", unix.ENOSPC), "make room there"},
		{unix.EDQUOT, "make room there"},
		{errors.New("name of this machine"), ""},
		{unix.ECONNREFUSED, ""},
	} {
		got := c.explain(test.err)
		if test.remedy == "" && got != test.err {
			t.Errorf("explain(%v) = %v, want it as it is", test.err, got)
		}
		if test.remedy == "" {
			continue
		}
		if text := got.Error(); !errors.As(got, new(usageError)) || !strings.HasPrefix(text, "--data /srv/d: ") || !strings.Contains(text, test.remedy) {
			t.Errorf("explain(%v) = %q, want --data and %q", test.err, text, test.remedy)
		}
	}
	if already := misuse("--api x"); c.explain(already) != already {
		t.Error("an error that names its option is explained again")
	}
}

func TestClash(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{":80", ":80", true}, {":80", "10.0.0.1:80", true}, {"10.0.0.1:80", "10.0.0.2:80", false}, {"10.0.0.1:80", "10.0.0.1:80", true},
		{":80", ":81", false}, {":0", ":0", false}, {"[::1]:80", "[::1]:80", true},
	} {
		if got := clash(c.a, c.b); got != c.want {
			t.Errorf("clash(%s, %s) = %v, want %v", c.a, c.b, got, c.want)
		}
	}
}
