package rest

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"ironhook/baremetal"
)

// TestNote: busy is an answer, and no line in the log however many clients come; what fails
// is one.
func TestNote(t *testing.T) {
	for _, c := range []struct {
		err    error
		logged bool
		again  string
	}{
		{baremetal.Errorf(baremetal.ErrBusy, "Requested action cannot be performed due to lack of free conductor workers."), false, "1"},
		{fmt.Errorf("deploy: %w", baremetal.Errorf(baremetal.ErrBusy, "busy")), false, "1"},
		{baremetal.Errorf(baremetal.ErrNotFound, "Node x could not be found."), false, ""},
		{baremetal.Errorf(baremetal.ErrStorage, "layer is damaged"), true, ""},
		{errors.New("disk I/O error"), true, ""},
	} {
		var lines bytes.Buffer
		w := httptest.NewRecorder()
		status, _ := Status(c.err)
		Note(slog.New(slog.NewTextHandler(&lines, nil)), w, httptest.NewRequest(http.MethodPut, "/v1/nodes", nil), status, c.err)
		if got := strings.Contains(lines.String(), "request failed"); got != c.logged || w.Header().Get("Retry-After") != c.again {
			t.Errorf("%v: logged %v, Retry-After %q, want %v, %q", c.err, got, w.Header().Get("Retry-After"), c.logged, c.again)
		}
	}
}
