package environment

import "testing"

func TestClient(t *testing.T) {
	for _, c := range []struct{ endpoint, auth, user, url, header string }{
		{"http://ironic:6385", "none", "", "http://ironic:6385/v1/volume", ""},
		{"http://ironic:6385/v1/", "", "", "http://ironic:6385/v1/volume", ""},
		{"http://ironic/baremetal/v1", "http_basic", "u", "http://ironic/baremetal/v1/volume", "Basic dTpw"},
	} {
		t.Setenv("OS_ENDPOINT", c.endpoint)
		t.Setenv("OS_AUTH_TYPE", c.auth)
		t.Setenv("OS_USERNAME", c.user)
		t.Setenv("OS_PASSWORD", "p")
		client, err := Client()
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		if url, header := client.ServiceURL("volume"), client.MoreHeaders["Authorization"]; url != c.url || header != c.header {
			t.Errorf("%+v: %q with %q", c, url, header)
		}
	}
}

func TestClientRefuses(t *testing.T) {
	for endpoint, auth := range map[string]string{"": "none", "http://ironic:6385": "http_basic"} {
		t.Setenv("OS_ENDPOINT", endpoint)
		t.Setenv("OS_AUTH_TYPE", auth)
		t.Setenv("OS_USERNAME", "")
		if _, err := Client(); err == nil {
			t.Errorf("a client of %q by %s without a name", endpoint, auth)
		}
	}
}
