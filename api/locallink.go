package api

import (
	"regexp"
	"strings"
)

// The forms of local_link_connection: a switch's port, a smart card's, or the note
// that nobody manages the link.

var linkProps = map[string]*schema{
	"port_id": {types: []string{"string"}}, "switch_id": {types: []string{"string"}}, "hostname": {types: []string{"string"}},
	"switch_info": {types: []string{"string"}}, "network_type": {types: []string{"string"}, enum: []any{"managed", "unmanaged"}},
}

func linkSchema(required ...string) *schema {
	return &schema{types: []string{"object"}, closed: true, props: linkProps, required: required}
}

var (
	smartNIC        = linkSchema("port_id", "hostname")
	localLinkSchema = &schema{anyOf: []*schema{
		linkSchema("port_id", "switch_id"), smartNIC, linkSchema("network_type"), {types: []string{"object"}, closed: true},
	}}
	aLocalLink = kind{parseLocalLink, "object"}
	datapathID = regexp.MustCompile(`^[0-9A-Fa-f]{16}$`)
)

func parseLocalLink(name string, v any) (any, error) {
	if err := localLinkSchema.check(name, v); err != nil {
		return nil, err
	}
	link, _ := v.(map[string]any)
	if id, ok := link["switch_id"].(string); ok {
		if !macForm.MatchString(id) && !datapathID.MatchString(id) {
			return nil, invalid("Expected a MAC address or OpenFlow datapath ID but received %s.", id)
		}
		link["switch_id"] = strings.ToLower(id)
	}
	return link, nil
}
