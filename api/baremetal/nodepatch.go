package baremetalapi

import (
	"net/http"
	"unicode/utf8"

	"ironhook/api/rest"
	"ironhook/fleet"
)

func patchNode(c *call) ([]byte, error) {
	if c.Args.Has("reset_interfaces") && c.Minor < 45 {
		return nil, rest.NotAcceptable(0)
	}
	ops, err := c.nodeOperations()
	if err != nil {
		return nil, err
	}
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	n, err = c.fleet.UpdateNode(c.Context(), n, c.rules(), fleet.NodePatch{
		Ident: c.Args.Text("node_ident"), Names: newNames(ops), ResetInterfaces: c.Args.Flag("reset_interfaces"),
		Unbinds: len(ops) == 1 && ops[0].Op == "remove" && ops[0].Path == "/instance_uuid",
		Apply:   func(n *node) ([]string, error) { return c.nodes.Apply(ops, n) },
	})
	if err != nil {
		return nil, err
	}
	n.Reservation = c.conductor.Host // Ironic's reply shows the lock that the change itself held
	return c.nodes.Show(c.Call, n, nil)
}

// nodeOperations checks a patch as far as it can be without the node.
func (c *call) nodeOperations() ([]rest.Operation, error) {
	ops, err := c.nodes.Operations(c.Call)
	if err != nil {
		return nil, err
	}
	driver := false
	for _, op := range ops {
		if op.Op == "remove" {
			continue
		}
		driver = driver || op.Path == "/driver"
		if s, ok := op.Value.(string); ok && op.Path == "/description" && utf8.RuneCountInString(s) > 4096 {
			return nil, rest.Invalid("Cannot update node with description exceeding 4096 characters")
		}
	}
	if c.Args.Flag("reset_interfaces") && !driver {
		return nil, rest.Invalid("The reset_interfaces parameter can only be used when changing the node's driver.")
	}
	return ops, checkNetworkData(ops)
}

// newNames are the names that the operations give the node; nil is null.
func newNames(ops []rest.Operation) (names []*string) {
	for _, op := range ops {
		if op.Path != "/name" || op.Op == "remove" {
			continue
		}
		var name *string
		if op.Value != nil {
			text, _ := op.Value.(string)
			name = &text
		}
		names = append(names, name)
	}
	return names
}

// networkData is the outline of Nova's network_data.json.
var networkData = &rest.Schema{AnyOf: []*rest.Schema{
	{Types: []string{"null"}},
	{Types: []string{"object"}, Closed: true},
	networkDataFull,
}}

var networkDataFull = &rest.Schema{Types: []string{"object"}, Required: []string{"links", "networks", "services"}, Props: map[string]*rest.Schema{
	"links":    {Types: []string{"array"}, Items: &rest.Schema{Types: []string{"object"}, Required: []string{"id", "type"}}},
	"networks": {Types: []string{"array"}, Items: &rest.Schema{Types: []string{"object"}, Required: []string{"id", "link", "type"}}},
	"services": {Types: []string{"array"}, Items: &rest.Schema{Types: []string{"object"}, Required: []string{"address", "type"}}},
}}

func checkNetworkData(ops []rest.Operation) error {
	for _, op := range ops {
		if op.Path != "/network_data" || op.Op == "remove" {
			continue
		}
		if breach := networkDataFull.Breach(op.Value); breach != "" {
			return rest.Refuse(http.StatusBadRequest, "Invalid network_data: %s ", breach)
		}
	}
	return nil
}
