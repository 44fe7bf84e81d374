package baremetalapi

import (
	"net/http"
	"slices"

	"ironhook/api/rest"
)

type (
	route = rest.Route[*call]
	args  = []rest.Argument
)

// routes is everything under /v1.
func routes() []route {
	return slices.Concat(
		nodeRoutes, nodeStateRoutes, nodeManagementRoutes, nodeTraitRoutes,
		portRoutes, portgroupRoutes(), volumeRoutes(), chassisRoutes(), driverRoutes, conductorRoutes,
		allocationRoutes(), templateRoutes(), runbookRoutes(), inspectionRuleRoutes(), nodePartRoutes, vmediaRoutes, ramdiskRoutes, otherRoutes,
	)
}

// The arguments that routes share.
var (
	pageArgs = args{rest.Optional("marker", rest.UUID), rest.Optional("limit", rest.Integer),
		rest.Optional("sort_key", rest.String), rest.Optional("sort_dir", rest.String)}
	nodeArg = rest.Mandatory("node_ident", rest.Ident)
)

// identOf refuses the name of a node or a portgroup that can be none before anything else is
// looked at, as Ironic's router does.
func identOf(segments []string) error {
	if len(segments) < 2 {
		return nil
	}
	kind, name := segments[0], segments[1]
	if kind == "nodes" && slices.Contains(nodeParts, name) {
		return rest.ErrNoRoute
	}
	if kind != "nodes" && kind != "portgroups" {
		return nil
	}
	if _, err := rest.Ident.Parse(kind[:len(kind)-1], name); err != nil {
		return rest.Abort(http.StatusBadRequest, err.Error())
	}
	return nil
}

// nodeParts are the sub-resources of a node.
var nodeParts = []string{"ports", "portgroups", "vifs", "volume", "traits", "bios", "allocation", "history", "inventory", "vmedia",
	"firmware", "children"}

// document is the OpenAPI document of all routes.
func (a *API) document(all []route) map[string]any {
	return rest.OpenAPI(rest.Document{
		Title: "Ironhook: the Bare Metal API",
		Description: "OpenStack's Bare Metal API as Ironic 39 speaks it. Ask for a microversion in the header X-OpenStack-Ironic-API-Version " +
			"or OpenStack-API-Version.",
		Versions: &versions, Header: "X-OpenStack-Ironic-API-Version", Components: a.components(),
		Error: map[string]any{"type": "object", "required": []string{"error_message"}, "properties": map[string]any{
			"error_message": map[string]any{"type": "string",
				"description": `JSON in a string: {"faultcode", "faultstring", "debuginfo"} or {"code", "title", "description"}`}}},
	}, all)
}

// components are the resources that the document describes.
func (a *API) components() []rest.Component {
	v := &versions
	return []rest.Component{
		a.nodes.Component("node", v), ports.Component("port", v), portgroups.Component("portgroup", v), chassisTable.Component("chassis-item", v),
		connectors.Component("connector", v), targets.Component("target", v), allocations.Component("allocation", v),
		templates.Component("template", v), runbooks.Component("runbook", v), inspectionRules.Component("inspection-rule", v),
		conductors.Component("conductor", v),
	}
}

func showOpenAPI(c *call) ([]byte, error) { return c.openapi, nil }
