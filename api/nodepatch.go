package api

import (
	"net/http"
	"unicode/utf8"

	"ironhook/fleet"
)

func patchNode(c *call) ([]byte, error) {
	if c.args.has("reset_interfaces") && c.minor < 45 {
		return nil, notAcceptable(0)
	}
	ops, err := c.nodeOperations()
	if err != nil {
		return nil, err
	}
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	n, err = c.fleet.UpdateNode(c.ctx, n, c.rules(), fleet.NodePatch{
		Ident: c.args.text("node_ident"), Names: newNames(ops), ResetInterfaces: c.args.flag("reset_interfaces"),
		Unbinds: len(ops) == 1 && ops[0].op == "remove" && ops[0].path == "/instance_uuid",
		Apply:   func(n *node) ([]string, error) { return nodes.apply(ops, n) },
	})
	if err != nil {
		return nil, err
	}
	n.Reservation = c.conductor.Host // Ironic's reply shows the lock that the change itself held
	return nodes.show(c, n, nil)
}

// nodeOperations checks a patch as far as it can be without the node.
func (c *call) nodeOperations() ([]operation, error) {
	ops, err := nodes.operations(c)
	if err != nil {
		return nil, err
	}
	driver := false
	for _, op := range ops {
		if op.op == "remove" {
			continue
		}
		driver = driver || op.path == "/driver"
		if s, ok := op.value.(string); ok && op.path == "/description" && utf8.RuneCountInString(s) > 4096 {
			return nil, invalid("Cannot update node with description exceeding 4096 characters")
		}
	}
	if c.args.flag("reset_interfaces") && !driver {
		return nil, invalid("The reset_interfaces parameter can only be used when changing the node's driver.")
	}
	return ops, checkNetworkData(ops)
}

// newNames are the names that the operations give the node; nil is null.
func newNames(ops []operation) (names []*string) {
	for _, op := range ops {
		if op.path != "/name" || op.op == "remove" {
			continue
		}
		var name *string
		if op.value != nil {
			text, _ := op.value.(string)
			name = &text
		}
		names = append(names, name)
	}
	return names
}

// networkData is the outline of Nova's network_data.json.
var networkData = &schema{anyOf: []*schema{
	{types: []string{"null"}},
	{types: []string{"object"}, closed: true},
	networkDataFull,
}}

var networkDataFull = &schema{types: []string{"object"}, required: []string{"links", "networks", "services"}, props: map[string]*schema{
	"links":    {types: []string{"array"}, items: &schema{types: []string{"object"}, required: []string{"id", "type"}}},
	"networks": {types: []string{"array"}, items: &schema{types: []string{"object"}, required: []string{"id", "link", "type"}}},
	"services": {types: []string{"array"}, items: &schema{types: []string{"object"}, required: []string{"address", "type"}}},
}}

func checkNetworkData(ops []operation) error {
	for _, op := range ops {
		if op.path != "/network_data" || op.op == "remove" {
			continue
		}
		if found := networkDataFull.breaches(op.value, 0, nil); len(found) > 0 {
			return faultf(http.StatusBadRequest, "Invalid network_data: %s ", bestMatch(found).message)
		}
	}
	return nil
}
