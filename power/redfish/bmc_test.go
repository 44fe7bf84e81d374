package redfish

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ironhook/baremetal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const user, password = "operator", "marker-hunter2"

var hurried = Config{Request: 5 * time.Second, Patience: 3 * time.Second, Hard: 2 * time.Second, Soft: 2 * time.Second,
	Poll: time.Millisecond, Again: 10 * time.Millisecond}

// bmc is a Redfish service over TLS with the resources and status codes of DSP0266, and
// with bad manners where a test sets them.
type bmc struct {
	*httptest.Server
	mu       sync.Mutex
	on       bool
	boot     map[string]string
	etag     int
	sessions map[string]bool // by token
	opened   int
	log      []string // resets, and boot devices that were set

	systems    int      // how many it lists (1)
	noSessions bool     // no session service
	ignored    int      // resets that are taken and do nothing
	types      []string // allowable reset types
	busy       int      // requests that are answered with 503
	refuse     func(boot map[string]string, ifMatch string) int
	hostile    http.HandlerFunc // answers for the system in its place
}

func startBMC(t *testing.T, change func(*bmc)) (*bmc, *baremetal.Node) {
	t.Helper()
	b := &bmc{boot: map[string]string{"BootSourceOverrideTarget": "None", "BootSourceOverrideEnabled": "Disabled"},
		sessions: map[string]bool{}, systems: 1}
	if change != nil {
		change(b)
	}
	m := http.NewServeMux()
	m.HandleFunc("POST /redfish/v1/SessionService/Sessions", b.login)
	m.HandleFunc("DELETE /redfish/v1/SessionService/Sessions/{id}", b.authed(b.logout))
	m.HandleFunc("GET /redfish/v1/Systems", b.authed(b.list))
	m.HandleFunc("GET /redfish/v1/Systems/1", b.authed(b.system))
	m.HandleFunc("PATCH /redfish/v1/Systems/1", b.authed(b.patch))
	m.HandleFunc("POST /redfish/v1/Systems/1/Actions/ComputerSystem.Reset", b.authed(b.reset))
	b.Server = httptest.NewTLSServer(m)
	t.Cleanup(func() {
		b.Close()
		if len(b.sessions) > 0 {
			t.Errorf("%d of %d sessions are left open", len(b.sessions), b.opened)
		}
	})
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: b.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return b, &baremetal.Node{Name: "pc-07", Driver: "redfish", DriverInfo: baremetal.Object{
		"redfish_address": b.URL, "redfish_username": user, "redfish_password": password, "redfish_verify_ca": ca,
	}}
}

// fault answers as DSP0266 has it, and repeats what was sent, as some do.
func fault(w http.ResponseWriter, status int, id string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error": {"code": "x", "message": %q, "@Message.ExtendedInfo": [{"MessageId": %q, "Message": %q}]}}`, password, id,
		password)
}

func (b *bmc) login(w http.ResponseWriter, r *http.Request) {
	var body map[string]string
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.noSessions:
		fault(w, http.StatusNotFound, "Base.1.0.ResourceMissingAtURI")
	case json.NewDecoder(r.Body).Decode(&body) != nil || body["UserName"] != user || body["Password"] != password:
		fault(w, http.StatusUnauthorized, "Base.1.0.NoValidSession")
	default:
		b.opened++
		token := fmt.Sprint("token-", b.opened)
		b.sessions[token] = true
		w.Header().Set("X-Auth-Token", token)
		w.Header().Set("Location", b.URL+"/redfish/v1/SessionService/Sessions/"+token)
		w.WriteHeader(http.StatusCreated)
	}
}

func (b *bmc) authed(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		u, p, _ := r.BasicAuth()
		switch {
		case !b.sessions[r.Header.Get("X-Auth-Token")] && (u != user || p != password):
			fault(w, http.StatusUnauthorized, "Base.1.0.NoValidSession")
		case b.busy > 0:
			b.busy--
			w.Header().Set("Retry-After", "0")
			fault(w, http.StatusServiceUnavailable, "Base.1.0.ServiceTemporarilyUnavailable")
		default:
			next(w, r)
		}
	}
}

func (b *bmc) logout(w http.ResponseWriter, r *http.Request) {
	delete(b.sessions, r.PathValue("id"))
	w.WriteHeader(http.StatusNoContent)
}

func (b *bmc) list(w http.ResponseWriter, _ *http.Request) {
	members := []map[string]string{}
	for i := range b.systems {
		members = append(members, map[string]string{"@odata.id": fmt.Sprintf("/redfish/v1/Systems/%d", i+1)})
	}
	json.NewEncoder(w).Encode(map[string]any{"Members": members, "Members@odata.count": len(members)})
}

func (b *bmc) system(w http.ResponseWriter, r *http.Request) {
	if b.hostile != nil {
		b.mu.Unlock()
		defer b.mu.Lock()
		b.hostile(w, r)
		return
	}
	w.Header().Set("ETag", fmt.Sprintf(`W/"%d"`, b.etag))
	reset := map[string]any{"target": "/redfish/v1/Systems/1/Actions/ComputerSystem.Reset"}
	if b.types != nil {
		reset["ResetType@Redfish.AllowableValues"] = b.types
	}
	json.NewEncoder(w).Encode(map[string]any{
		"@odata.id": "/redfish/v1/Systems/1", "Id": "1", "PowerState": map[bool]string{true: "On", false: "Off"}[b.on],
		"Boot": b.boot, "Actions": map[string]any{"#ComputerSystem.Reset": reset},
	})
}

func (b *bmc) patch(w http.ResponseWriter, r *http.Request) {
	var body struct{ Boot map[string]string }
	if json.NewDecoder(r.Body).Decode(&body) != nil {
		fault(w, http.StatusBadRequest, "Base.1.0.MalformedJSON")
		return
	}
	if b.refuse != nil {
		if status := b.refuse(body.Boot, r.Header.Get("If-Match")); status != 0 {
			fault(w, status, "Base.1.0.PropertyValueNotInList")
			return
		}
	}
	b.etag++
	b.boot = body.Boot
	b.log = append(b.log, strings.TrimSpace(
		body.Boot["BootSourceOverrideTarget"]+" "+body.Boot["BootSourceOverrideEnabled"]+" "+body.Boot["BootSourceOverrideMode"]))
	w.WriteHeader(http.StatusNoContent)
}

func (b *bmc) reset(w http.ResponseWriter, r *http.Request) {
	var body map[string]string
	states := map[string]bool{"On": true, "ForceOn": true, "ForceOff": false, "GracefulShutdown": false, "Nmi": b.on}
	on, known := false, false
	if json.NewDecoder(r.Body).Decode(&body) == nil {
		on, known = states[body["ResetType"]]
	}
	if !known || b.types != nil && !slices.Contains(b.types, body["ResetType"]) {
		fault(w, http.StatusBadRequest, "Base.1.0.ActionParameterNotSupported")
		return
	}
	b.log = append(b.log, body["ResetType"])
	if b.ignored--; b.ignored < 0 {
		b.on = on
	}
	w.WriteHeader(http.StatusNoContent)
}
