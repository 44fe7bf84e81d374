package cli_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"
)

// standin is what other services there must be around an API for gophercloud's tests of it: Keystone, which says where the services are,
// and as much of Nova and Neutron as gives an id to a server. None of them touches a volume.
type standin struct {
	services map[string]string // type: URL

	mu      sync.Mutex
	servers map[string]any // by id
}

const standinServer = "c0ffee00-0000-4000-8000-00000000000a"

// startStandin serves the stand-in until the test ends, and returns its URL.
func startStandin(t *testing.T, services map[string]string) string {
	t.Helper()
	s := &standin{services: services, servers: map[string]any{}}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.services["compute"], s.services["network"] = server.URL+"/compute/v2.1", server.URL+"/network"
	version := map[string]any{"id": "v3.14", "status": "stable", "links": []any{map[string]string{"rel": "self", "href": server.URL + "/v3/"}}}
	mux.HandleFunc("GET /{$}", reply(http.StatusMultipleChoices, map[string]any{"versions": map[string]any{"values": []any{version}}}))
	mux.HandleFunc("GET /v3/{$}", reply(http.StatusOK, map[string]any{"version": version}))
	mux.HandleFunc("POST /v3/auth/tokens", s.token)
	mux.HandleFunc("GET /network/{$}", reply(http.StatusOK, map[string]any{"versions": []any{map[string]any{"id": "v2.0", "status": "CURRENT",
		"links": []any{map[string]string{"rel": "self", "href": server.URL + "/network/v2.0/"}}}}}))
	mux.HandleFunc("GET /compute/v2.1/{$}", reply(http.StatusOK, map[string]any{"version": map[string]any{"id": "v2.1", "status": "CURRENT",
		"version": "2.1", "min_version": "2.1", "links": []any{map[string]string{"rel": "self", "href": server.URL + "/compute/v2.1/"}}}}))
	mux.HandleFunc("GET /network/v2.0/networks",
		reply(http.StatusOK, map[string]any{"networks": []any{map[string]any{"id": standinServer, "name": "private"}}}))
	mux.HandleFunc("POST /compute/v2.1/servers", s.create)
	mux.HandleFunc("GET /compute/v2.1/servers/{id}", s.show)
	mux.HandleFunc("DELETE /compute/v2.1/servers/{id}", s.delete)
	return server.URL
}

// withKeystone is the environment of gophercloud's tests with the stand-in at url.
func withKeystone(url string) []string {
	return append(os.Environ(), "OS_AUTH_URL="+url+"/v3", "OS_USERNAME=admin", "OS_PASSWORD=standin",
		"OS_TENANT_NAME=admin", "OS_PROJECT_NAME=admin", "OS_DOMAIN_NAME=Default", "OS_REGION_NAME=here", "OS_BRANCH=master")
}

func reply(status int, body any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body) // the client is gone when this fails
	}
}

func (s *standin) token(w http.ResponseWriter, r *http.Request) {
	var catalog []any
	for kind, url := range s.services {
		catalog = append(catalog, map[string]any{"type": kind, "name": kind, "id": kind,
			"endpoints": []any{map[string]any{"id": kind, "interface": "public", "region": "here", "region_id": "here", "url": url}}})
	}
	w.Header().Set("X-Subject-Token", "standin")
	named := map[string]any{"id": "admin", "name": "admin", "domain": map[string]string{"id": "default", "name": "Default"}}
	reply(http.StatusCreated,
		map[string]any{"token": map[string]any{"methods": []string{"password"}, "catalog": catalog, "user": named, "project": named,
			"roles":      []any{map[string]string{"id": "admin", "name": "admin"}},
			"expires_at": time.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05.000000Z")}})(w, r)
}

func (s *standin) create(w http.ResponseWriter, r *http.Request) {
	var body struct{ Server map[string]any }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := fmt.Sprintf("c0ffee00-0000-4000-8000-%012d", len(s.servers)+1)
	s.servers[id] = map[string]any{"server": map[string]any{"id": id, "name": body.Server["name"], "status": "ACTIVE",
		"flavor": map[string]any{"id": body.Server["flavorRef"]}, "image": map[string]any{"id": body.Server["imageRef"]}}}
	reply(http.StatusAccepted, map[string]any{"server": map[string]any{"id": id}})(w, r)
}

func (s *standin) show(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if body := s.servers[r.PathValue("id")]; body != nil {
		reply(http.StatusOK, body)(w, r)
		return
	}
	reply(http.StatusNotFound, map[string]any{})(w, r)
}

func (s *standin) delete(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.servers[r.PathValue("id")] = nil
	w.WriteHeader(http.StatusNoContent)
}
