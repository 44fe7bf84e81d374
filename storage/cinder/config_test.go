package cinder_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ironhook/storage/cinder"
)

// TestConfig: what is wrong is said in words, all at once, and without what is secret.
func TestConfig(t *testing.T) {
	for text, want := range map[string]string{
		`auth_type = "none"`:                              "endpoint_override is missing",
		`endpoint_override = "http://c:8776"`:             `auth_type is ""`,
		`auth_type = "kerberos"`:                          `auth_type is "kerberos"`,
		"auth_type = \"password\"\nauth_url = \"k:5000\"": "auth_url must be the http or https URL of Keystone\nusername is required",
		"auth_type = \"v3applicationcredential\"\nauth_url = " +
			"\"http://k\"\napplication_credential_id = \"x\"": "application_credential_secret and",
		"auth_type = \"http_basic\"\nendpoint_override = \"http://c\"\nusername = \"u\"": "username and password " +
			"are required",
		"auth_type = \"none\"\nendpoint_override = " +
			"\"http://u:hidden@c\"": "endpoint_override must be an http",
		"auth_type = \"none\"\nendpoint_override = \"http://c\"\nattach_api = \"3.27\"": "attach_api is \"3.27\"",
		"auth_type = \"none\"\nendpoint_override = \"http://c\"\ntimeout = 0":           "timeout must be at least 1",
		"auth_type = \"none\"\nendpoint_override = \"http://c\"\nretries = 3":           "there is no key retries",
		"auth_type = \"none\"\npassword = hidden":                                       "line 2 is no TOML",
		"auth_type = \"none\"\ntimeout = \"hidden\"":                                    "a value of the wrong type",
	} {
		file := filepath.Join(t.TempDir(), "cinder.toml")
		must(t, os.WriteFile(file, []byte(text), 0o600))
		if _, err := cinder.Read(file); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := cinder.Read("/nonexistent"); !os.IsNotExist(err) {
		t.Errorf("a missing file: %v", err)
	}
}

// TestKeystone: a token is fetched once, in the words of the Identity API v3, used at the endpoint of the
// region in the catalog, and replaced when it has expired.
func TestKeystone(t *testing.T) {
	for name, c := range map[string]struct{ config, body string }{
		"password": {
			"auth_type = \"password\"\nusername = \"ironic\"\npassword = \"secret\"\nproject_name = \"service\"\nregion_name = \"two\"\n",
			`{"identity":{"methods":["password"],"password":{"user":{"domain":{"name":"Default"},"name":"ironic","password":"secret"}}},` +
				`"scope":{"project":{"domain":{"name":"Default"},"name":"service"}}}`,
		},
		"application credential": {
			"auth_type = \"v3applicationcredential\"\napplication_credential_id = \"id\"\napplication_credential_secret = \"secret\"\nregion_name " +
				"= \"two\"\n",
			`{"identity":{"application_credential":{"id":"id","secret":"secret"},"methods":["application_credential"]}}`,
		},
		"named application credential": {
			"auth_type = \"v3applicationcredential\"\napplication_credential_name = \"n\"\nusername = \"ironic\"\nuser_domain_id = \"d\"\n" +
				"application_credential_secret = \"secret\"\nregion_name = \"two\"\n",
			`{"identity":{"application_credential":{"name":"n","secret":"secret","user":{"domain":{"id":"d"},"name":"ironic"}},` +
				`"methods":["application_credential"]}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			id := s.volume()
			tokens, expired := 0, true
			keystone := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/v3/auth/tokens" {
					var body struct{ Auth json.RawMessage }
					if err := json.NewDecoder(r.Body).Decode(&body); err != nil || string(body.Auth) != c.body {
						t.Errorf("%s, %v; want %s", body.Auth, err, c.body)
					}
					tokens++
					w.Header().Set("X-Subject-Token", "token")
					w.WriteHeader(http.StatusCreated)
					here := "http://" + r.Host
					_ = json.NewEncoder(w).Encode(map[string]any{"token": map[string]any{"catalog": []any{
						map[string]any{"type": "identity", "endpoints": []any{map[string]any{"interface": "public", "region": "two", "url": here}}},
						map[string]any{"type": "volumev3", "endpoints": []any{
							map[string]any{"interface": "public", "region": "one", "url": here + "/elsewhere"},
							map[string]any{"interface": "admin", "region": "two", "url": here + "/elsewhere"},
							map[string]any{"interface": "public", "region": "two", "url": here + "/volume/v3/project/"},
						}},
					}}})
					return
				}
				if r.Header.Get("X-Auth-Token") != "token" || expired && r.Method == "POST" {
					expired = false
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				s.api.ServeHTTP(w, r)
			}))
			defer keystone.Close()
			client := open(t, c.config+"auth_url = \""+keystone.URL+"\"\naction_retries = 0\n")
			_, err := client.Attach(t.Context(), id, host(node))
			must(t, err)
			if tokens != 2 {
				t.Errorf("%d tokens, want the first and one in place of the expired", tokens)
			}
			s.attached(id)
		})
	}
}

// TestRetries: a Cinder that is away for a while is asked again; an answer that would be the
// same again is the error at once, and no error has a secret.
func TestRetries(t *testing.T) {
	s := newService(t)
	id := s.volume()
	failures := 2
	flaky := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/volume/v3/" && failures > 0 {
			failures--
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		s.api.ServeHTTP(w, r)
	}))
	defer flaky.Close()
	config := "auth_type = \"http_basic\"\nusername = \"u\"\npassword = \"hidden\"\nendpoint_override = \"" + flaky.URL +
		"/volume\"\naction_retries = 2\naction_retry_interval = 0\n"
	_, err := open(t, config).Attach(t.Context(), id, host(node))
	must(t, err)
	failures = 3
	_, err = open(t, config).Attach(t.Context(), id, host(node))
	if err == nil || failures != 0 || !strings.Contains(err.Error(), "503") || strings.Contains(err.Error(), "hidden") {
		t.Errorf("after three failures: %v, %d left", err, failures)
	}
	_, err = open(t, config).Attach(t.Context(), "c0ffee00-0000-4000-8000-000000000404", host(node))
	if err == nil || !strings.Contains(err.Error(), "could not be found") {
		t.Errorf("a volume that does not exist: %v", err)
	}
}
