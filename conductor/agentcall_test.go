package conductor

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"ironhook/baremetal"
	"ironhook/store"
)

// A machine says where its agent is called. It leads to no service of this host, and to no other path
// than that of an agent.
func TestWhereAgentsAreCalled(t *testing.T) {
	c, _ := setup(t, baremetal.CleanWait)
	asked := ""
	inside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.Path
		w.Write([]byte(`{"commands": []}`)) //nolint:errcheck // a test
	}))
	defer inside.Close()
	for _, test := range []struct{ url, from, path string }{
		{inside.URL, "127.0.0.1", "/v1/commands/"},
		{inside.URL + "/", "127.0.0.1", "/v1/commands/"},
		{inside.URL, "::ffff:127.0.0.1", "/v1/commands/"},
		{inside.URL + "/v1/nodes?x=#", "127.0.0.1", "/v1/nodes/v1/commands/"},
		{inside.URL, "192.0.2.7", ""},
		{inside.URL, "", ""},
		{strings.Replace(inside.URL, "127.0.0.1", "localhost", 1), "192.0.2.7", ""},
		{strings.Replace(inside.URL, "127.0.0.1", "[::ffff:127.0.0.1]", 1), "192.0.2.7", ""},
	} {
		asked = ""
		n := &baremetal.Node{DriverInternalInfo: baremetal.Object{
			"agent_url": test.url, baremetal.AgentFrom: test.from, "agent_secret_token": "hush"}}
		var answer any
		err := c.callAgent(t.Context(), n, http.MethodGet, "/v1/commands/", nil, nil, &answer)
		if asked != test.path || (err == nil) != (test.path != "") {
			t.Errorf("%s by a machine at %q: %q is asked, want %q; %v", test.url, test.from, asked, test.path, err)
		}
		if err != nil && strings.Contains(err.Error(), "hush") {
			t.Errorf("the error has the token: %v", err)
		}
	}
}

// A BMC may tell a part twice, as an adapter with two controllers, and more than anybody wants to know.
func TestPartsAreKeptOnce(t *testing.T) {
	c, _ := setup(t, baremetal.Active)
	part := func(name string) baremetal.Part {
		return baremetal.Part{Name: name, Facts: baremetal.Object{"current_version": "1"}}
	}
	parts := []baremetal.Part{part("nic:1"), part("nic:1")}
	for n := range 2 * maxParts {
		parts = append(parts, part(fmt.Sprint("p", n)))
	}
	for range 2 {
		if err := c.keepParts(t.Context(), id, baremetal.FirmwarePart, parts); err != nil {
			t.Fatal(err)
		}
	}
	err := c.Store.View(t.Context(), func(tx *store.Tx) error {
		kept, err := tx.PartsOf(id, baremetal.FirmwarePart)
		if len(kept) != maxParts-1 {
			t.Errorf("%d parts are kept, want %d", len(kept), maxParts-1)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
