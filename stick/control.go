package stick

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// Socket is where the first process of a stick listens for the appliance, which passes on what
// administrators ask of it.
const Socket = "/run/ironhook/stick.sock"

// control serves the appliance's requests: what the stick is, and an upgrade.
func (t *stick) control() error {
	if err := os.MkdirAll(filepath.Dir(Socket), 0o755); err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(context.Background(), "unix", Socket)
	if err == nil {
		err = os.Chown(Socket, user, user)
	}
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ironhook/v1/stick", t.tell)
	mux.HandleFunc("POST /ironhook/v1/stick/upgrade", t.upgrade)
	s := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Hour, MaxHeaderBytes: 64 << 10}
	go s.Serve(l) //nolint:errcheck // ends with the machine
	return nil
}

// told is what the stick tells of itself.
type told struct {
	Version    string `json:"version"`
	Slot       string `json:"slot"`
	SecureBoot bool   `json:"secure_boot"`
	Failed     string `json:"failed_slot,omitempty"`
	Before     string `json:"version_before,omitempty"`
}

func (t *stick) tell(w http.ResponseWriter, _ *http.Request) {
	t.mu.Lock()
	v := t.view
	t.mu.Unlock()
	kept, _ := copyOf(before)
	reply(w, http.StatusOK, told{Version: t.version, Slot: v.Slot, SecureBoot: v.SecureBoot, Failed: v.Failed, Before: kept})
}

// upgrade installs what the request's body is, answers, and starts the machine again.
func (t *stick) upgrade(w http.ResponseWriter, r *http.Request) {
	if !t.upgrading.TryLock() {
		fail(w, http.StatusConflict, "another upgrade is being installed; wait for it")
		return
	}
	version, err := t.install(r.Body)
	if err != nil {
		t.upgrading.Unlock()
		status := http.StatusInternalServerError
		if errors.Is(err, errUpgrade) {
			status = http.StatusBadRequest
		}
		fail(w, status, err.Error())
		return
	}
	reply(w, http.StatusAccepted, map[string]string{"version": version, "status": "installed; the stick starts again with it"})
	time.AfterFunc(time.Second, func() { t.act <- func() { t.end(restart) } })
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body) //nolint:errcheck // a client that is gone
}

// fail answers in the form of the appliance's own API.
func fail(w http.ResponseWriter, status int, text string) {
	reply(w, status, map[string]any{"error": map[string]any{"code": status, "title": http.StatusText(status), "message": text}})
}
