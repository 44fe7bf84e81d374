package appliance

import (
	"net/http"

	"ironhook/api/rest"
)

// identity is the only part of OpenStack's identity service: its version document, which
// openstackclient and openstacksdk of 2026 fetch before they list volumes, snapshots or
// attachments. There are no users, projects or tokens.
func identity(w http.ResponseWriter, r *http.Request) {
	v3 := map[string]any{
		"id": "v3.14", "status": "stable", "updated": "2020-04-07T00:00:00Z",
		"links":       []any{map[string]string{"rel": "self", "href": rest.Base(r) + "/identity/v3/"}},
		"media-types": []any{map[string]string{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}},
	}
	switch r.URL.Path {
	case "/identity", "/identity/":
		rest.Reply(w, http.StatusMultipleChoices, map[string]any{"versions": map[string]any{"values": []any{v3}}})
	case "/identity/v3", "/identity/v3/":
		rest.Reply(w, http.StatusOK, map[string]any{"version": v3})
	default:
		rest.Fail(w, http.StatusNotFound, "There is no identity service here: no users, projects, domains or tokens, only its version document. "+
			"Authenticate by auth_type none or http_basic, and leave project options out.")
	}
}
