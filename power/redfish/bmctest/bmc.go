// Package bmctest is a Redfish service with one machine, for tests: a tree of resources as DSP0266 and DSP0268
// have them, which clients other than ours accept too. Settings take effect when the machine starts.
package bmctest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
)

// The account that may log in.
const (
	User     = "operator"
	Password = "marker-hunter2"
)

// MAC is the address of the machine's network interface.
const MAC = "52:54:00:12:34:56"

// BMC is the service: an http.Handler, safe for concurrent use.
type BMC struct {
	mu       sync.Mutex
	tree     map[string]Object // resources by path, without a slash at the end
	sessions map[string]bool   // by token
	opened   int
	pending  []func() // what takes effect at the next start
	log      []string // actions and changes, in order

	// Polls is how often a task says that it runs.
	Polls int
	// Outcome is the state in which tasks end, "" for Completed.
	Outcome string
	// Refuse, unless nil, returns a status other than 0 for a request that is refused.
	Refuse func(method, path string, body Object) int
}

// Object is a JSON object.
type Object = map[string]any

// New makes a BMC of a machine that is off.
func New() *BMC { return &BMC{tree: machine(), sessions: map[string]bool{}} }

// Log returns what was done, and forgets it.
func (b *BMC) Log() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	log := b.log
	b.log = nil
	return log
}

// Sessions is how many sessions are open.
func (b *BMC) Sessions() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.sessions)
}

// Change changes members of a resource; nil removes one.
func (b *BMC) Change(at string, members Object) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for name, v := range members {
		if v == nil {
			delete(b.tree[at], name)
		} else {
			b.tree[at][name] = v
		}
	}
}

// Get returns a member of a resource.
func (b *BMC) Get(at, name string) any {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.tree[at][name]
}

// ServeHTTP answers one request.
func (b *BMC) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	at := strings.TrimSuffix(r.URL.Path, "/")
	var body Object
	if r.Method != http.MethodGet {
		_ = json.NewDecoder(r.Body).Decode(&body) // some actions have none
	}
	switch {
	case at == "/redfish/v1/SessionService/Sessions" && r.Method == http.MethodPost:
		b.login(w, body)
	case at != "/redfish/v1" && at != "/redfish" && !b.knows(r):
		fault(w, http.StatusUnauthorized, "Base.1.0.NoValidSession")
	case b.Refuse != nil && b.Refuse(r.Method, at, body) != 0:
		fault(w, b.Refuse(r.Method, at, body), "Base.1.0.PropertyUnknown")
	case r.Method == http.MethodDelete:
		delete(b.sessions, path.Base(at))
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPost:
		b.act(w, at, body)
	case b.tree[at] == nil:
		fault(w, http.StatusNotFound, "Base.1.0.ResourceMissingAtURI")
	case r.Method == http.MethodPatch:
		b.patch(w, at, r.Header.Get("If-Match"), body)
	default:
		b.get(w, at)
	}
}

func (b *BMC) knows(r *http.Request) bool {
	u, p, _ := r.BasicAuth()
	return b.sessions[r.Header.Get("X-Auth-Token")] || u == User && p == Password
}

// fault answers as DSP0266 has it, and repeats a secret, as some do.
func fault(w http.ResponseWriter, status int, id string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error": {"code": %q, "message": %q, "@Message.ExtendedInfo": [{"MessageId": %[1]q, "Message": %[2]q}]}}`, id, Password)
}

func (b *BMC) login(w http.ResponseWriter, body Object) {
	if body["UserName"] != User || body["Password"] != Password {
		fault(w, http.StatusUnauthorized, "Base.1.0.NoValidSession")
		return
	}
	b.opened++
	token := fmt.Sprint("token-", b.opened)
	b.sessions[token] = true
	w.Header().Set("X-Auth-Token", token)
	w.Header().Set("Location", "/redfish/v1/SessionService/Sessions/"+token)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, `{"@odata.id": "/redfish/v1/SessionService/Sessions/%s", "Id": %[1]q, "Name": "Session", "UserName": %q}`, token, User)
}

func etag(o Object) string {
	text, _ := json.Marshal(o)
	return fmt.Sprintf(`"%d-%x"`, len(text), len(fmt.Sprint(o)))
}

func (b *BMC) get(w http.ResponseWriter, at string) {
	o := b.tree[at]
	status := http.StatusOK
	if strings.HasPrefix(at, "/redfish/v1/TaskService/Tasks/") {
		if b.Polls--; b.Polls >= 0 {
			o["TaskState"], status = "Running", http.StatusAccepted
		} else {
			o["TaskState"] = "Completed"
			if b.Outcome != "" {
				o["TaskState"] = b.Outcome
			}
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("ETag", etag(o))
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(o) // the client is gone when this fails
}

// patch changes a resource, as the resource takes it.
func (b *BMC) patch(w http.ResponseWriter, at, match string, body Object) {
	if match != "" && match != etag(b.tree[at]) {
		fault(w, http.StatusPreconditionFailed, "Base.1.0.PreconditionFailed")
		return
	}
	text, _ := json.Marshal(body)
	b.log = append(b.log, "PATCH "+at+" "+string(text))
	switch {
	case strings.HasSuffix(at, "/Bios/Settings"):
		values, _ := body["Attributes"].(Object)
		b.pending = append(b.pending, func() { maps.Copy(b.tree[path.Dir(at)]["Attributes"].(Object), values) })
	case strings.HasSuffix(at, "/SecureBoot"):
		b.pending = append(b.pending, func() { maps.Copy(b.tree[at], body) })
	default:
		merge(b.tree[at], body)
	}
	w.WriteHeader(http.StatusNoContent)
}

func merge(into, from Object) {
	for name, v := range from {
		inner, ok := v.(Object)
		if there, is := into[name].(Object); ok && is {
			merge(there, inner)
		} else {
			into[name] = v
		}
	}
}

// act does an action.
func (b *BMC) act(w http.ResponseWriter, at string, body Object) {
	name := at[strings.LastIndex(at, "/")+1:]
	text, _ := json.Marshal(body)
	b.log = append(b.log, name+" "+string(text))
	of := strings.TrimSuffix(at, "/Actions/"+name)
	if b.tree[of] == nil || of == at {
		fault(w, http.StatusNotFound, "Base.1.0.ResourceMissingAtURI")
		return
	}
	switch name {
	case "ComputerSystem.Reset":
		b.reset(body)
	case "Bios.ResetBios":
		b.pending = append(b.pending, func() { b.tree[of]["Attributes"] = factory() })
	case "VirtualMedia.InsertMedia":
		b.tree[of]["Image"], b.tree[of]["Inserted"] = body["Image"], true
	case "VirtualMedia.EjectMedia":
		b.tree[of]["Image"], b.tree[of]["Inserted"] = nil, false
	case "UpdateService.SimpleUpdate":
		w.Header().Set("Location", "/redfish/v1/TaskService/Tasks/1")
		w.WriteHeader(http.StatusAccepted)
		return
	case "LogService.ClearLog":
		b.tree[of+"/Entries"]["Members"] = []any{}
	case "SecureBoot.ResetKeys":
	default:
		fault(w, http.StatusNotFound, "Base.1.0.ActionNotSupported")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// reset switches the machine; when it starts, what was asked for takes effect.
func (b *BMC) reset(body Object) {
	s := b.tree[System]
	on := slices.Contains([]any{"On", "ForceOn", "ForceRestart"}, body["ResetType"])
	s["PowerState"] = map[bool]string{true: "On", false: "Off"}[on]
	if !on {
		return
	}
	for _, apply := range b.pending {
		apply()
	}
	b.pending = nil
}
