package appliance

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"golang.org/x/sys/unix"

	"ironhook/bootsrv"
)

// What the system says of the data directory becomes its Fault; what is no fault of the
// directory stays as it is.
func TestAsFault(t *testing.T) {
	for _, c := range []struct {
		err  error
		data bool
	}{
		{&fs.PathError{Op: "open", Path: "/srv/d/lock", Err: unix.EACCES}, true},
		{&fs.PathError{Op: "mkdir", Path: "/srv/d", Err: unix.EROFS}, true},
		{fmt.Errorf("make admin password: %w", unix.ENOSPC), true},
		{unix.EDQUOT, true},
		{errors.New("name of this machine"), false},
		{unix.ECONNREFUSED, false},
		{&Fault{Setting: API, Err: unix.EACCES}, false},
	} {
		got := asFault(c.err, "/srv/d")
		var f *Fault
		if is := errors.As(got, &f) && f.Setting == Data; is != c.data || !errors.Is(got, c.err) || !c.data && got != c.err {
			t.Errorf("asFault(%v) = %v, want a fault of the data directory: %v", c.err, got, c.data)
		}
	}
}

// Every field that the boot servers may complain of is a setting.
func TestBootFault(t *testing.T) {
	for field, setting := range bootSettings {
		got := bootFault(&bootsrv.Fault{Field: field, Value: "v", Err: fs.ErrNotExist})
		var f *Fault
		if !errors.As(got, &f) || f.Setting != setting || f.Value != "v" || f.Setting == "" || !errors.Is(got, fs.ErrNotExist) {
			t.Errorf("bootFault(%s) = %v", field, got)
		}
	}
	if got := bootFault(fs.ErrClosed); got.Error() != "boot servers: file already closed" {
		t.Errorf("bootFault of no field = %v", got)
	}
}
