package baremetalapi

import (
	"regexp"
	"strings"

	"ironhook/api/rest"
)

// The forms of local_link_connection: a switch's port, a smart card's, or the note
// that nobody manages the link.

var linkProps = map[string]*rest.Schema{
	"port_id": {Types: []string{"string"}}, "switch_id": {Types: []string{"string"}}, "hostname": {Types: []string{"string"}},
	"switch_info": {Types: []string{"string"}}, "network_type": {Types: []string{"string"}, Enum: []any{"managed", "unmanaged"}},
}

func linkSchema(required ...string) *rest.Schema {
	return &rest.Schema{Types: []string{"object"}, Closed: true, Props: linkProps, Required: required}
}

var (
	smartNIC        = linkSchema("port_id", "hostname")
	localLinkSchema = &rest.Schema{AnyOf: []*rest.Schema{
		linkSchema("port_id", "switch_id"), smartNIC, linkSchema("network_type"), {Types: []string{"object"}, Closed: true},
	}}
	aLocalLink = rest.Kind{Parse: parseLocalLink, Doc: "object"}
	datapathID = regexp.MustCompile(`^[0-9A-Fa-f]{16}$`)
)

func parseLocalLink(name string, v any) (any, error) {
	if err := localLinkSchema.Check(name, v); err != nil {
		return nil, err
	}
	link, _ := v.(map[string]any)
	if id, ok := link["switch_id"].(string); ok {
		if !rest.IsMAC(id) && !datapathID.MatchString(id) {
			return nil, rest.Invalid("Expected a MAC address or OpenFlow datapath ID but received %s.", id)
		}
		link["switch_id"] = strings.ToLower(id)
	}
	return link, nil
}
